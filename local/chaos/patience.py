"""Waiting for a stack whose AWS may fail."""

import time
from collections.abc import Callable, Mapping
from typing import Any

import requests

from local.processes import StackError


def wait_for(condition: Callable[[], Any], seconds: float, what: str = "something") -> None:
    """Wait until the condition holds. Raise StackError after `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise StackError(f"waited {seconds:.0f} s in vain for {what}")
        time.sleep(0.1)


def is_aws_error(answer: Mapping[str, Any]) -> bool:
    """Return whether an answer is an error of AWS: of API Gateway itself, or 500 because a service failed."""
    body = answer["body"]
    by_gateway = isinstance(body, dict) and body.keys() == {"message"}
    return bool(answer["status"] >= 500 or (answer["status"] >= 400 and by_gateway))


def if_answered(condition: Callable[[], bool]) -> Callable[[], bool]:
    """Return a condition that is False while a simulator can't get an answer of the bridge."""

    def holds() -> bool:
        try:
            return condition()
        except (StackError, requests.HTTPError):
            return False

    return holds
