"""Breakers and holds: their state, and closing one by hand."""

import time
from typing import Any

from chalicelib import dates
from chalicelib.domain.breaker import HOLDS, Breaker, BreakerName
from chalicelib.store import breakers
from ops import audit, failure_words
from ops.errors import OperatorError


def state(name: BreakerName) -> dict[str, Any]:
    """Return a breaker: open or closed, since when, why, how often it was probed, and when next."""
    breaker = breakers.get(name)
    if breaker is None:
        return {"breaker": name, "state": "closed", "since": None}
    row: dict[str, Any] = {
        "breaker": name,
        "state": "closed" if breaker.closed_at else "open",
        "since": dates.to_beijing(breaker.closed_at or breaker.opened_at),
        "why": why(breaker),
        "tries": breaker.probes,
    }
    if breaker.closed_at:
        return row | {"opened": dates.to_beijing(breaker.opened_at)}
    return row | {"nextTry": dates.to_beijing(breaker.probe_at)}


def why(breaker: Breaker) -> str:
    """Return why a breaker opened: Tencent's or Quick Audience's answer, and for a hold, what that means."""
    words = failure_words.describe_refusal(breaker.code)
    return f"{breaker.why} ({words})" if words else breaker.why


def stops(name: BreakerName) -> str:
    """Return what an open breaker stops, in words."""
    if name in HOLDS:
        kind = name.removeprefix("tencent-")
        which = "nothing is sent" if kind == "account" else f"nothing is sent to {kind} numbers"
        return f"{which}, and nobody fails before 72 hours"
    return "no calls are made"


@audit.recorded("breaker close", "name")
def close(name: BreakerName) -> dict[str, Any]:
    """Close an open breaker, so that every function makes its calls again; return its state.

    Raises OperatorError if it is not open, or if a function opened it again at the same moment.
    """
    if breakers.get_open(name) is None:
        raise OperatorError(f"{name} is not open")
    breakers.close(name, int(time.time()))
    if again := breakers.get_open(name):
        raise OperatorError(
            f"{name} was opened again by a function in the same moment: {why(again)}. Try again"
        )
    return state(name)
