"""Deploy a stage: its table, queues and alarms, then its functions.

`check` refuses what can be refused before anything is created. Deploying again changes only what has changed.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import requests
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib import settings
from ops import (
    access_checks,
    adoption,
    after_chalice,
    api_limits,
    before_chalice,
    brakes,
    bundle,
    emulated,
    policies,
    project,
    queue_names,
    quota,
    replacement,
    runtimes,
    stack,
    stages,
)
from ops.after_chalice import Deployed
from ops.cloud import identity
from ops.cloud.identity import Identity
from ops.errors import OperatorError
from ops.function_settings import PARTIAL_BATCHES
from ops.progress import Progress
from ops.secret import NAMES, parameter

_HEALTH_SECONDS = 10
_HEALTH_PAUSE = 3
_SETTLING_SECONDS = 60


@dataclass(frozen=True)
class Checked:
    """A stage that can be deployed."""

    stage: str
    config: dict[str, Any]
    settings: settings.Settings
    parameters: dict[str, str]
    identity: Identity
    target: str
    """The account or emulator, and the region."""
    warnings: list[str]


def check(stage: str, *, adopt: bool = False, replace: bool = False) -> Checked:
    """Check everything that can be wrong before anything is created. Raises OperatorError, ConfigurationError.

    With `adopt`, a stage is deployed although another checkout has deployed it; with `replace`, although messages
    wait in queues or in a table that it replaces.
    """
    if stage == stages.LOCAL:
        raise OperatorError("the local stack is not deployed: `make up` starts it")
    config = stages.read_config()
    variables = stages.environment(config, stage)
    configured = settings.from_environment(variables)
    _require_unset(variables)
    parameters = stack.parameters(config, stage)
    api_limits.of_stage(config, stage)
    _require_own_names(config, stage)
    account = _require_account()
    warnings = [
        *_warn_of_plain_secrets(stage, variables),
        *_warn_of_runtime(),
        *_require_concurrency(),
    ]
    secrets = _require_secrets(stage, variables)
    _require_closed(configured, secrets)
    if not (adopt or stages.emulator()):
        adoption.require(stage)
    if not replace:
        replacement.require_empty(stack.of_stage(stage), parameters)
    target = f"{stages.emulator() or f'account {account.account}'}, region {account.region}"
    return Checked(stage, config, configured, parameters, account, target, warnings)


def deploy(checked: Checked, progress: Progress) -> str:
    """Deploy a checked stage; return the prefix of its API, which Quick Audience is given. Raises OperatorError."""
    stage, configured = checked.stage, checked.settings
    own = stack.of_stage(stage)
    queue_names.wait(stage, progress)
    change = own.bring_to(stack.template(configured.table), checked.parameters)
    progress(f"table, queues, alarms: stack {own.name} {change}")
    prefix = _deploy_functions(checked, progress)
    after_chalice.apply(Deployed(stage, configured), checked.config, progress)
    _require_answer(stage, prefix)
    progress(f"{prefix}/health answers")
    return prefix


def run_chalice(command: str, stage: str, folder: Path) -> None:
    """Run a command of Chalice in a project's folder, with its output on the terminal. Raises OperatorError."""
    words = [str(Path(sys.executable).parent / "chalice"), command, "--stage", stage]
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(words, check=False, cwd=folder, env=environment)
    if done.returncode:
        raise OperatorError(
            f"`chalice {command} --stage {stage}` ended with {done.returncode}; its output is above. "
            "Table and queues are in place and lose nothing. Correct the cause and deploy again"
        )


def _require_unset(variables: Mapping[str, str]) -> None:
    """Refuse a variable that only the deployment may set: too early, it makes Lambda delete failed messages."""
    if variables.get(PARTIAL_BATCHES):
        raise OperatorError(
            f"{PARTIAL_BATCHES} stands in .chalice/config.json: remove it. The deployment sets it once "
            "AWS has confirmed that the queues' mappings report partial batches"
        )


def _require_own_names(config: dict[str, Any], stage: str) -> None:
    """Refuse two stages on one table or on the same queues: each would process the other's messages."""
    own = stages.environment(config, stage)
    for other in config["stages"].keys() - {stage}:
        others = stages.environment(config, other)
        for name in stages.defaults(stage):
            if own[name] == others[name]:
                raise OperatorError(
                    f"{name} is {own[name]} in stage {other}, too: every stage needs its own"
                )


