"""Check a stage before it is deployed: whatever can be wrong is named before anything is created."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib import settings
from ops import (
    access_checks,
    adoption,
    api_limits,
    policies,
    quota,
    replacement,
    runtimes,
    stack,
    stages,
)
from ops.cloud import identity
from ops.cloud.identity import Identity
from ops.errors import OperatorError
from ops.function_settings import PARTIAL_BATCHES
from ops.secret import NAMES, parameter


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
