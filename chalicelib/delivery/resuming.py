"""Queue what waits for a request whose halt has changed: for the operator's commands, and for `release` after them."""

import time
from collections.abc import Iterable, Iterator
from itertools import islice

from chalicelib.delivery import waiting
from chalicelib.domain.chunks import ChunkKey, ChunkProgress
from chalicelib.domain.halts import ends_at, gate, permit
from chalicelib.domain.send_request import SendRequest
from chalicelib.logs import log
from chalicelib.queues import sending
from chalicelib.queues.bodies import SendBody
from chalicelib.store import chunks, halts, send_requests
from chalicelib.store.halts import Entry
from chalicelib.store.send_requests import UnknownRequestError

# No function lives longer than these seconds. One that read a request's halt before it changed may park a chunk
# until then.
LONGEST_FUNCTION_SECONDS = 900
# Chunks of a stopped request are read and queued in groups of this many, with at least these seconds left.
_BATCH = 100
_SECONDS_FOR_A_BATCH = 15


def queue_parked(biz_id: str, deadline: float) -> int:
    """Queue the messages that are parked at a request's gate, as long as time is left; return their number."""
    return waiting.open_gate(gate(biz_id), deadline, report=False)


def queue_incomplete(entry: Entry, request: SendRequest, deadline: float) -> tuple[int, bool]:
    """Queue every chunk of a stopped request that is not complete, wherever its own message waits.

    Return the number of recipients in them who have no outcome, and whether all chunks were queued before the
    deadline. If they were, the entry says so from now on. Otherwise the next call queues them once more, which is
    harmless: `deliver` ends a chunk once.
    """
    unsent = 0
    every = chunks.all_progress(request.out_id, request.biz_id, consistent=True)
    # Most chunks may be complete, and reading these takes time, too.
    while some := list(islice(every, _BATCH)):
        if deadline - time.time() < _SECONDS_FOR_A_BATCH:
            log.warning("the time of this run is used up, the next run begins again")
            return unsent, False
        left_over = list(_incomplete(some, request))
        sending.send("sends", [body for body, _ in left_over])
        unsent += sum(left for _, left in left_over)
    halts.mark_queued(entry, request)
    return unsent, True


def incomplete(request: SendRequest) -> Iterator[tuple[SendBody, int]]:
    """Yield the next attempt at each chunk that is not complete, and its number of recipients without an outcome."""
    every = chunks.all_progress(request.out_id, request.biz_id, consistent=True)
    return _incomplete(every, request)


def _incomplete(
    some: Iterable[tuple[ChunkKey, ChunkProgress]], request: SendRequest
) -> Iterator[tuple[SendBody, int]]:
    for key, progress in some:
        if not progress.complete:
            left = sum(len(positions) for positions, _ in progress.remaining_calls())
            yield SendBody(key, progress.next_attempt, request.accepted_at), left


def go_on(now: int, deadline: float) -> int:
    """Queue what waits for requests that were resumed, stopped, or paused until their end; return how many messages.

    So a command that died is completed, and what a function parked too late is queued.
    """
    queued = 0
    for entry in halts.changed():
        try:
            queued += _go_on(entry, now, deadline)
        except Exception:
            # It must not hold up the others.
            log.exception("a changed halt could not be processed", extra={"bizId": entry.biz_id})
    return queued


def _go_on(entry: Entry, now: int, deadline: float) -> int:
    try:
        request = send_requests.get(entry.out_id, entry.biz_id)
    except UnknownRequestError:
        halts.remove(entry)
        return 0
    halt = halts.get(entry.out_id, entry.biz_id)
    if permit(halt, request.accepted_at, now).gate:
        return 0
    queued = queue_parked(entry.biz_id, deadline)
    if halt and halt.state == "stopped" and not entry.queued:
        queue_incomplete(entry, request, deadline)
        return queued
    since = ends_at(request.accepted_at) if halt and halt.state == "paused" else entry.at
    if not queued and now > since + LONGEST_FUNCTION_SECONDS:
        halts.remove(entry)
    return queued
