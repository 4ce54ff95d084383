"""Findings: the results of checks."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import requests
from aws_lambda_powertools.utilities.parameters.exceptions import GetParameterError
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.errors import BridgeError
from ops.errors import OperatorError


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check: in words, and where a program may want them, its `figures` by name."""

    check: str
    state: Literal["ok", "warning", "error"]
    found: str
    figures: Mapping[str, int] = field(default_factory=dict)

    def row(self) -> dict[str, Any]:
        """Return it as JSON shows it."""
        return {"check": self.check, "state": self.state, "found": self.found, **self.figures}


def run(check: str, look: Callable[[], Finding | str]) -> Finding:
    """Run a check: a text that it returns is a finding that is ok, an expected error is one that is not."""
    try:
        found = look()
    except (
        BotoCoreError,
        ClientError,
        BridgeError,
        OperatorError,
        requests.RequestException,
        GetParameterError,
    ) as error:
        return failed(check, error)
    return found if isinstance(found, Finding) else Finding(check, "ok", found)


def failed(check: str, error: Exception) -> Finding:
    """Return the finding of a check that an error ended."""
    return Finding(check, "error", f"{type(error).__name__}: {error}")
