"""Waiting for a condition instead of for a number of seconds."""

import time
from collections.abc import Callable
from typing import Any, TypeVar

import pytest

_T = TypeVar("_T")

PATIENCE = 3
"""How much longer something may take than on a machine that does nothing else."""


def wait_for(
    condition: Callable[[], _T],
    seconds: float = 20,
    describe: Callable[[], Any] | None = None,
    *,
    pauses: tuple[float, float] = (0.01, 0.25),
) -> _T:
    """Return the first truthy result of `condition`; on a time-out, fail with the text of `describe`.

    `seconds` are enough on a machine that does nothing else; `PATIENCE` times as many are waited for.

    The pauses between two calls start short and grow, because checking slows down what is waited for. `pauses` are the
    first and the longest.
    """
    seconds *= PATIENCE
    deadline = time.monotonic() + seconds
    pause, longest = pauses
    while not (answer := condition()):
        if time.monotonic() > deadline:
            pytest.fail(f"not within {seconds} s: {describe() if describe else answer!r}")
        time.sleep(pause)
        pause = min(pause * 1.5, longest)
    return answer
