"""Run the steps of the rehearsal, and write the report."""

import time
import traceback
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass

from chalicelib import dates, settings
from ops import audit, destroy, stages
from ops.cloud import identity
from ops.errors import OperatorError
from ops.progress import Progress
from ops.rehearsal import account, chains, cold_starts, deployments, requests_as_given
from ops.rehearsal.step import Answer, Context, Step

STEPS: tuple[Step, ...] = (
    *account.STEPS,
    *chains.STEPS,
    *requests_as_given.STEPS,
    *cold_starts.STEPS,
    *deployments.STEPS,
)
_FORBIDDEN = ("prod", "production")


@dataclass(frozen=True)
class Result:
    """A step, its answer, and whether everything that it made was removed."""

    step: Step
    answer: Answer
    seconds: float
    left: str = ""
    """What could not be removed; "" if nothing is left."""


def choose(only: Iterable[str]) -> list[Step]:
    """Return the steps with these names, or all. Raises OperatorError for an unknown name."""
    names = list(only)
    unknown = sorted(set(names) - {step.name for step in STEPS})
    if unknown:
        known = ", ".join(step.name for step in STEPS)
        raise OperatorError(f"no step {', '.join(unknown)}: there are {known}")
    return [step for step in STEPS if not names or step.name in names]


def require_harmless(stage: str) -> None:
    """Refuse a stage that others depend on, and one in which messages wait. Raises OperatorError."""
    if stage == stages.LOCAL:
        raise OperatorError(
            "the rehearsal needs an AWS account: name a deployed stage with --stage"
        )
    if stage in _FORBIDDEN:
        raise OperatorError(
            f"the rehearsal deletes the stage's functions and queues: not {stage}. Use a stage of its own"
        )
    if waiting := destroy.messages(stage):
        held = ", ".join(f"{queue}: {count}" for queue, count in waiting.items())
        raise OperatorError(f"messages wait in the stage ({held}): use one that nobody sends with")


def rehearse(stage: str, steps: Iterable[Step], progress: Progress) -> list[Result]:
    """Run steps of the rehearsal one after the other. A step that fails does not stop the others."""
    chosen = list(steps)
    names = [step.name for step in chosen]
    with audit.action("rehearse", needs_table=False, stage=stage, steps=names) as current:
        results = [_run(stage, step, progress) for step in chosen]
        current.outcome = {one.step.name: one.left or "nothing is left" for one in results}
    return results


def _run(stage: str, step: Step, progress: Progress) -> Result:
    progress(f"{step.name}: {step.question}")
    began, left = time.monotonic(), ""
    cleanup = ExitStack()
    # A step before this one may have deployed the stage with other settings.
    settings.load.cache_clear()
    context = Context(stage, stages.read_config(), identity.current(), cleanup, progress)
    try:
        answer = step.run(context)
    except Exception as error:  # The report has to name whatever AWS says.
        last = traceback.extract_tb(error.__traceback__)[-1]
        answer = Answer(f"{type(error).__name__}: {error} ({last.name})", as_expected=False)
    try:
        cleanup.close()
    except Exception as error:  # The other steps go on, and the report names what is left.
        left = f"{type(error).__name__}: {error}"
    progress(f"{step.name}: {answer.text}" + (f"; not removed: {left}" if left else ""))
    return Result(step, answer, time.monotonic() - began, left)


def report(stage: str, results: Iterable[Result]) -> str:
    """Return the report in Markdown."""
    found = identity.current()
    lines = [
        f"# Rehearsal of the stage {stage}",
        "",
        f"{dates.to_beijing(int(time.time()))} Beijing time, region {found.region}.",
    ]
    for one in results:
        lines += [
            "",
            f"## {one.step.name}",
            "",
            f"**{one.step.question}**",
            "",
            f"- Expected: {one.step.expectation}.",
            f"- Answered: {one.answer.text}",
            f"- {_verdict(one.answer)} ({one.seconds:.0f} s; cost: {one.step.cost})",
        ]
        if one.left:
            lines.append(f"- **Not removed**: {one.left}. Look for names with `rehearsal` in them")
    return "\n".join(lines) + "\n"


def _verdict(answer: Answer) -> str:
    return {True: "As expected", False: "**Not as expected**", None: "Nothing to compare"}[
        answer.as_expected
    ]
