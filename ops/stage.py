"""Which deployment a command speaks to: its environment is put into this process before anything reads it."""

import json
import os
from pathlib import Path
from typing import Any

from chalice.config import Config
from chalice.constants import DEFAULT_LAMBDA_TIMEOUT

APP = "qa-sms-bridge"
LOCAL = "local"
FOLDER = Path(".chalice")
HTTP_FUNCTION = "api_handler"
"""What Chalice calls the function behind the API."""


class StageError(Exception):
    """A stage that can't be reached. The text says what to do."""


def enter(stage: str) -> None:
    """Take over the environment of a stage. Raises StageError."""
    os.environ.update(_local() if stage == LOCAL else environment(read_config(), stage))


def _local() -> dict[str, str]:
    path = Path(os.environ.get("BRIDGE_STATE") or ".local") / "stack.json"
    if not path.exists():
        raise StageError(
            f"no local stack runs on {path.parent}: start one with `make up`, set BRIDGE_STATE to its folder, "
            "or name a deployed stage with --stage"
        )
    environment: dict[str, str] = json.loads(path.read_text())["environment"]
    return environment


def read_config() -> dict[str, Any]:
    """Chalice's configuration. Raises StageError where there is none that can be read."""
    path = FOLDER / "config.json"
    try:
        config: dict[str, Any] = json.loads(path.read_text())
    except OSError:
        raise StageError(f"no {path}: run this in the project's root") from None
    except ValueError as error:
        raise StageError(f"{path} is no JSON: {error}") from None
    return config


def of(config: dict[str, Any], stage: str) -> dict[str, Any]:
    """What the configuration says of a stage. Raises StageError where it says nothing."""
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
    """The settings that follow from the stage's name, where it has no others."""
    return {"BRIDGE_TABLE": f"{APP}-{stage}", "BRIDGE_QUEUE_PREFIX": f"{APP}-{stage}-"}


def environment(config: dict[str, Any], stage: str) -> dict[str, str]:
    """The settings of a deployed stage, as its functions get them."""
    own = of(config, stage).get("environment_variables", {})
    return {**defaults(stage), **config.get("environment_variables", {}), **own}


def of_function(config: dict[str, Any], stage: str, function: str) -> Config:
    """Chalice's own view of one function in a stage."""
    return Config(
        chalice_stage=stage,
        function_name=function,
        config_from_disk=config,
        default_params={"lambda_timeout": DEFAULT_LAMBDA_TIMEOUT, "api_gateway_stage": "api"},
    )


def function_name(stage: str, function: str) -> str:
    """A function's name in Lambda. The HTTP function is called after app and stage alone."""
    return f"{APP}-{stage}" if function == HTTP_FUNCTION else f"{APP}-{stage}-{function}"


def emulator() -> str:
    """The address that stands in for AWS on this machine; "" where AWS itself is meant."""
    endpoint = os.environ.get("AWS_ENDPOINT_URL", "")
    loopback = ("http://127.0.0.1", "http://localhost", "http://[::1]")
    return endpoint.rstrip("/") if endpoint.startswith(loopback) else ""


def prefix(config: dict[str, Any], stage: str) -> str:
    """The deployed API's address, as Quick Audience is given it; "" where this checkout knows of none.

    Chalice keeps what it deployed in `.chalice/deployed/`.
    """
    domain = of(config, stage).get("api_gateway_custom_domain")
    if domain:
        path = str(domain.get("url_prefix", "")).strip("/")
        return f"https://{domain['domain_name']}" + (f"/{path}" if path else "")
    try:
        deployed = json.loads((FOLDER / "deployed" / f"{stage}.json").read_text())
    except OSError:
        return ""
    apis = [one for one in deployed["resources"] if one["resource_type"] == "rest_api"]
    return str(apis[0]["rest_api_url"]).rstrip("/") if apis else ""
