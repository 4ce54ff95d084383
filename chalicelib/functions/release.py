"""Each minute: queue the messages that wait in the table, once their gate is open or their time has come.

    a breaker is closed                    ─▶ queue every message that waits at it
    a breaker is open, and a probe is due  ─▶ queue one message, whose function probes; of a hold, a few
    a request is resumed or stopped        ─▶ queue every message that waits at its gate; if it is stopped, every
                                              chunk that is not complete
    SEND_HOURS have begun                  ─▶ queue every message that waits for them
    a message's time has come              ─▶ queue it

A message is queued first and deleted from the table second. If the function dies in between, the message is queued
twice, which is harmless: a chunk's attempt is claimed once, a status is settled once, a receipt may be pushed twice.
"""

import time

from chalicelib import metrics, settings
from chalicelib.delivery import resuming
from chalicelib.delivery.permits import Permits
from chalicelib.delivery.waiting import move, open_gate, queue_again, report_waits
from chalicelib.domain.breaker import HOLDS, NAMES, Breaker, BreakerName
from chalicelib.domain.halts import HOURS
from chalicelib.domain.send_hours import SendHours
from chalicelib.logs import log
from chalicelib.queues.bodies import SendBody
from chalicelib.store import breakers, leases, send_requests, waiting
from chalicelib.store.waiting import Waiting

# Of a hold, a few messages are queued for a probe, because some may be of chunks that `sweep` has closed. The others
# are set aside again.
_CANDIDATES = 10
# How many of the messages at a closed gate are read to report the longest wait. They come in no order of age, so
# the oldest of these is nearly as old as the oldest of all.
_SAMPLE = 20
# A closed gate is searched for messages that may be sent for at most these seconds of a run.
_SEARCH_SECONDS = 20


def handle(seconds_left: float) -> None:
    """Queue every message that may be processed, until the time is used up; the next run continues."""
    now = int(time.time())
    deadline = time.time() + seconds_left
    lease = leases.acquire("release", now, int(deadline) + 1)
    if lease is None:
        log.info("another run releases messages")
        return
    released = 0
    try:
        # A stopped request may have millions of chunks. The gates need time in each run, too.
        released += resuming.go_on(now, time.time() + seconds_left / 2)
        if _are_send_hours(now):
            released += open_gate(HOURS, deadline, report=False)
        open_breakers = breakers.all_open()
        for name in NAMES:
            released += _of_gate(name, open_breakers.get(name), now, deadline)
        released += queue_again(waiting.due(now), deadline)
    finally:
        leases.release(lease)
    if released:
        log.info("waiting messages queued", extra={"messages": released})


def _are_send_hours(now: int) -> bool:
    hours = settings.load().send_hours
    return hours is None or not SendHours(*hours).opens_in(now)


def _of_gate(name: BreakerName, breaker: Breaker | None, now: int, deadline: float) -> int:
    """Queue the messages that wait at a breaker, all of them if it is not open; return their number."""
    if breaker is None:
        return open_gate(name, deadline)
    held = name in HOLDS
    found = list(waiting.at(name, limit=_SAMPLE))
    if found:
        metrics.count(SendsHeld=1 if held else 0, BreakerOpen=0 if held else 1)
        report_waits(found)
    if now < breaker.release_at:
        return 0
    candidates = _candidates(name, found, min(deadline, time.time() + _SEARCH_SECONDS))
    return queue_again(candidates[: _CANDIDATES if held else 1], deadline)


def _candidates(name: BreakerName, found: list[Waiting], until: float) -> list[Waiting]:
    """Return messages at a closed gate that may probe it, out of those that were found first.

    Messages of requests that are halted, or wait for their hours, would use up the probe. They are moved to their own
    gates, and others are looked for.
    """
    permits = Permits()
    while found:
        gates = [_own_gate(one, permits) for one in found]
        candidates = [one for one, gate in zip(found, gates, strict=True) if not gate]
        for gate in set(filter(None, gates)):
            move([one for one, own in zip(found, gates, strict=True) if own == gate], gate)
        if candidates or time.time() > until:
            return candidates
        found = list(waiting.at(name, limit=_SAMPLE))
    return []


def _own_gate(message: Waiting, permits: Permits) -> str:
    """Return the gate of its own at which a message should wait; empty if it may be queued."""
    if message.queue != "sends":
        return ""
    try:
        key = SendBody.decode(message.text).chunk
        return permits.of(send_requests.get(key.out_id, key.biz_id)).gate
    except Exception:
        # `deliver` finds out what is wrong with it.
        log.exception("a message that waits can't be read", extra={"gate": message.gate})
        return ""
