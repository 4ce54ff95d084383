"""Stages: the deployment that a command works on, and its environment.

A command enters its stage first: the stage's environment is put into this process before anything reads it.
"""

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from chalice.config import Config
from chalice.constants import DEFAULT_LAMBDA_TIMEOUT

from chalicelib import settings
from ops.errors import OperatorError

APP = "qa-sms-bridge"
LOCAL = "local"
FOLDER = Path(".chalice")
HTTP_FUNCTION = "api_handler"
"""Chalice's name of the function behind the API."""

_MISLEADING = re.compile(
    r"AWS_((DEFAULT_)?PROFILE|ENDPOINT_URL_.+|IGNORE_CONFIGURED_ENDPOINT_URLS|SE(SSION|CURITY)_TOKEN"
    r"|USE_(FIPS|DUALSTACK)_ENDPOINT)"
)


class StageError(OperatorError):
    """A stage that can't be reached. The text says what to do."""


def enter(stage: str) -> None:
    """Put the environment of a stage into this process. Raises StageError."""
    variables = local_environment() if stage == LOCAL else environment(read_config(), stage)
    for name in misleading(variables):
        del os.environ[name]
    os.environ.update(variables)
    # A process that enters several stages must not go on with the settings of the one before.
    settings.load.cache_clear()


def local_environment() -> dict[str, str]:
    """Return the environment of the local stack, as `make up` published it. Raises StageError."""
    path = Path(os.environ.get("BRIDGE_STATE") or ".local") / "stack.json"
    if not path.exists():
        raise StageError(
            f"no local stack runs on {path.parent}: start one with `make up`, set BRIDGE_STATE to its folder, "
            "or name a deployed stage with --stage"
        )
    variables: dict[str, str] = json.loads(path.read_text())["environment"]
    return variables


def misleading(variables: Mapping[str, str]) -> list[str]:
    """Return the variables of this process that would lead boto3 away from an AWS on this machine.

    A profile that the local configuration lacks stops boto3, and an endpoint of a single service wins over
    `AWS_ENDPOINT_URL`. If `variables` do not set that one, nothing misleads.
    """
    if "AWS_ENDPOINT_URL" not in variables:
        return []
    return sorted(name for name in os.environ.keys() - variables if _MISLEADING.fullmatch(name))


def read_config() -> dict[str, Any]:
    """Return Chalice's configuration. Raises StageError if there is none that can be read."""
    path = FOLDER / "config.json"
    try:
        config: dict[str, Any] = json.loads(path.read_text())
    except OSError:
        raise StageError(f"no {path}: run this in the project's root") from None
    except ValueError as error:
        raise StageError(f"{path} is no JSON: {error}") from None
    return config


def of(config: dict[str, Any], stage: str) -> dict[str, Any]:
    """Return the configuration's entry of a stage. Raises StageError if there is none."""
    stages: dict[str, dict[str, Any]] = config.get("stages", {})
    if not stage:
        raise StageError(f"name a stage of {FOLDER / 'config.json'}: STAGE=prod")
    if stage not in stages:
        raise StageError(
            f"no stage {stage} in {FOLDER / 'config.json'}, which has {', '.join(stages) or 'none'}: "
            "write one beside them, on the pattern of prod"
        )
    return stages[stage]


def defaults(stage: str) -> dict[str, str]:
    """Return the settings that follow from the stage's name if the configuration sets no others."""
    return {"BRIDGE_TABLE": f"{APP}-{stage}", "BRIDGE_QUEUE_PREFIX": f"{APP}-{stage}-"}


def environment(config: dict[str, Any], stage: str) -> dict[str, str]:
    """Return the settings of a deployed stage, as its functions get them."""
    own = of(config, stage).get("environment_variables", {})
    given = {**config.get("environment_variables", {}), **own}
    # Lambda has no empty variables: an empty value counts as unset.
    return {**given, **{name: given.get(name) or value for name, value in defaults(stage).items()}}


def of_function(config: dict[str, Any], stage: str, function: str) -> Config:
    """Return Chalice's own view of one function in a stage."""
    return Config(
        chalice_stage=stage,
        function_name=function,
        config_from_disk=config,
        default_params={"lambda_timeout": DEFAULT_LAMBDA_TIMEOUT, "api_gateway_stage": "api"},
    )


def function_name(stage: str, function: str) -> str:
    """Return a function's name in Lambda. The HTTP function is named after app and stage alone."""
    return f"{APP}-{stage}" if function == HTTP_FUNCTION else f"{APP}-{stage}-{function}"


def emulator() -> str:
    """Return the address of an emulated AWS on this machine; "" if AWS itself is meant."""
    endpoint = os.environ.get("AWS_ENDPOINT_URL", "")
    loopback = ("http://127.0.0.1", "http://localhost", "http://[::1]")
    return endpoint.rstrip("/") if endpoint.startswith(loopback) else ""


def prefix(config: dict[str, Any], stage: str) -> str:
    """Return the deployed API's address, which Quick Audience is given; "" if this checkout knows of none."""
    domain = of(config, stage).get("api_gateway_custom_domain")
    if domain:
        path = str(domain.get("url_prefix", "")).strip("/")
        return f"https://{domain['domain_name']}" + (f"/{path}" if path else "")
    apis = [one for one in _deployed(stage) if one["resource_type"] == "rest_api"]
    return str(apis[0]["rest_api_url"]).rstrip("/") if apis else ""


def region(stage: str) -> str:
    """Return the region that Chalice deployed a stage to; "" if this checkout knows of no deployment."""
    for one in _deployed(stage):
        if arn := one.get("lambda_arn"):
            return str(arn).split(":")[3]
    return ""


def _deployed(stage: str) -> list[dict[str, Any]]:
    """Return what Chalice recorded of its last deployment, in `.chalice/deployed/`; nothing if there was none."""
    try:
        recorded = json.loads((FOLDER / "deployed" / f"{stage}.json").read_text())
    except OSError:
        return []
    resources: list[dict[str, Any]] = recorded["resources"]
    return resources
