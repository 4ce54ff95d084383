"""Deploy a stage: its table, queues and alarms, then its functions.

`ops.deploy_checks` refuses what can be refused before anything is created. Deploying again changes what has changed.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from ops import (
    after_chalice,
    audit,
    before_chalice,
    brakes,
    bundle,
    emulated,
    project,
    queue_names,
    stack,
    stages,
)
from ops.after_chalice import Deployed
from ops.cloud.identity import Identity
from ops.deploy_checks import Checked
from ops.errors import OperatorError
from ops.progress import Progress

_STDERR = 2
_HEALTH_SECONDS = 10
_HEALTH_PAUSE = 3
_SETTLING_SECONDS = 60

RunChalice = Callable[[str, str, Path], None]
"""Runs a command of Chalice for a stage in a project's folder."""


@audit.recorded("deploy", "checked.stage", needs_table=False)
def deploy(checked: Checked, progress: Progress, run: RunChalice | None = None) -> str:
    """Deploy a checked stage; return the prefix of its API, which Quick Audience is given. Raises OperatorError.

    `run` runs Chalice in place of `run_chalice`.
    """
    stage, configured = checked.stage, checked.settings
    own = stack.of_stage(stage)
    queue_names.wait(stage, progress)
    change = own.bring_to(stack.template(configured.table), checked.parameters)
    progress(f"table, queues, alarms: stack {own.name} {change}")
    prefix = _deploy_functions(checked, progress, run)
    after_chalice.apply(Deployed(stage, configured), checked.config, progress)
    _require_answer(stage, prefix)
    progress(f"{prefix}/health answers")
    return prefix


def chalice_command(command: str, stage: str) -> list[str]:
    """Return the words of a command of Chalice."""
    return [str(Path(sys.executable).parent / "chalice"), command, "--stage", stage]


def run_chalice(command: str, stage: str, folder: Path) -> None:
    """Run a command of Chalice in a project's folder, with its output on stderr. Raises OperatorError."""
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        chalice_command(command, stage),
        check=False,
        cwd=folder,
        env=environment,
        # Standard output is for the command's own result, which may be JSON.
        stdout=_STDERR,
    )
    if done.returncode:
        raise OperatorError(
            f"`chalice {command} --stage {stage}` ended with {done.returncode}; its output is above. "
            "Table and queues are in place and lose nothing. Correct the cause and deploy again"
        )


@contextmanager
def packed_project(
    config: dict[str, Any], stage: str, account: Identity
) -> Iterator[tuple[Path, bundle.Package]]:
    """Yield a temporary folder with a project that Chalice can deploy, and the finished bundle of its functions."""
    with tempfile.TemporaryDirectory(prefix="deploy-") as temporary:
        folder, output = Path(temporary, "project"), Path(temporary, "package")
        folder.mkdir()
        output.mkdir()
        project.make(folder, config, stage, account)
        project.share_records(folder)
        # Packed first, so that the bundle can be finished; Chalice then uploads the finished one.
        yield folder, bundle.pack(folder, stage, output)


def _deploy_functions(checked: Checked, progress: Progress, run: RunChalice | None) -> str:
    """Deploy the functions; return the prefix of their API."""
    stage = checked.stage
    config, stopped = brakes.keep_reserved(checked.config, stage)
    if stopped:
        progress(f"stopped by a reserved concurrency of 0, and kept so: {', '.join(stopped)}")
    with packed_project(config, stage, checked.identity) as (folder, package):
        if endpoint := stages.emulator():
            functions = emulated.of_stage(stack.of_stage(stage))
            change = emulated.create(endpoint, functions, package)
            progress(
                f"functions, API: stack {functions.name} {change} (Chalice can't, in an emulator)"
            )
            return emulated.prefix(endpoint, functions)
        before_chalice.prepare(config, stage, checked.identity, progress)
        (run or run_chalice)("deploy", stage, folder)
    progress("functions: deployed by Chalice")
    return stages.prefix(config, stage)


def _require_answer(stage: str, prefix: str) -> None:
    """Require that the API answers. A new API, permission or role takes some seconds to be known everywhere."""
    if not prefix:
        raise OperatorError("Chalice deployed no API: its output is above")
    deadline = time.monotonic() + _SETTLING_SECONDS
    while problem := _health_problem(prefix):
        if time.monotonic() > deadline:
            raise OperatorError(
                f"deployed, but {prefix}/health {problem}: see `chalice logs --stage {stage}`, "
                "or a domain that does not point here yet"
            )
        time.sleep(_HEALTH_PAUSE)


def _health_problem(prefix: str) -> str:
    try:
        status = requests.get(f"{prefix}/health", timeout=_HEALTH_SECONDS).status_code
    except requests.RequestException as error:
        return f"can't be reached ({error})"
    return "" if status == 200 else f"answers {status}"
