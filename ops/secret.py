"""Secrets of a stage: in AWS's parameter store instead of a file."""

import secrets

import boto3

from ops import audit, policies, stages
from ops.errors import OperatorError

NAMES = (
    "QA_KEY",
    "TENCENT_APP_KEY",
    "TENCENT_SECRET_ID",
    "TENCENT_SECRET_KEY",
    "TENCENT_CALLBACK_TOKENS",
)
"""The settings that may be `ssm:/name of a parameter`."""


def require_name(stage: str, name: str) -> None:
    """Raise OperatorError unless a stage can keep a secret of this name."""
    if stage == stages.LOCAL:
        raise OperatorError("the local stack has no secrets: name a deployed stage with --stage")
    if name not in NAMES:
        raise OperatorError(f"{name} is no secret; these are: {', '.join(NAMES)}")


def generate() -> str:
    """Return a new random secret of 32 characters."""
    return secrets.token_urlsafe(24)


@audit.recorded("secret set", "stage", "name", needs_table=False)
def store(stage: str, name: str, value: str) -> str:
    """Store a secret as a SecureString; return its parameter. Raises OperatorError.

    A deployed stage reads it within five minutes, without another deployment.
    """
    require_name(stage, name)
    if not value:
        raise OperatorError("nothing was given, nothing was done")
    path = _named(stage, name)
    boto3.client("ssm").put_parameter(Name=path, Value=value, Type="SecureString", Overwrite=True)
    return path


def exists(stage: str, name: str) -> bool:
    """Return whether the stage has this secret already."""
    client = boto3.client("ssm")
    try:
        client.get_parameter(Name=_named(stage, name))
    except client.exceptions.ParameterNotFound:
        return False
    return True


def is_referenced(stage: str, name: str, path: str) -> bool:
    """Return whether the stage's configuration refers to the parameter of a secret."""
    return stages.environment(stages.read_config(), stage).get(name) == f"ssm:{path}"


def parameter(stage: str, name: str) -> str:
    """Return the parameter of a stage's secret, unless the stage's configuration names another."""
    return f"{policies.secrets(stage)}/{name.lower().replace('_', '-')}"


def _named(stage: str, name: str) -> str:
    """Return the parameter that the configuration names for a secret, or else the usual one."""
    value = stages.environment(stages.read_config(), stage).get(name, "")
    return value.removeprefix("ssm:") if value.startswith("ssm:") else parameter(stage, name)
