"""Waiting for a condition, never for a number of seconds."""

import time
from collections.abc import Callable
from typing import Any, TypeVar

import pytest

_T = TypeVar("_T")


def wait_for(
    condition: Callable[[], _T], seconds: float = 20, describe: Callable[[], Any] | None = None
) -> _T:
    """The first truthy answer of `condition`; `describe` says what there was where none came.

    What comes soon is seen soon; what takes long is asked for seldom, since asking keeps it waiting.
    """
    deadline, pause = time.monotonic() + seconds, 0.01
    while not (answer := condition()):
        if time.monotonic() > deadline:
            pytest.fail(f"not within {seconds} s: {describe() if describe else answer!r}")
        time.sleep(pause)
        pause = min(pause * 1.5, 0.25)
    return answer
