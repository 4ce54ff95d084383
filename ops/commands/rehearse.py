"""`ops rehearse`: try on a real account what can only be learned there."""

from pathlib import Path
from typing import Annotated

import typer

from ops.commands.output import Json, Stage, Yes, command, confirm, fail, print_json
from ops.commands.steps import Steps
from ops.rehearsal import run


@command
def rehearse(
    stage: Stage,
    only: Annotated[
        list[str] | None,
        typer.Option("--only", metavar="STEP", help="Run this step; may be given several times."),
    ] = None,
    output: Annotated[
        str, typer.Option("--output", metavar="FILE", help="The report's file.")
    ] = "rehearsal.md",
    json: Json = False,
    yes: Yes = False,
) -> None:
    """Try on a real account what can only be learned there, and write a report: an hour, for cents.

    Deletes the functions and queues of the stage, and deploys them again. Not for prod.

    Example: ops rehearse --stage test
    """
    run.require_harmless(stage)
    steps = run.choose(only or [])
    names = ", ".join(step.name for step in steps)
    confirm(f"Run {names} on the stage {stage}, with its functions and queues?", yes=yes)
    results = run.rehearse(stage, steps, Steps(as_json=json).done)
    Path(output).write_text(run.report(stage, results))
    if json:
        rows = [
            {
                "step": one.step.name,
                "expectation": one.step.expectation,
                "answer": one.answer.text,
                "asExpected": one.answer.as_expected,
                "left": one.left,
            }
            for one in results
        ]
        print_json(rows)
    else:
        typer.echo(f"{output}: the report")
    if any(one.left or one.answer.as_expected is False for one in results):
        fail("not everything was as expected: see the report")
