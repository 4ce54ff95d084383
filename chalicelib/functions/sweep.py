"""Closing what nobody settled: 72 hours after it was accepted, every recipient has a final state.

Quick Audience counts a message without a receipt as failed after three days. So do we, and tell it,
with a code that says what was missing: NO_RECEIPT, OUTCOME_UNKNOWN or NOT_SENT.
"""

import time

from chalicelib import metrics
from chalicelib.delivery import final_states
from chalicelib.delivery.attempt import Attempt
from chalicelib.domain.chunks import ChunkKey, ChunkProgress
from chalicelib.domain.messages import (
    NO_RECEIPT,
    NOT_SENT,
    OUTCOME_UNKNOWN,
    Message,
    failure_receipt,
)
from chalicelib.domain.send_request import SendRequest
from chalicelib.logs import log
from chalicelib.store import chunks, due_chunks, messages, send_requests

# Hours that are looked at again, should runs have failed.
_HOURS_BACK = 7 * 24
# By whose work the receipts are that are written here. A chunk that isn't closed yet may hold some
# that were never reported.
BY = "sweep"
# A chunk is left to the next run where less than this is left of this one.
_SECONDS_FOR_A_CHUNK = 30


def handle(seconds_left: float) -> None:
    """Close every chunk that is due, as far as the time allows; the next run goes on."""
    now = int(time.time())
    deadline = now + seconds_left
    closed = 0
    for hour, key in due_chunks.due(now, _HOURS_BACK):
        if deadline - time.time() < _SECONDS_FOR_A_CHUNK:
            log.warning("not all closed in time, the next run goes on")
            break
        try:
            if _close(key, int(deadline) + 1):
                due_chunks.remove_due(hour, key)
                closed += 1
        except Exception:
            # It stays due; those behind it are not to wait for it.
            log.exception("chunk not closed", extra={"bizId": key.biz_id, "start": key.start})
    log.info("swept", extra={"chunks": closed})


def _close(key: ChunkKey, until: int) -> bool:
    """Give every recipient of a chunk a final state; answers False where somebody is still at it."""
    try:
        request = send_requests.get(key.out_id, key.biz_id)
    except LookupError:
        # Planned and then not accepted: nobody was promised anything.
        return True
    progress = chunks.progress(key)
    if progress is None:
        return True
    if (progress.remaining_calls() or not progress.done) and not _end(
        key, request, progress, until
    ):
        return False
    _report(request, progress)
    return True


def _end(key: ChunkKey, request: SendRequest, progress: ChunkProgress, until: int) -> bool:
    """End the sending: claim the next attempt, so that it can't be made after its recipients were reported."""
    number = max(progress.done, default=-1) + 1
    attempt = Attempt(key, number, request, progress)
    if chunks.claim(key, number, until, request.expires):
        attempt.give_up(NOT_SENT)
        return True
    claimed_until = progress.claimed.get(number, until)
    if claimed_until > time.time():
        return False
    if chunks.reclaim(key, number, claimed_until, until, request.expires):
        attempt.recover_outcomes()
        return True
    return False


def _report(request: SendRequest, progress: ChunkProgress) -> None:
    """Tell what is missing for those who were sent to, or perhaps were."""
    now = int(time.time())
    missing: list[Message] = [
        message.with_receipt(
            failure_receipt(OUTCOME_UNKNOWN if message.unknown else NO_RECEIPT, now, BY)
        )
        for message in messages.of_chunk(request.biz_id, progress).values()
        if message.receipt is None or message.receipt.by == BY
    ]
    reported = final_states.record_and_report(missing)
    if reported:
        metrics.count(ClosedWithoutReceipt=len(reported), Failed=len(reported))
        log.warning(
            "closed without a receipt", extra={"bizId": request.biz_id, "recipients": len(reported)}
        )
