"""Send queued chunks to Tencent, at most once. What happens to one chunk is in `delivery/chunk_delivery.py`.

While Tencent does not answer, a breaker is open (`domain/breaker.py`): no function calls Tencent, and queued
chunks are set aside in the table. One function at a time probes, first by a call that sends nothing, then by a
call to a single number.

While Tencent refuses for the account's sake, a hold is open (`domain/holds.py`): the calls that it stops are not
made. A chunk with no other calls is set aside, and one function at a time probes by a call to a single number. A
chunk with others makes those, and its rest is set aside.

Before all that, chunks whose request is halted are ended or parked (`delivery/permits.py`).
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

from chalicelib.delivery import waiting
from chalicelib.delivery.chunk_delivery import deliver_chunk, end_or_park
from chalicelib.delivery.holds import OpenHolds
from chalicelib.delivery.permits import Permits
from chalicelib.delivery.send_tallies import SendTallies
from chalicelib.delivery.tencent_calls import SIDE, TencentCalls
from chalicelib.domain import retries
from chalicelib.domain.breaker import HOLDS
from chalicelib.errors import ConfigurationError
from chalicelib.logs import log
from chalicelib.queues import receiving
from chalicelib.queues.bodies import UnreadableBodyError
from chalicelib.queues.receiving import DEAD_LETTER, DONE, Record, Result, again, put_back
from chalicelib.store import breakers
from chalicelib.store.send_requests import UnknownRequestError
from chalicelib.tencent import api
from chalicelib.tencent.throttle import throttle

T = TypeVar("T")

# An invocation needs at least this much time: for one call and the writes around it.
MIN_SECONDS = 60
# Chunks that are claimed at once. If the function is killed, their recipients without an outcome become unknown.
MAX_CHUNKS = 5


def handle(
    event: Mapping[str, Any], seconds_left: float, functions: int
) -> dict[str, list[dict[str, str]]] | None:
    """Work through an SQS event of the `sends` queue; return what the handler returns to Lambda.

    `seconds_left` are those until Lambda ends the function. `functions` is how many of them run at once: they
    share the limits on calls.
    """
    if seconds_left < MIN_SECONDS:
        raise ConfigurationError(
            f"deliver has {seconds_left:.0f} s: set its lambda_timeout in .chalice/config.json to at least "
            f"{MIN_SECONDS + 1} s, better 300"
        )
    deadline = time.time() + seconds_left
    records = receiving.records(event)
    try:
        results = waiting.set_aside("sends", _deliver(records, deadline, functions))
    except Exception:
        # No work began: the parameter store or the table can't be read.
        log.exception("deliver failed")
        results = [(record, again(record, retries.CHUNK)) for record in records]
    return receiving.finish("sends", results)


def _deliver(
    records: Sequence[Record], deadline: float, functions: int
) -> list[tuple[Record, Result]]:
    """Deliver a batch, and add up what was sent; return each message with its result."""
    tallies = SendTallies()
    results = _deliver_batch(records, deadline, functions, tallies)
    try:
        tallies.append()
    except Exception:
        log.exception("what was sent could not be added up, the messages come again")
        return [
            (record, again(record, retries.CHUNK) if result == DONE else result)
            for record, result in results
        ]
    return results


def _deliver_batch(
    records: Sequence[Record], deadline: float, functions: int, tallies: SendTallies
) -> list[tuple[Record, Result]]:
    """End or park what is halted; deliver the rest, unless the breaker is open."""
    client = api.client()
    open_breakers = breakers.all_open()
    breaker = open_breakers.get(SIDE)
    cautious = breaker is not None
    calls = TencentCalls(
        client,
        throttle(functions, cautious=cautious),
        deadline,
        cautious=cautious,
        holds=OpenHolds({name: open_breakers[name] for name in HOLDS if name in open_breakers}),
        permits=Permits(),
    )
    results, allowed = _without_calls(records, calls, tallies)
    if not allowed:
        return results
    if breaker and not (breakers.take_probe(breaker, int(time.time())) and client.is_reachable()):
        return [*results, *((record, put_back(SIDE)) for record in allowed)]
    # One chunk is enough for a probe.
    taken, left = (allowed[:1], allowed[1:]) if breaker else (allowed, [])
    return [
        *results,
        *_deliver_chunks(taken, calls, tallies),
        *((record, put_back(SIDE)) for record in left),
    ]


def _without_calls(
    records: Sequence[Record], calls: TencentCalls, tallies: SendTallies
) -> tuple[list[tuple[Record, Result]], list[Record]]:
    """Process the chunks for which no call may begin; return their results, and the other records."""
    results: list[tuple[Record, Result]] = []
    allowed: list[Record] = []
    with ThreadPoolExecutor(min(len(records), MAX_CHUNKS)) as pool:
        futures = [pool.submit(end_or_park, record, calls, tallies) for record in records]
        for record, future in zip(records, futures, strict=True):
            result = _result_of(record, future)
            if result is None:
                allowed.append(record)
            else:
                results.append((record, result))
    return results, allowed


def _deliver_chunks(
    records: Sequence[Record], calls: TencentCalls, tallies: SendTallies
) -> Iterator[tuple[Record, Result]]:
    """Deliver chunks concurrently; yield each record with its result."""
    with (
        ThreadPoolExecutor(calls.throttle.parallel) as call_pool,
        ThreadPoolExecutor(min(len(records), MAX_CHUNKS)) as chunk_pool,
    ):
        futures = [
            chunk_pool.submit(deliver_chunk, record.body, calls, tallies, call_pool)
            for record in records
        ]
        for record, future in zip(records, futures, strict=True):
            yield record, _result_of(record, future)


def _result_of(record: Record, future: Future[T]) -> T | Result:
    """Return the result of the work on a message, also if the work failed."""
    try:
        return future.result()
    except (UnreadableBodyError, UnknownRequestError):
        log.exception("message can't succeed", extra={"tries": record.tries})
        return DEAD_LETTER
    except Exception:
        log.exception("chunk failed", extra={"chunk": record.body, "tries": record.tries})
        return again(record, retries.CHUNK)
