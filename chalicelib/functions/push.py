"""Push queued receipts and replies to Quick Audience, at least once.

breaker open? ─▶ yes: set every message aside
     │ no
leave out failures of phones that have a delivery under the same outId
     │
one call alone ─▶ 401 or 403: open the breaker, set every message aside
     │
the other calls, concurrently
"""

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from chalicelib.delivery import contradictions, waiting
from chalicelib.delivery.pushes import (
    NOT_ACCEPTED,
    PUT_BACK,
    SECONDS_FOR_A_CALL,
    SIDE,
    PushCall,
    PushSession,
)
from chalicelib.domain import push_batches, retries
from chalicelib.errors import ConfigurationError
from chalicelib.logs import log
from chalicelib.queues import receiving
from chalicelib.queues.bodies import ReceiptBody, UnreadableBodyError
from chalicelib.queues.receiving import DEAD_LETTER, DONE, Record, Result, again
from chalicelib.store import breakers

# Concurrent calls of one function: as many as one event can require. Even if the first call takes its longest
# (25 s) and the others theirs after it, the function ends within its 60 s.
_PARALLEL = 10


def handle(event: Mapping[str, Any], seconds_left: float) -> dict[str, list[dict[str, str]]] | None:
    """Work through an SQS event of the `receipts` queue. One call pushes up to 100 entries of one outId.

    `seconds_left` are those until Lambda ends the function. Return what the handler returns to Lambda.
    """
    if seconds_left <= SECONDS_FOR_A_CALL:
        raise ConfigurationError(
            f"push has {seconds_left:.0f} s: set its lambda_timeout in .chalice/config.json to more than "
            f"{SECONDS_FOR_A_CALL} s, better 60"
        )
    deadline = time.time() + seconds_left
    records = receiving.records(event)
    try:
        results = waiting.set_aside("receipts", _push(records, deadline))
    except Exception:
        # Nothing was pushed: the table can't be read.
        log.exception("push failed")
        results = [(record, again(record, retries.PUSH)) for record in records]
    return receiving.finish("receipts", results)


def _push(records: Sequence[Record], deadline: float) -> list[tuple[Record, Result]]:
    """Make the calls that a batch requires; return each message with its result."""
    breaker = breakers.get_open(SIDE)
    if breaker and not breakers.take_probe(breaker, int(time.time())):
        return [(record, PUT_BACK) for record in records]
    calls, results = _calls(records)
    calls, emptied = _without_contradictions(calls)
    results += emptied
    session = PushSession(deadline, probing=breaker is not None)
    call_results = [session.send(call) for call in calls[:1]]
    with ThreadPoolExecutor(_PARALLEL) as pool:
        call_results += pool.map(session.send, calls[1:])
    for call, result in zip(calls, call_results, strict=True):
        results += [(record, _record_result(record, result)) for record in call.records]
    return results


def _calls(records: Sequence[Record]) -> tuple[list[PushCall], list[tuple[Record, Result]]]:
    """Return the calls to make, and the results of messages that can't be read."""
    read: dict[Record, ReceiptBody] = {}
    results: list[tuple[Record, Result]] = []
    for record in records:
        try:
            read[record] = ReceiptBody.decode(record.body)
        except UnreadableBodyError:
            log.exception("message can't be read", extra={"tries": record.tries})
            results.append((record, DEAD_LETTER))
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


def _without_contradictions(
    calls: Sequence[PushCall],
) -> tuple[list[PushCall], list[tuple[Record, Result]]]:
    """Leave out failures that a delivery contradicts; return the calls left, and the results of the others."""
    left: list[PushCall] = []
    results: list[tuple[Record, Result]] = []
    for call in calls:
        if entries := contradictions.drop(call.out_id, call.entries):
            left.append(replace(call, entries=entries))
        else:
            results += [(record, DONE) for record in call.records]
    return left, results


def _record_result(record: Record, result: Result) -> Result:
    """Return the result of one message of a call, whose pause depends on the message's own tries."""
    return again(record, retries.PUSH) if result is NOT_ACCEPTED else result
