"""TENCENT_RECEIPTS=pull: statuses and replies are fetched from Tencent's queue instead of pushed to us.

    kept from an earlier run ─▶ [callbacks]
    pullstatus ─▶ [callbacks] ─▶ pullstatus ─▶ [callbacks] ─▶ … until both queues of Tencent's are empty

Reading takes away ("Pull SMS Status": "will not be returned again"), so nothing is pulled before the
batch in hand is safe: on our queue, or in the table where SQS takes nothing. From there on it is the
same as with callbacks, and a status that comes both ways is settled once.
"""

import time
from collections.abc import Sequence
from typing import Any

from chalicelib import settings
from chalicelib.logs import log, mask
from chalicelib.queues import sending
from chalicelib.store import pulled
from chalicelib.tencent import callbacks
from chalicelib.tencent import client as tencent
from chalicelib.tencent.client import Pulled

# A pull begins with this much time left: what the call may take (20 s), and SQS and the table with
# all their retries (a minute each).
SECONDS_FOR_A_BATCH = 150
# Between two tries to get a batch to safety.
_PAUSE_SECONDS = 2
# 1006: "request without permission".
NOT_ENABLED = 1006


def handle(seconds_left: float) -> None:
    """Empty Tencent's queues, as far as the time allows; the next run goes on."""
    if settings.load().tencent_receipts != "pull":
        return
    deadline = time.time() + seconds_left
    if not queue_kept():
        # SQS is still out of order. What is left with Tencent is safest there.
        return
    client = tencent.client()
    counts = dict.fromkeys(Pulled, 0)
    # In turns, so that neither kind waits for the other to run dry.
    left = list(Pulled)
    while left:
        kind = left.pop(0)
        if deadline - time.time() < SECONDS_FOR_A_BATCH:
            log.warning("not all pulled in time, the next run goes on")
            break
        try:
            events = client.pullstatus(kind)
        except tencent.OutcomeUnknownError as error:
            log.error(
                f"a pull got no answer: up to {tencent.MOST_PULLED} {kind.name.lower()} may be lost. "
                f"{_RECOVERY[kind]}",
                extra={"why": str(error)},
            )
            continue
        except tencent.TencentError as error:
            log.error(_why_not(error), extra={"why": str(error)})
            break
        if events:
            _secure(kind, events, deadline)
            counts[kind] += len(events)
            left.append(kind)
    log.info(
        "pulled", extra={"statuses": counts[Pulled.STATUSES], "replies": counts[Pulled.REPLIES]}
    )


def queue_kept() -> bool:
    """Queue what earlier runs could only keep in the table; answers whether all of it is queued."""
    try:
        for name, bodies in pulled.kept():
            sending.send("callbacks", bodies)
            pulled.forget(name)
    except Exception:
        log.exception("what was pulled earlier can't be queued yet, it stays in the table")
        return False
    return True


def _why_not(error: tencent.TencentError) -> str:
    """What an operator is told where nothing was pulled, and nothing lost."""
    if isinstance(error, tencent.CallRefusedError):
        if error.code == NOT_ENABLED:
            return (
                "Tencent has not enabled pulling for this application: ask its SMS Helper to, or set "
                "TENCENT_RECEIPTS=callback"
            )
        return "Tencent refused to be pulled from"
    return "Tencent not reached, nothing was pulled"


_RECOVERY = {
    Pulled.STATUSES: (
        "`inquire` asks pullstatus4mobile for them 6 hours after their campaign was accepted"
    ),
    Pulled.REPLIES: "Replies are not asked for again: pullstatus4mobile with type 1 has them by phone",
}


def _secure(kind: Pulled, events: Sequence[dict[str, Any]], deadline: float) -> None:
    """Put a batch on our queue, or else into the table: again and again, for it exists nowhere else.

    Raises what SQS said last where the time ends first; by then the log says whose events are lost.
    """
    statuses = list(events) if kind is Pulled.STATUSES else []
    replies = list(events) if kind is Pulled.REPLIES else []
    bodies = callbacks.messages(statuses, replies)
    while True:
        try:
            sending.send("callbacks", bodies)
        except Exception as error:
            log.warning("what was pulled can't be queued", extra={"why": str(error)})
            failure = error
        else:
            return
        try:
            pulled.keep(bodies)
        except Exception as error:
            log.warning("what was pulled can't be kept", extra={"why": str(error)})
        else:
            log.warning("kept in the table, the next run queues it", extra={"events": len(events)})
            return
        if deadline - time.time() < _PAUSE_SECONDS + 1:
            log.error(
                f"LOST: pulled from Tencent, and neither queued nor kept. {_RECOVERY[kind]}",
                extra={
                    "kind": kind.name.lower(),
                    "sids": [str(event.get("sid") or "") for event in events],
                    "phones": [mask(str(event.get("mobile") or "")) for event in events],
                },
            )
            raise failure
        time.sleep(_PAUSE_SECONDS)
