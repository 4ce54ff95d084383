"""TENCENT_RECEIPTS=pull: statuses and replies are fetched from Tencent's queue instead of pushed by Tencent.

    stored by an earlier run ─▶ [callbacks]
    pullstatus ─▶ [callbacks] ─▶ pullstatus ─▶ [callbacks] ─▶ … until both of Tencent's queues are empty

Reading removes ("Pull SMS Status": "will not be returned again"), so nothing is pulled before the batch in hand
is safe: on the queue, or in the table where SQS accepts nothing. From there on it is the same as with
callbacks, and a status that comes both ways is settled once.
"""

import time

from chalicelib import settings
from chalicelib.delivery.pulled import NOT_ENABLED, RECOVERY, queue_kept, secure
from chalicelib.logs import log
from chalicelib.tencent import v5
from chalicelib.tencent.interface import (
    MAX_PULLED,
    CallRefusedError,
    OutcomeUnknownError,
    PullType,
    TencentError,
)

# A pull begins with at least this much time left: what the call may take (20 s), and SQS and the table with all
# their retries (a minute each).
SECONDS_FOR_A_BATCH = 150


def handle(seconds_left: float) -> None:
    """Empty Tencent's queues, as far as the time allows; the next run goes on."""
    if settings.load().tencent_receipts != "pull":
        return
    deadline = time.time() + seconds_left
    if not queue_kept():
        # SQS still fails. What is left with Tencent is safest there.
        return
    client = v5.client()
    counts = dict.fromkeys(PullType, 0)
    # In turns, so that neither kind waits for the other to run dry.
    left = list(PullType)
    while left:
        kind = left.pop(0)
        if deadline - time.time() < SECONDS_FOR_A_BATCH:
            log.warning("not all pulled in time, the next run goes on")
            break
        try:
            events = client.pullstatus(kind)
        except OutcomeUnknownError as error:
            log.error(
                f"a pull got no answer: up to {MAX_PULLED} {kind.name.lower()} may be lost. {RECOVERY[kind]}",
                extra={"why": str(error)},
            )
            continue
        except TencentError as error:
            log.error(_why_not(error), extra={"why": str(error)})
            break
        if events:
            secure(kind, events, deadline)
            counts[kind] += len(events)
            left.append(kind)
    log.info(
        "pulled", extra={"statuses": counts[PullType.STATUSES], "replies": counts[PullType.REPLIES]}
    )


def _why_not(error: TencentError) -> str:
    """Return a sentence for an operator, for a run that pulled nothing and lost nothing."""
    if isinstance(error, CallRefusedError):
        if error.code == NOT_ENABLED:
            return (
                "Tencent has not enabled pulling for this application: ask its SMS Helper to, or set "
                "TENCENT_RECEIPTS=callback"
            )
        return "Tencent refused to be pulled from"
    return "Tencent not reached, nothing was pulled"
