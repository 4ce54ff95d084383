"""Closing what nobody settled: 72 hours after it was accepted, every recipient has a final state.

Quick Audience counts a message without a receipt as failed after three days. So do we, and tell it,
with a code that says what was missing: NO_RECEIPT, OUTCOME_UNKNOWN or NOT_SENT.
"""

import time

from chalicelib import metrics
from chalicelib.campaigns.messages import NO_RECEIPT, NOT_SENT, OUTCOME_UNKNOWN, Message, failed
from chalicelib.functions import telling
from chalicelib.functions.attempt import Attempt
from chalicelib.logs import log
from chalicelib.store import campaigns, messages
from chalicelib.store.campaigns import Pointer, Progress, Request

# Hours that are looked at again, should runs have failed.
_HOURS_BACK = 7 * 24
# By whose work the receipts are that are written here. A chunk that isn't closed yet may hold some
# that were never told.
BY = "sweep"
# A chunk is left to the next run where less than this is left of this one.
_SECONDS_FOR_A_CHUNK = 30


def handle(seconds_left: float) -> None:
    """Close every chunk that is due, as far as the time allows; the next run goes on."""
    now = int(time.time())
    deadline = now + seconds_left
    closed = 0
    for hour, pointer in campaigns.due(now, _HOURS_BACK):
        if deadline - time.time() < _SECONDS_FOR_A_CHUNK:
            log.warning("not all closed in time, the next run goes on")
            break
        try:
            if _close(pointer, int(deadline) + 1):
                campaigns.closed(hour, pointer)
                closed += 1
        except Exception:
            # It stays due; those behind it are not to wait for it.
            log.exception(
                "chunk not closed", extra={"bizId": pointer.biz_id, "start": pointer.start}
            )
    log.info("swept", extra={"chunks": closed})


def _close(pointer: Pointer, until: int) -> bool:
    """Give every recipient of a chunk a final state; answers False where somebody is still at it."""
    try:
        request = campaigns.request_of(pointer.out_id, pointer.biz_id)
    except LookupError:
        # Planned and then not accepted: nobody was promised anything.
        return True
    progress = campaigns.progress(pointer)
    if progress is None:
        return True
    if (progress.waiting() or not progress.done) and not _end(pointer, request, progress, until):
        return False
    _tell(request, progress)
    return True


def _end(pointer: Pointer, request: Request, progress: Progress, until: int) -> bool:
    """End the sending: claim the next attempt, so that it can't be made after its recipients were told."""
    number = max(progress.done, default=-1) + 1
    attempt = Attempt(pointer, number, request, progress)
    if campaigns.claim(pointer, number, until, request.expires):
        attempt.give_up(NOT_SENT)
        return True
    claimed_until = progress.claimed.get(number, until)
    if claimed_until > time.time():
        return False
    if campaigns.reclaim(pointer, number, claimed_until, until, request.expires):
        attempt.take_stock()
        return True
    return False


def _tell(request: Request, progress: Progress) -> None:
    """Tell what is missing for those who were sent to, or perhaps were."""
    now = int(time.time())
    missing: list[Message] = [
        message.settled(failed(OUTCOME_UNKNOWN if message.unknown else NO_RECEIPT, now, BY))
        for message in messages.of_chunk(request.biz_id, progress).values()
        if message.receipt is None or message.receipt.by == BY
    ]
    told = telling.settle(missing)
    if told:
        metrics.count(ClosedWithoutReceipt=len(told), Failed=len(told))
        log.warning(
            "closed without a receipt", extra={"bizId": request.biz_id, "recipients": len(told)}
        )
