"""Each minute: queue the messages that wait in the table, once their gate is open or their time has come.

    a breaker is closed                    ─▶ queue every message that waits at it
    a breaker is open, and a probe is due  ─▶ queue one message, whose function probes; of a hold, a few
    a message's time has come              ─▶ queue it

A message is queued first and deleted from the table second. If the function dies in between, the message is queued
twice, which is harmless: a chunk's attempt is claimed once, a status is settled once, a receipt may be pushed twice.
"""

import time
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING

from chalicelib import metrics
from chalicelib.domain.breaker import HOLDS, NAMES, Breaker, BreakerName
from chalicelib.logs import log
from chalicelib.queues import sending
from chalicelib.store import breakers, leases, waiting
from chalicelib.store.waiting import Waiting

if TYPE_CHECKING:
    from chalicelib.domain.queue_names import QueueName

# Of a hold, a few messages are queued for a probe, because some may be of chunks that `sweep` has closed. The others
# are set aside again.
_CANDIDATES = 10
# A batch of messages is queued with at least this much time left.
_SECONDS_FOR_A_BATCH = 15
_BATCH = 100
# How many of the messages at a closed gate are read to report the longest wait. They come in no order of age, so
# the oldest of these is nearly as old as the oldest of all.
_SAMPLE = 20


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
        open_breakers = breakers.all_open()
        for name in NAMES:
            released += _of_gate(name, open_breakers.get(name), now, deadline)
        released += _queue(waiting.due(now), deadline)
    finally:
        leases.release(lease)
    if released:
        log.info("waiting messages queued", extra={"messages": released})


def _of_gate(name: BreakerName, breaker: Breaker | None, now: int, deadline: float) -> int:
    """Queue the messages that wait at a breaker, all of them if it is not open; return their number."""
    if breaker is None:
        return _queue(waiting.at(name), deadline)
    held = name in HOLDS
    found = list(waiting.at(name, limit=_SAMPLE))
    if found:
        metrics.count(SendsHeld=1 if held else 0, BreakerOpen=0 if held else 1)
        _report_waits(found)
    candidates = found[: _CANDIDATES if held else 1]
    return _queue(candidates, deadline) if now >= breaker.release_at else 0


def _queue(found: Iterable[Waiting], deadline: float) -> int:
    """Queue messages and delete them from the table; return their number."""
    released = 0
    for batch in _batches(found):
        if deadline - time.time() < _SECONDS_FOR_A_BATCH:
            log.warning("the time of this run is used up, the next run continues")
            break
        _report_waits(batch)
        by_queue: dict[QueueName, list[str]] = {}
        for one in batch:
            by_queue.setdefault(one.queue, []).append(one.text)
        for queue, texts in by_queue.items():
            sending.send_texts(queue, texts)
        waiting.remove(batch)
        released += len(batch)
    return released


def _report_waits(found: Iterable[Waiting]) -> None:
    """Report the longest wait of the messages in the table, by queue."""
    since: dict[QueueName, int] = {}
    for one in found:
        since[one.queue] = min(one.since, since.get(one.queue, one.since))
    for queue, oldest in since.items():
        metrics.longest_wait(queue, time.time() - oldest)


def _batches(found: Iterable[Waiting]) -> Iterator[list[Waiting]]:
    rest = iter(found)
    while batch := list(islice(rest, _BATCH)):
        yield batch
