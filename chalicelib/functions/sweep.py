"""Close chunks: 72 hours after its request was accepted, every recipient has a final state.

Quick Audience counts a message without a receipt as failed after three days. So does the bridge: it reports a
failure, with a code that says what was missing: NO_RECEIPT, OUTCOME_UNKNOWN or NOT_SENT.
"""

import time

from chalicelib import metrics
from chalicelib.delivery import final_states
from chalicelib.delivery.attempt import Attempt
from chalicelib.delivery.send_tallies import SendTallies
from chalicelib.domain.chunks import NO_CALLS, ChunkKey, ChunkProgress
from chalicelib.domain.messages import (
    NO_RECEIPT,
    NOT_SENT,
    OUTCOME_UNKNOWN,
    STOPPED,
    Message,
    failure_receipt,
)
from chalicelib.domain.send_request import SendRequest
from chalicelib.logs import log
from chalicelib.store import chunks, due_chunks, halts, messages, send_requests

# A run looks for due chunks this many hours back, in case earlier runs failed.
_HOURS_BACK = 7 * 24
# `receipt.by` of the receipts that are stored here. As long as a chunk is not closed, such receipts may not have
# been reported.
BY = "sweep"
# A chunk is begun with at least this much time left; otherwise the next run closes it.
_SECONDS_FOR_A_CHUNK = 30


def handle(seconds_left: float) -> None:
    """Close every chunk that is due, until the time is used up; the next run continues."""
    now = int(time.time())
    deadline = now + seconds_left
    closed = 0
    tallies = SendTallies()
    for hour, key in due_chunks.due(now, _HOURS_BACK):
        if deadline - time.time() < _SECONDS_FOR_A_CHUNK:
            log.warning("the time of this run is used up, the next run continues")
            break
        try:
            if _close(key, int(deadline) + 1, tallies):
                due_chunks.remove_due(hour, key)
                closed += 1
        except Exception:
            # It stays due, and must not hold up the chunks behind it.
            log.exception("chunk not closed", extra={"bizId": key.biz_id, "start": key.start})
    log.info("swept", extra={"chunks": closed})


def _close(key: ChunkKey, until: int, tallies: SendTallies) -> bool:
    """Give every recipient of a chunk a final state; return False if a function still works on the chunk.

    `tallies` are those of the run: each of its requests' chains is read once.
    """
    try:
        request = send_requests.get(key.out_id, key.biz_id)
    except LookupError:
        # The chunk was planned, but its request was never accepted: there is nothing to report.
        return True
    tallies.begin(key)
    while progress := chunks.progress(key):
        if progress.done and not progress.remaining_calls():
            _report(request, progress)
            for number, sent in progress.sent.items():
                # A function that died may not have added up what it sent.
                tallies.add(key, number, sent, repeated=True)
            break
        if not _end(key, request, progress, until, tallies):
            return False
    tallies.append()
    return True


def _end(
    key: ChunkKey,
    request: SendRequest,
    progress: ChunkProgress,
    until: int,
    tallies: SendTallies,
) -> bool:
    """End the last attempt at a chunk, or the next one; return False if a function still makes an attempt.

    Claims the next attempt, so that no function can make it after its recipients were reported.
    """
    number = progress.next_attempt
    attempt = Attempt(key, number, request, progress, tallies)
    if chunks.claim(key, number, until, request.expires, NO_CALLS):
        stopped = halts.is_stopped(request.out_id, request.biz_id)
        attempt.give_up(STOPPED if stopped else NOT_SENT)
        return True
    claimed_until = progress.claimed.get(number, until)
    if claimed_until > time.time():
        return False
    only = progress.only.get(number)
    if chunks.reclaim(key, number, claimed_until, until, request.expires, only):
        attempt.recover_outcomes()
        return True
    return False


def _report(request: SendRequest, progress: ChunkProgress) -> None:
    """Report a failure for each message that was or may have been sent and has no receipt."""
    now = int(time.time())
    missing: list[Message] = [
        message.with_receipt(
            failure_receipt(OUTCOME_UNKNOWN if message.unknown else NO_RECEIPT, now, BY)
        )
        for message in messages.of_chunk(request.biz_id, progress, consistent=True).values()
        if message.receipt is None or message.receipt.by == BY
    ]
    reported = final_states.record_and_report(missing)
    if reported:
        metrics.count(ClosedWithoutReceipt=len(reported), Failed=len(reported))
        log.warning(
            "closed without a receipt", extra={"bizId": request.biz_id, "recipients": len(reported)}
        )
