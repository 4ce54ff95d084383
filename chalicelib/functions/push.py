"""From queued receipts and replies to Quick Audience, at least once.

breaker open? ─▶ put everything back
│
one call alone ─▶ 401, 403: open the breaker, put everything back
│
the other calls at once
"""

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from chalicelib import metrics
from chalicelib.delivery.pushes import NOT_ACCEPTED, SECONDS_FOR_A_CALL, SIDE, PushCall, PushSession
from chalicelib.domain import breaker, push_batches, retries
from chalicelib.errors import ConfigurationError
from chalicelib.logs import log
from chalicelib.queues import receiving
from chalicelib.queues.bodies import ReceiptBody, UnreadableBodyError
from chalicelib.queues.receiving import PUT_BACK, Record, Result, later
from chalicelib.store import breakers

# Calls to Quick Audience at once, by one function: as many as an event can make, so that all of them may take
# their longest (25 s, after the 25 s of the first) and the function (60 s) ends by itself.
_PARALLEL = 10


def handle(event: Mapping[str, Any], seconds_left: float) -> None:
    """Work through an SQS event of the `receipts` queue: up to 100 entries of an outId in one call."""
    if seconds_left <= SECONDS_FOR_A_CALL:
        raise ConfigurationError(
            f"push has {seconds_left:.0f} s: set its lambda_timeout in .chalice/config.json to more than "
            f"{SECONDS_FOR_A_CALL} s, better 60"
        )
    deadline = time.time() + seconds_left
    records = receiving.records(event)
    breaker = breakers.get_open(SIDE)
    if breaker and not breakers.take_probe(breaker, int(time.time())):
        _finish([(record, PUT_BACK) for record in records], breaker)
        return
    calls, results = _calls(records)
    session = PushSession(deadline, probing=breaker is not None)
    called = [session.send(call) for call in calls[:1]]
    with ThreadPoolExecutor(_PARALLEL) as pool:
        called += pool.map(session.send, calls[1:])
    for call, result in zip(calls, called, strict=True):
        results += [(record, _of_record(record, result)) for record in call.records]
    locked_out = any(result is PUT_BACK for _, result in results)
    _finish(results, breakers.get_open(SIDE) if locked_out else None)


def _calls(records: Sequence[Record]) -> tuple[list[PushCall], list[tuple[Record, Result]]]:
    """Return the calls to make, and the results of messages that can't be read."""
    read: dict[Record, ReceiptBody] = {}
    results: list[tuple[Record, Result]] = []
    for record in records:
        try:
            read[record] = ReceiptBody.decode(record.body)
        except UnreadableBodyError:
            log.exception("a message that can't be read", extra={"tries": record.tries})
            results.append((record, _of_record(record, NOT_ACCEPTED)))
    parts = [(record, body.kind, body.out_id, len(body.entries)) for record, body in read.items()]
    calls = [
        PushCall(
            kind,
            read[joined[0]].out_id,
            joined,
            [entry for record in joined for entry in read[record].entries],
        )
        for kind, joined in push_batches.calls(parts)
    ]
    return calls, results


def _of_record(record: Record, result: Result) -> Result:
    return later(retries.push_delay(record.tries)) if result is NOT_ACCEPTED else result


def _finish(results: Sequence[tuple[Record, Result]], breaker: breaker.Breaker | None) -> None:
    """End the invocation. Messages that are put back come when the breaker is to be looked at again."""
    back = sum(result is PUT_BACK for _, result in results)
    if back:
        metrics.count(BreakerOpen=1)
        log.warning(
            "Quick Audience is not called for now: it answered 401 or 403",
            extra={"messages": back, "why": breaker.why if breaker else ""},
        )
    seconds = breaker.delay(int(time.time())) if breaker else 1
    receiving.finish("receipts", results, seconds)