def _require_account() -> Identity:
    """Return the account and the region that boto3 finds. Raises OperatorError if it finds no credentials."""
    try:
        return identity.current()
    except (BotoCoreError, ClientError) as error:
        raise OperatorError(
            f"AWS does not know who you are: {error}. Set AWS_PROFILE, or AWS_ACCESS_KEY_ID and "
            "AWS_SECRET_ACCESS_KEY, and AWS_DEFAULT_REGION"
        ) from error


def _require_concurrency() -> Iterator[str]:
    """Require that the account may run enough functions at once; yield a warning if that can't be read."""
    if stages.emulator():
        return
    try:
        problem = quota.problem(quota.read())
    except ClientError as error:
        if not error.response["Error"]["Code"].startswith("AccessDenied"):
            raise
        yield "the account's concurrency can't be checked: you lack the right lambda:GetAccountSettings"
        return
    if problem:
        raise OperatorError(problem)


def _warn_of_plain_secrets(stage: str, variables: Mapping[str, str]) -> Iterator[str]:
    for name in NAMES:
        value = variables.get(name, "")
        if value and not value.startswith("ssm:"):
            yield (
                f"{name} stands in .chalice/config.json, and will stand in the functions' settings, for "
                f"everybody to read. Better: `python -m ops secret set {name} --stage {stage}`"
            )


def _warn_of_runtime() -> Iterator[str]:
    if text := runtimes.warning(runtimes.own()):
        yield text


def _require_secrets(stage: str, variables: Mapping[str, str]) -> dict[str, str]:
    """Return the secrets by setting. Require those in the parameter store to be there, among the stage's own."""
    problems = []
    secrets = {}
    for name in NAMES:
        value = variables.get(name, "")
        secrets[name] = value
        if not value.startswith("ssm:"):
            continue
        path = value.removeprefix("ssm:")
        if not path.startswith(policies.secrets(stage) + "/"):
            problems.append(
                f"{name} is {value}, which is not one of this stage's own parameters "
                f"(expected: ssm:{parameter(stage, name)})"
            )
            continue
        secrets[name] = _stored(path)
        if not secrets[name].strip(" ,"):
            known = bool(secrets[name])
            problem = f"the parameter {path} is blank" if known else f"there is no parameter {path}"
            problems.append(
                f"{name}: {problem}. `python -m ops secret set {name} --stage {stage}` stores it"
            )
    if problems:
        raise OperatorError("wrong secrets: " + "; ".join(problems))
    return secrets


def _stored(path: str) -> str:
    """Return the value of a parameter; "" if there is none."""
    try:
        found = boto3.client("ssm").get_parameter(Name=path, WithDecryption=True)["Parameter"]
    except ClientError as error:
        if error.response["Error"]["Code"] == "ParameterNotFound":
            return ""
        raise
    return found["Value"]


def _require_closed(configured: settings.Settings, secrets: Mapping[str, str]) -> None:
    """Refuse a stage that strangers could use."""
    problems = [
        *access_checks.of_settings(configured),
        *access_checks.of_secrets(configured, secrets),
    ]
    if problems:
        raise OperatorError("open to strangers: " + "; ".join(problems))


def _deploy_functions(checked: Checked, progress: Progress) -> str:
    """Deploy the functions; return the prefix of their API."""
    stage = checked.stage
    config, stopped = brakes.keep_reserved(checked.config, stage)
    if stopped:
        progress(f"stopped by a reserved concurrency of 0, and kept so: {', '.join(stopped)}")
    with tempfile.TemporaryDirectory(prefix="deploy-") as temporary:
        folder, output = Path(temporary, "project"), Path(temporary, "package")
        folder.mkdir()
        output.mkdir()
        project.make(folder, config, stage, checked.identity)
        project.share_records(folder)
        # Packed first, so that the bundle can be finished; Chalice then uploads the finished one.
        package = bundle.pack(folder, stage, output)
        if endpoint := stages.emulator():
            functions = emulated.of_stage(stack.of_stage(stage))
            change = emulated.create(endpoint, functions, package)
            progress(
                f"functions, API: stack {functions.name} {change} (Chalice can't, in an emulator)"
            )
            return emulated.prefix(endpoint, functions)
        before_chalice.prepare(config, stage, checked.identity, progress)
        run_chalice("deploy", stage, folder)
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
