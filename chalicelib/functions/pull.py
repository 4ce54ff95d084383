"""TENCENT_RECEIPTS=pull: fetch statuses and replies from Tencent's queues, instead of receiving callbacks.

    batches stored by an earlier run ─▶ `callbacks`
    pullstatus ─▶ `callbacks` ─▶ pullstatus ─▶ `callbacks` ─▶ … until both of Tencent's queues are empty

Pulling removes events from Tencent's queue ("Pull SMS Status": "will not be returned again"). So a batch must be
safe before the next one is pulled: on the `callbacks` queue, or in the table if SQS fails. From there on,
events are processed like callbacks, and a status that arrives both ways is settled once.
"""

import time

from chalicelib import settings
from chalicelib.delivery.pulled import RECOVERY, queue_stored, secure
from chalicelib.logs import log
from chalicelib.store import leases
from chalicelib.tencent import api
from chalicelib.tencent.error_codes import is_not_enabled, lacks_policy
from chalicelib.tencent.interface import (
    MAX_PULLED,
    CallRefusedError,
    OutcomeUnknownError,
    PullType,
    TencentError,
)

# A pull begins with at least this much time left: for the call (20 s), and for SQS and the table with all their
# retries (a minute each).
SECONDS_FOR_A_BATCH = 150


def handle(seconds_left: float) -> None:
    """Empty Tencent's queues, until the time is used up; the next run continues.

    A run may take longer than the minute after which the next one starts, which then leaves the work to it.
    """
    if settings.load().tencent_receipts != "pull":
        return
    now = time.time()
    deadline = now + seconds_left
    lease = leases.acquire("pull", int(now), int(deadline) + 1)
    if lease is None:
        log.info("another run pulls")
        return
    try:
        _pull(deadline)
    finally:
        leases.release(lease)


def _pull(deadline: float) -> None:
    if not queue_stored():
        # SQS still fails. Events are safest in Tencent's own queue.
        return
    client = api.client()
    counts = dict.fromkeys(PullType, 0)
    # Alternately, so that neither kind waits until the other's queue is empty.
    left = list(PullType)
    while left:
        kind = left.pop(0)
        if deadline - time.time() < SECONDS_FOR_A_BATCH:
            log.warning("the time of this run is used up, the next run continues")
            break
        try:
            events = client.pull(kind)
        except OutcomeUnknownError as error:
            log.error(
                f"a pull got no answer: up to {MAX_PULLED} {kind.name.lower()} may be lost. {RECOVERY[kind]}",
                extra={"why": str(error)},
            )
            continue
        except TencentError as error:
            log.error(_why_not_pulled(error), extra={"why": str(error)})
            break
        if events:
            secure(kind, events, deadline)
            counts[kind] += len(events)
            left.append(kind)
    log.info(
        "pulled", extra={"statuses": counts[PullType.STATUSES], "replies": counts[PullType.REPLIES]}
    )


def _why_not_pulled(error: TencentError) -> str:
    """Return a sentence for the operator about a pull that returned nothing and lost nothing."""
    if isinstance(error, CallRefusedError):
        if is_not_enabled(error.code):
            return (
                "Tencent has not enabled pulling for this application: ask its SMS Helper to enable it, or set "
                "TENCENT_RECEIPTS=callback"
            )
        if lacks_policy(error.code):
            return (
                "No policy allows the key of TENCENT_SECRET_ID to pull: grant it the actions "
                "sms:PullSmsSendStatus and sms:PullSmsReplyStatus in Tencent's access management (CAM)"
            )
        return "Tencent refused the pull"
    return "Tencent could not be reached, nothing was pulled"
