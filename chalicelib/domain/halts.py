"""Halts: an operator's mark on a request, which pauses or stops its sending.

no halt ─ pause ─▶ paused ─ resume ─▶ sending
   │                 │                   │
   └────── stop ─────┴───────────────────┴─▶ stopped, for good
"""

from dataclasses import dataclass
from typing import Literal

from chalicelib.domain.messages import NOT_SENT, STOPPED
from chalicelib.domain.periods import CLOSED_AFTER_SECONDS
from chalicelib.domain.planning import Failure

HaltState = Literal["sending", "paused", "stopped"]
HOURS = "hours"
"""The gate at which sends wait for SEND_HOURS."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Halt:
    """The halt of a request. `at` is the epoch since which it has its state. Every write sets a new `token`.

    `why` says in words for what failures a function paused it. It is empty if an operator did. The field names are
    stored, so they must not change.
    """

    out_id: str
    biz_id: str
    state: HaltState
    at: int
    token: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class Permit:
    """What may be done for the recipients of a request who have no outcome.

    With a `failure`, they fail without a call. With a `gate`, they wait at it. Otherwise they are sent to.
    """

    gate: str = ""
    failure: Failure | None = None

    @property
    def allows(self) -> bool:
        """Return whether calls may begin."""
        return not self.gate and self.failure is None


ALLOWED = Permit()


def gate(biz_id: str) -> str:
    """Return the gate at which the chunks of a paused request wait."""
    return f"request-{biz_id}"


def ends_at(accepted_at: int) -> int:
    """Return the epoch at which a paused request ends: its recipients are not sent to any more."""
    return accepted_at + CLOSED_AFTER_SECONDS


def permit(halt: Halt | None, accepted_at: int, now: float) -> Permit:
    """Return what a halt permits, for a request that was accepted at an epoch."""
    if halt is None or halt.state == "sending":
        return ALLOWED
    if halt.state == "stopped":
        return Permit(failure=STOPPED)
    if now >= ends_at(accepted_at):
        return Permit(failure=NOT_SENT)
    return Permit(gate=gate(halt.biz_id))
