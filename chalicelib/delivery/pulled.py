"""Statuses and replies that were pulled from Tencent: get them to safety, on the queue or in the table."""

import time
from collections.abc import Sequence
from typing import Any

from chalicelib.logs import log, mask
from chalicelib.queues import bodies, sending
from chalicelib.queues.bodies import CallbackBody
from chalicelib.store import pulled
from chalicelib.tencent.interface import PullType

# Between two tries to get a batch to safety.
_PAUSE_SECONDS = 2
# 1006: "request without permission".
NOT_ENABLED = 1006

RECOVERY = {
    PullType.STATUSES: (
        "`inquire` asks pullstatus4mobile for them 6 hours after their campaign was accepted"
    ),
    PullType.REPLIES: "Replies are not asked for again: pullstatus4mobile with type 1 has them by phone",
}
"""What an operator reads about events that may be lost."""


def queue_kept() -> bool:
    """Queue what earlier runs could store only in the table; return whether all of it is queued."""
    try:
        for name, kept in pulled.saved():
            sending.send("callbacks", [CallbackBody.from_dict(one) for one in kept])
            pulled.delete(name)
    except Exception:
        log.exception("what was pulled earlier can't be queued yet, it stays in the table")
        return False
    return True


def secure(kind: PullType, events: Sequence[dict[str, Any]], deadline: float) -> None:
    """Put a batch on the `callbacks` queue, or else into the table, again and again: it exists nowhere else.

    Raises SQS's last error if the time ends first; by then the log names the events that are lost.
    """
    statuses = events if kind is PullType.STATUSES else []
    replies = events if kind is PullType.REPLIES else []
    made = bodies.of_events(statuses, replies)
    while True:
        try:
            sending.send("callbacks", made)
        except Exception as error:
            log.warning("what was pulled can't be queued", extra={"why": str(error)})
            failure = error
        else:
            return
        try:
            pulled.save([body.to_dict() for body in made])
        except Exception as error:
            log.warning("what was pulled can't be stored", extra={"why": str(error)})
        else:
            log.warning(
                "stored in the table, the next run queues it", extra={"events": len(events)}
            )
            return
        if deadline - time.time() < _PAUSE_SECONDS + 1:
            log.error(
                f"LOST: pulled from Tencent, and neither queued nor stored. {RECOVERY[kind]}",
                extra={
                    "kind": kind.name.lower(),
                    "sids": [str(event.get("sid") or "") for event in events],
                    "phones": [mask(str(event.get("mobile") or "")) for event in events],
                },
            )
            raise failure
        time.sleep(_PAUSE_SECONDS)
