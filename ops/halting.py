"""Pausing, resuming and stopping the requests of a campaign (docs/decisions/0058)."""

import time
from contextlib import suppress
from typing import Any, Literal

from chalicelib import dates
from chalicelib.delivery import resuming
from chalicelib.domain.halts import HaltState, ends_at
from chalicelib.domain.send_request import SendRequest
from chalicelib.store import files, halts
from chalicelib.store.halts import StoppedError
from ops import audit, campaign
from ops.errors import OperatorError

# A command queues whatever waits, however long that takes.
_NO_DEADLINE = float("inf")

Ended = Literal["ended"]
"""The state of a paused request after 72 hours: it can't be resumed."""


@audit.recorded("campaign pause", "out_id")
def pause(out_id: str) -> dict[str, Any]:
    """Pause the requests of a campaign that are not stopped; return their states.

    Raises OperatorError if there is none.
    """
    accepted = campaign.accepted(out_id)
    open_ = [one for one in accepted if _state(one) != "stopped"]
    if not open_:
        raise OperatorError(f"{out_id} is stopped, which is final")
    now = int(time.time())
    for request in open_:
        # Another operator may stop it at the same moment. The others are paused all the same.
        with suppress(StoppedError):
            halts.change(request, "paused", now)
    return _account(out_id, accepted, "paused")


@audit.recorded("campaign resume", "out_id")
def resume(out_id: str) -> dict[str, Any]:
    """Resume the paused requests of a campaign, and queue what waits for them; return their states.

    `queued` counts the messages that were queued. A request that is sending already gets what still waits for it
    queued: an earlier command may have died. Raises OperatorError if there is nothing to resume.
    """
    accepted = campaign.accepted(out_id)
    states = {request.biz_id: _state(request) for request in accepted}
    wanted = [one for one in accepted if states[one.biz_id] in ("paused", "sending")]
    if not wanted:
        raise OperatorError(_why_not(out_id, set(states.values())))
    now = int(time.time())
    queued = 0
    for request in wanted:
        with suppress(StoppedError):
            halts.change(request, "sending", now)
        queued += resuming.queue_parked(request.biz_id, _NO_DEADLINE)
    return _account(out_id, accepted, "sending") | {"queued": queued}


@audit.recorded("campaign stop", "out_id")
def stop(out_id: str) -> dict[str, Any]:
    """Stop the requests of a campaign, for good; return their states.

    `unsent` counts the recipients whose outcome is not stored: they fail with STOPPED, except those to whom a call was
    under way or made a moment ago. Those of a file that is still being read come on top. Requests that are stopped
    already are counted once more: an earlier command may have died.
    """
    accepted = campaign.accepted(out_id)
    now = int(time.time())
    # All marks first: until then calls may begin.
    entries = [halts.change(request, "stopped", now)[1] for request in accepted]
    unsent = 0
    for entry, request in zip(entries, accepted, strict=True):
        unsent += resuming.queue_incomplete(entry, request, _NO_DEADLINE)[0]
        resuming.queue_parked(request.biz_id, _NO_DEADLINE)
    return _account(out_id, accepted, "stopped") | {"unsent": unsent}


def _state(request: SendRequest) -> HaltState | Ended | None:
    """Return the state of a request's halt; None if it was never halted."""
    halt = halts.get(request.out_id, request.biz_id)
    if halt is None:
        return None
    if halt.state == "paused" and time.time() >= ends_at(request.accepted_at):
        return "ended"
    return halt.state


def _why_not(out_id: str, states: set[HaltState | Ended | None]) -> str:
    if "ended" in states:
        return (
            f"{out_id} was accepted more than 72 hours ago: its recipients who were not sent to are reported as "
            "failed (NOT_SENT)"
        )
    if "stopped" in states:
        return f"{out_id} is stopped, which is final"
    return f"{out_id} is not paused"


def _account(out_id: str, accepted: list[SendRequest], state: HaltState) -> dict[str, Any]:
    return {
        "outId": out_id,
        "state": state,
        "requests": [_request(request) for request in accepted],
    }


def _request(request: SendRequest) -> dict[str, Any]:
    """Return a request's state, until when it may be sent, and how long that is from now: 0 if it is stopped."""
    state = _state(request) or "sending"
    left = 0 if state == "stopped" else max(0, ends_at(request.accepted_at) - int(time.time()))
    file = files.get(request.out_id, request.biz_id)
    return {
        "bizId": request.biz_id,
        "accepted": dates.to_beijing(request.accepted_at),
        "state": state,
        "ends": dates.to_beijing(ends_at(request.accepted_at)),
        "secondsLeft": left,
        "fileIsRead": file is None or file.ended,
    }
