"""API Gateway's own answers, none of which the function behind it knows of."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .switches import Switch, Switches

MAX_BYTES = 6 * 1024 * 1024
"""Bytes of an event, and of an answer, as JSON."""
MAX_SECONDS = 29.0
"""Seconds after which API Gateway stops waiting for a function."""

# Shares of requests that fail before the function is called, and of answers that are lost.
_REFUSED, _LOST = 0.03, 0.03


@dataclass(frozen=True)
class GatewayAnswer:
    """An answer of API Gateway, whose body is `{"message": …}`."""

    status: int
    message: str


UNKNOWN_ROUTE = GatewayAnswer(403, "Missing Authentication Token")
TOO_LARGE = GatewayAnswer(413, "Request Too Long")
THROTTLED = GatewayAnswer(429, "Too Many Requests")
NO_CONCURRENCY = GatewayAnswer(500, "Internal server error")
BAD_ANSWER = GatewayAnswer(502, "Internal server error")
LATE = GatewayAnswer(504, "Endpoint request timed out")


class Gateway:
    """The switch `gateway`."""

    def __init__(self, switches: Switches, purpose: str) -> None:
        self.on = Switch.GATEWAY in switches
        self._draws = switches.draws(Switch.GATEWAY, purpose, 2)

    def before(self, event_bytes: int) -> GatewayAnswer | None:
        """Return the answer to a request for which the function is not called; None if it is called."""
        if not self.on:
            return None
        if event_bytes > MAX_BYTES:
            return TOO_LARGE
        if self._draws.fails("before", _REFUSED):
            return self._draws.choice((THROTTLED, NO_CONCURRENCY))
        return None

    def after(self, answer_bytes: int) -> GatewayAnswer | None:
        """Return the answer that replaces the function's; None if that one is passed on."""
        if not self.on:
            return None
        if answer_bytes > MAX_BYTES:
            return BAD_ANSWER
        if self._draws.fails("after", _LOST):
            return self._draws.choice((BAD_ANSWER, LATE))
        return None

    def call(self, function: Callable[[], Any], seconds: float = MAX_SECONDS) -> Any:
        """Return what a function returns, or LATE if that takes too long. The function goes on meanwhile."""
        if not self.on:
            return function()
        result: list[Any] = []
        error: list[BaseException] = []

        def run() -> None:
            try:
                result.append(function())
            except BaseException as raised:  # it is raised below
                error.append(raised)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        thread.join(seconds)
        if error:
            raise error[0]
        return result[0] if result else LATE
