"""Push queued receipts and replies to Quick Audience, at least once.

breaker open? ─▶ yes: set every message aside
     │ no
leave out failures of phones that have a delivery under the same outId
     │
one call alone ─▶ 401 or 403: open the breaker, set every message aside
     │
the other calls, concurrently

What Quick Audience did not accept is recorded for operators (`delivery/push_failures.py`).
"""

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from chalicelib.delivery import contradictions, waiting
from chalicelib.delivery.push_calls import HandledMessage, PushCall, PushFailure
from chalicelib.delivery.pushes import (
    NOT_ACCEPTED,
    PUT_BACK,
    SECONDS_FOR_A_CALL,
    SIDE,
    PushSession,
)
from chalicelib.domain import push_batches, retries
from chalicelib.domain.breaker import Breaker
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
        handled = _push(records, deadline)
        results = waiting.set_aside("receipts", _with_failures_recorded(handled, deadline))
    except Exception as error:
        # Nothing was pushed: the table can't be read.
        log.exception("push failed")
        results = _again(records, error, deadline)
    return receiving.finish("receipts", results)


def _push(records: Sequence[Record], deadline: float) -> list[HandledMessage]:
    """Make the calls that a batch requires; return each message with its result."""
    breaker = breakers.get_open(SIDE)
    if breaker and not breakers.take_probe(breaker, int(time.time())):
        return _put_back(records, breaker)
    read = _read(records)
    handled = [HandledMessage(one, DEAD_LETTER) for one in records if one not in read]
    calls, emptied = _without_contradictions(_calls(read))
    handled += [HandledMessage(one, DONE, read[one]) for one in emptied]
    session = PushSession(deadline, probing=breaker is not None)
    results = [session.send(call) for call in calls[:1]]
    with ThreadPoolExecutor(_PARALLEL) as pool:
        results += pool.map(session.send, calls[1:])
    for call, result in zip(calls, results, strict=True):
        failure = session.failures.get(call)
        handled += [
            HandledMessage(
                one, _result(one, result), read[one], call.entries_of(read[one]), failure
            )
            for one in call.records
        ]
    return handled


def _put_back(records: Sequence[Record], breaker: Breaker) -> list[HandledMessage]:
    """Return the results of messages that arrive while pushes are stopped."""
    read = _read(records)
    # Its reason begins with the kind of the call that opened it.
    why = breaker.why.removeprefix("details: ").removeprefix("reply: ")
    failure = PushFailure(why, called=False)
    handled = [HandledMessage(one, PUT_BACK) for one in records if one not in read]
    return handled + [
        HandledMessage(one, PUT_BACK, body, body.entries, failure) for one, body in read.items()
    ]


def _again(
    records: Sequence[Record], error: Exception, deadline: float
) -> list[tuple[Record, Result]]:
    """Return the results of messages that were not worked on. Those that are given up now are recorded as such."""
    results = [(one, again(one, retries.PUSH)) for one in records]
    given_up = [one for one, result in results if result is DEAD_LETTER]
    failure = PushFailure(f"the bridge failed: {type(error).__name__}", called=False)
    handled = [
        HandledMessage(one, DEAD_LETTER, body, body.entries, failure)
        for one, body in _read(given_up).items()
    ]
    marked = {one.id: one for one, _ in _with_failures_recorded(handled, deadline)}
    return [(marked.get(one.id, one), result) for one, result in results]


def _read(records: Sequence[Record]) -> dict[Record, ReceiptBody]:
    """Return the messages that can be read, with their bodies."""
    read: dict[Record, ReceiptBody] = {}
    for record in records:
        try:
            read[record] = ReceiptBody.decode(record.body)
        except UnreadableBodyError:
            log.exception("message can't be read", extra={"tries": record.tries})
    return read


def _calls(read: Mapping[Record, ReceiptBody]) -> list[PushCall]:
    """Return the calls to make."""
    parts = [(record, body.kind, body.out_id, len(body.entries)) for record, body in read.items()]
    return [
        PushCall(
            kind,
            read[joined[0]].out_id,
            joined,
            [entry for record in joined for entry in read[record].entries],
            max(read[record].earlier_tries for record in joined),
        )
        for kind, joined in push_batches.calls(parts)
    ]


def _without_contradictions(calls: Sequence[PushCall]) -> tuple[list[PushCall], list[Record]]:
    """Leave out failures that a delivery contradicts; return the calls left, and the messages of the others."""
    left: list[PushCall] = []
    emptied: list[Record] = []
    for call in calls:
        if entries := contradictions.drop(call.out_id, call.entries):
            left.append(replace(call, entries=entries))
        else:
            emptied += call.records
    return left, emptied


def _result(record: Record, result: Result) -> Result:
    """Return the result of one message of a call, whose pause depends on the message's own tries."""
    return again(record, retries.PUSH) if result is NOT_ACCEPTED else result


def _with_failures_recorded(
    handled: Sequence[HandledMessage], deadline: float
) -> list[tuple[Record, Result]]:
    """Return each message with its result. This costs nothing if every push succeeded at once."""
    if not any(one.failure or one.done_after_failure for one in handled):
        return [(one.record, one.result) for one in handled]
    from chalicelib.delivery import push_failures  # noqa: PLC0415 -- needed after a failure only

    return push_failures.keep(handled, deadline)
