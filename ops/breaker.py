"""Breakers: their state, and closing one by hand."""

import time
from typing import Any, get_args

from chalicelib import dates
from chalicelib.domain.breaker import Side
from chalicelib.store import breakers
from ops.errors import OperatorError

SIDES: tuple[Side, ...] = get_args(Side)


def state(side: Side) -> dict[str, Any]:
    """Return a breaker: open or closed, since when, why, how often it was probed, and when next."""
    breaker = breakers.get(side)
    if breaker is None:
        return {"breaker": side, "state": "closed", "since": None}
    row: dict[str, Any] = {
        "breaker": side,
        "state": "closed" if breaker.closed_at else "open",
        "since": dates.to_beijing(breaker.closed_at or breaker.opened_at),
        "why": breaker.why,
        "tries": breaker.probes,
    }
    if breaker.closed_at:
        return row | {"opened": dates.to_beijing(breaker.opened_at)}
    return row | {"nextTry": dates.to_beijing(breaker.probe_at)}


def close(side: Side) -> dict[str, Any]:
    """Close an open breaker, so that every function calls that side again; return its state.

    Raises OperatorError if it is not open, or if a function opened it again at the same moment.
    """
    if breakers.get_open(side) is None:
        raise OperatorError(f"{side} is not open")
    breakers.close(side, int(time.time()))
    if again := breakers.get_open(side):
        raise OperatorError(
            f"{side} was opened again by a function in the same moment: {again.why}. Try again"
        )
    return state(side)
