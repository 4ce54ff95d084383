"""The time by which an HTTP request must be answered, available to everything that works on it.

API Gateway ends a request after 29 seconds with an answer of its own. So each route sets a deadline, and what may
take long (a call to Tencent, a file, a client of AWS) asks how much time is left. Functions that a queue or a
schedule invokes have no such deadline: they get `seconds_left` as a parameter.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

SECONDS_TO_ANSWER = 21
"""What a route may begin until then may take 6 s more (`aws.py`): 27 of API Gateway's 29 s."""

_end: ContextVar[float | None] = ContextVar("deadline", default=None)


class OutOfTimeError(Exception):
    """No time is left to begin anything else for this request."""


@contextmanager
def within(seconds: float = SECONDS_TO_ANSWER) -> Iterator[None]:
    """Set the deadline for the work inside."""
    token = _end.set(time.time() + seconds)
    try:
        yield
    finally:
        _end.reset(token)


def left() -> float | None:
    """Return the seconds until the deadline, negative after it; None if there is no deadline."""
    end = _end.get()
    return None if end is None else end - time.time()


def check() -> bool:
    """Return whether there is a deadline. Raises OutOfTimeError if it has passed."""
    seconds = left()
    if seconds is not None and seconds <= 0:
        raise OutOfTimeError("the request's time is used up")
    return seconds is not None
