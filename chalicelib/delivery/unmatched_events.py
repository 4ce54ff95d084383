"""Events of Tencent that match no message yet: queued to be looked up again, and parked after the last look."""

import time
from typing import Literal

from chalicelib import metrics, settings
from chalicelib.delivery import waiting
from chalicelib.domain import retries
from chalicelib.logs import log
from chalicelib.queues.bodies import CallbackBody, Event
from chalicelib.store import messages
from chalicelib.tencent import events


def adopts_in(since: int, now: int) -> int:
    """Return the seconds until a status that arrived at `since` may adopt a message; 0 or less if it may now."""
    return since + settings.load().adopt_after - now


def look_again(
    kind: Literal["statuses", "replies"], waiting_events: list[Event], looks: int, since: int
) -> None:
    """Queue events again, to look up their messages later.

    After the last look, park them: they belong to no message of the bridge.
    """
    delay = retries.settle_delay(looks, adopt_in=adopts_in(since, int(time.time())))
    if delay is None:
        for event in waiting_events:
            messages.park(events.phone_of(event), kind, event, int(time.time()))
        metrics.count(Parked=len(waiting_events))
        log.warning(
            "parked: no message of the bridge matches",
            extra={"kind": kind, "count": len(waiting_events)},
        )
        return
    next_look = CallbackBody(
        statuses=waiting_events if kind == "statuses" else [],
        replies=waiting_events if kind == "replies" else [],
        looks=looks + 1,
        since=since,
    )
    waiting.queue_later("callbacks", [next_look], delay)
