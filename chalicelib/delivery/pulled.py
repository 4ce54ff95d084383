"""Secure statuses and replies that were pulled from Tencent: put them on the queue, or else into the table."""

import time
from collections.abc import Sequence
from typing import Any

from chalicelib.logs import log, mask
from chalicelib.queues import batching, sending
from chalicelib.queues.bodies import CallbackBody
from chalicelib.store import pulled
from chalicelib.tencent.interface import PullType

# Seconds between two tries to secure a batch.
_PAUSE_SECONDS = 2

RECOVERY = {
    PullType.STATUSES: (
        "`inquire` asks pullstatus4mobile for them 6 hours after their campaign was accepted"
    ),
    PullType.REPLIES: (
        "No function asks for replies again: pullstatus4mobile with type 1 returns them by phone"
    ),
}
"""A sentence for the operator about events that may be lost."""


def queue_stored() -> bool:
    """Queue the events that earlier runs could only store in the table; return whether all are queued."""
    try:
        for name, saved in pulled.saved():
            sending.send("callbacks", [CallbackBody.from_dict(one) for one in saved])
            pulled.delete(name)
    except Exception:
        log.exception("events that were pulled earlier can't be queued yet, they stay in the table")
        return False
    return True


def secure(kind: PullType, events: Sequence[dict[str, Any]], deadline: float) -> None:
    """Put a batch on the `callbacks` queue, or else into the table. Try until one succeeds: no other copy exists.

    Raises SQS's last error if the deadline (an epoch) comes first; the log then names the lost events.
    """
    statuses = events if kind is PullType.STATUSES else []
    replies = events if kind is PullType.REPLIES else []
    callbacks = batching.of_events(statuses, replies)
    while True:
        try:
            sending.send("callbacks", callbacks)
        except Exception as error:
            log.warning("pulled events can't be queued", extra={"why": str(error)})
            failure = error
        else:
            return
        try:
            pulled.save([body.to_dict() for body in callbacks])
        except Exception as error:
            log.warning("pulled events can't be stored", extra={"why": str(error)})
        else:
            log.warning(
                "pulled events stored in the table, the next run queues them",
                extra={"events": len(events)},
            )
            return
        if deadline - time.time() < _PAUSE_SECONDS + 1:
            log.error(
                f"LOST: events pulled from Tencent were neither queued nor stored. {RECOVERY[kind]}",
                extra={
                    "kind": kind.name.lower(),
                    "sids": [str(event.get("sid") or "") for event in events],
                    "phones": [mask(str(event.get("mobile") or "")) for event in events],
                },
            )
            raise failure
        time.sleep(_PAUSE_SECONDS)
