"""The calls of one attempt at a chunk, made concurrently, whose outcomes are stored as they arrive."""

import time
from collections.abc import Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING

from chalicelib.delivery.attempt import Attempt
from chalicelib.delivery.call_results import CallResult, Part
from chalicelib.delivery.tencent_calls import TencentCalls

if TYPE_CHECKING:
    from chalicelib.domain.chunks import Outcome

# Outcomes are stored in batches: as soon as a batch is full, and after this many seconds at the latest.
OUTCOMES_PER_WRITE = 25
MAX_UNRECORDED_SECONDS = 2


def make_calls(attempt: Attempt, calls: TencentCalls, pool: ThreadPoolExecutor) -> None:
    """Make the calls to all recipients without an outcome, except those that a hold stops, and store the outcomes.

    Outcomes are stored as they arrive, not after the last one: Tencent may push a status within seconds, and if
    its message is not stored yet, it could be mistaken for the status of an older send.
    """

    def submit(parts: Iterable[Part]) -> set[Future[CallResult]]:
        return {pool.submit(calls.send, attempt.request, *part) for part in parts}

    pending = submit(attempt.progress.remaining_calls())
    unrecorded: dict[int, Outcome] = {}
    fees: dict[int, int] = {}
    since = time.monotonic()
    while pending:
        done, pending = wait(pending, timeout=MAX_UNRECORDED_SECONDS, return_when=FIRST_COMPLETED)
        for future in done:
            result = future.result()
            unrecorded |= result.outcomes
            fees |= result.fees
            pending |= submit(result.instead)
        late = not done or time.monotonic() - since >= MAX_UNRECORDED_SECONDS
        if len(unrecorded) >= OUTCOMES_PER_WRITE or late:
            attempt.record_outcomes(unrecorded, fees)
            unrecorded, fees, since = {}, {}, time.monotonic()
    attempt.record_outcomes(unrecorded, fees)
