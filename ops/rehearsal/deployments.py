"""Steps that deploy the stage: what survives a second Chalice, a deployment killed half-way, and a deletion."""

import os
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

from chalicelib import settings
from ops import (
    after_chalice,
    before_chalice,
    brakes,
    deploy,
    deploy_checks,
    destroy,
    stages,
)
from ops.after_chalice import Deployed
from ops.cloud import event_sources, lambdas
from ops.errors import OperatorError
from ops.rehearsal.step import Answer, Context, Step
from ops.resources.queues import QUEUES

_KILLED_AFTER = 25.0


def settings_survive(context: Context) -> Answer:
    """Run Chalice a second time alone, and read what it can't set."""
    deployed = Deployed(context.stage, settings.load())
    context.cleanup.callback(after_chalice.apply, deployed, context.config, context.progress)
    before = _set(context, deployed)
    _chalice(context)
    after = _set(context, deployed)
    lost = sorted(before - after)
    if not before:
        return Answer("nothing was set before: deploy the stage first", False)
    return Answer(f"lost: {', '.join(lost)}" if lost else f"all {len(after)} survived", not lost)


def _set(context: Context, deployed: Deployed) -> set[str]:
    found = set()
    for queue in QUEUES:
        name = deployed.function(queue)
        if lambdas.configuration(name) and lambdas.loop_detection(name) == "Allow":
            found.add(f"loops of {queue.function}")
        source = event_sources.settled(context.identity, deployed.queue(queue), name)
        if source and source.partial:
            found.add(f"partial batches of {queue.function}")
    return found


def interrupted(context: Context) -> Answer:
    """Destroy the stage, deploy it at once, kill Chalice in the middle, and deploy again."""
    destroy.destroy(context.stage, context.progress, with_table=False)
    first = _first_half(context)
    try:
        deploy.deploy(deploy_checks.check(context.stage), context.progress)
    except OperatorError as error:
        return Answer(f"killed after {first}; the next deployment failed: {error}", False)
    return Answer(f"killed after {first}; the next deployment finished it", True)


def _first_half(context: Context) -> str:
    """Deploy until Chalice has run for some seconds; return what it had made by then."""
    checked = deploy_checks.check(context.stage)

    def killed(command: str, stage: str, folder: Path) -> None:
        _kill_chalice(stage, folder)
        raise _KilledError

    with suppress(_KilledError):
        deploy.deploy(checked, context.progress, killed)
    made = [
        function
        for function in [queue.function for queue in QUEUES]
        if lambdas.configuration(stages.function_name(context.stage, function))
    ]
    return f"{_KILLED_AFTER:.0f} s, functions made: {', '.join(made) or 'none'}"


class _KilledError(Exception):
    """Chalice was killed, as intended."""


def _kill_chalice(stage: str, folder: Path) -> None:
    process = subprocess.Popen(
        deploy.chalice_command("deploy", stage),
        cwd=folder,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        start_new_session=True,
    )
    deadline = time.monotonic() + _KILLED_AFTER
    while process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.2)
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _chalice(context: Context) -> None:
    """Run Chalice as a deployment does, without what follows it."""
    config, _ = brakes.keep_reserved(context.config, context.stage)
    with deploy.packed_project(config, context.stage, context.identity) as (folder, _package):
        before_chalice.prepare(context.config, context.stage, context.identity, context.progress)
        deploy.run_chalice("deploy", context.stage, folder)


STEPS = (
    Step(
        "settings-survive",
        "Do allowed loops and partial batches survive a second `chalice deploy`?",
        "Yes, all eight. `make deploy` sets them again in any case",
        "an update of each function",
        settings_survive,
    ),
    Step(
        "interrupted",
        "Does a deployment that follows a deletion at once, and is killed in the middle, finish with the next one?",
        "Yes. The API gets another address, as after any deletion",
        "the stage's functions and queues are deleted and made again; some minutes",
        interrupted,
    ),
)
