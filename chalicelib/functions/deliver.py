"""Send queued chunks to Tencent, at most once.

    claim the attempt ─▶ call Tencent ─▶ store the outcomes ─▶ add up what was sent
      │
      └── claimed before: wait until it has a result, or its claimer is certainly dead ─▶ recover the outcomes

Only the claimer calls Tencent. An attempt without a result whose claimer is dead is never repeated: recipients
with a stored message count as sent, and the others are marked as of unknown outcome, for a callback to settle.

While Tencent does not answer, a breaker is open (`domain/breaker.py`): no function calls Tencent, and queued
chunks are set aside in the table. One function at a time probes, first by a call that sends nothing, then by a
call to a single number.

While Tencent refuses for the account's sake, a hold is open (`domain/holds.py`): the calls that it stops are not
made. A chunk with no other calls is set aside, and one function at a time probes by a call to a single number. A
chunk with others makes those, and its rest is set aside.

Before all that, a chunk is looked at by itself (`delivery/permits.py`): while its request is paused, or outside
SEND_HOURS, it waits at a gate; if its request is stopped, its recipients fail without a call.
"""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from chalicelib.delivery import waiting
from chalicelib.delivery.attempt import Attempt
from chalicelib.delivery.holds import OpenHolds
from chalicelib.delivery.permits import Permits
from chalicelib.delivery.send_tallies import SendTallies
from chalicelib.delivery.tencent_calls import SIDE, Answer, CallResult, Part, TencentCalls
from chalicelib.domain import retries
from chalicelib.domain.breaker import HOLDS, Hold
from chalicelib.domain.chunks import NO_CALLS, ChunkKey
from chalicelib.domain.halts import HOURS
from chalicelib.domain.planning import Call, Failure
from chalicelib.errors import ConfigurationError
from chalicelib.logs import log
from chalicelib.queues import receiving
from chalicelib.queues.bodies import SendBody, UnreadableBodyError
from chalicelib.queues.receiving import (
    DEAD_LETTER,
    DONE,
    Record,
    Result,
    again,
    later,
    put_back,
)
from chalicelib.store import breakers, chunks, send_requests
from chalicelib.store.send_requests import UnknownRequestError
from chalicelib.tencent import api
from chalicelib.tencent.throttle import throttle

if TYPE_CHECKING:
    from chalicelib.domain.chunks import Outcome

T = TypeVar("T")

# An invocation needs at least this much time: for one call and the writes around it.
MIN_SECONDS = 60
# Chunks that are claimed at once. If the function is killed, their recipients without an outcome become unknown.
MAX_CHUNKS = 5
# Outcomes are stored in batches: as soon as a batch is full, and after this many seconds at the latest.
OUTCOMES_PER_WRITE = 25
MAX_UNRECORDED_SECONDS = 2


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
        futures = [pool.submit(_if_halted, record, calls, tallies) for record in records]
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
            chunk_pool.submit(_deliver_chunk, record.body, calls, tallies, call_pool)
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


def _if_halted(record: Record, calls: TencentCalls, tallies: SendTallies) -> Result | None:
    """Process a chunk for which no call may begin; return None if calls may begin.

    An attempt that was claimed before is finished as always.
    """
    body = SendBody.decode(record.body)
    key = body.chunk
    request = send_requests.get(key.out_id, key.biz_id)
    permit = calls.permits.of(request)
    if permit.allows:
        return None
    progress = chunks.progress(key)
    if progress and body.attempt in progress.claimed:
        finished = _claim(body, calls, tallies)
        if isinstance(finished, Result):
            return finished
    if permit.failure:
        return _end(key, calls, tallies, permit.failure)
    if permit.gate == HOURS:
        return put_back(HOURS)
    # At once, because this batch may take minutes; and the halt is read again afterwards, because the request may
    # have been resumed, and its gate emptied, in between.
    waiting.park(permit.gate, "sends", record)
    log.info("sending is paused: a chunk is parked", extra=body.to_dict())
    if calls.permits.of(request, fresh=True) == permit:
        return DONE
    return _if_halted(record, calls, tallies)


def _end(key: ChunkKey, calls: TencentCalls, tallies: SendTallies, failure: Failure) -> Result:
    """Let every recipient of a chunk without an outcome fail, without a call."""
    progress = chunks.progress(key)
    if progress and progress.complete:
        return DONE
    number = progress.next_attempt if progress else 0
    attempt = _claim(SendBody(key, number), calls, tallies, only=NO_CALLS)
    if isinstance(attempt, Result):
        return attempt
    attempt.give_up(failure)
    return DONE


def _deliver_chunk(
    text: str, calls: TencentCalls, tallies: SendTallies, pool: ThreadPoolExecutor
) -> Result:
    """Make the attempt that a message of the queue asks for, or find out how an earlier one ended."""
    if calls.throttle.down_reason:
        return put_back(SIDE)
    body = SendBody.decode(text)
    probed: frozenset[Hold] = frozenset()
    if calls.holds:
        left = _calls_left(body)
        if gate := calls.holds.gate(left):
            probed = calls.holds.take_probes(left[0])
            if not probed:
                return put_back(gate)
    if calls.cautious or probed:
        return _probe(body, calls, tallies, pool, probed)
    return _make_attempt(body, calls, tallies, pool)


def _make_attempt(
    body: SendBody, calls: TencentCalls, tallies: SendTallies, pool: ThreadPoolExecutor
) -> Result:
    """Make the calls to all recipients of a chunk without an outcome, except those that a hold stops."""
    attempt = _claim(body, calls, tallies)
    if isinstance(attempt, Result):
        return attempt
    _send(attempt, calls, pool)
    attempt.finish()
    _queue_rest(attempt, calls, tallies)
    return DONE


def _probe(
    body: SendBody,
    calls: TencentCalls,
    tallies: SendTallies,
    pool: ThreadPoolExecutor,
    probed: frozenset[Hold],
) -> Result:
    """Make an attempt that is one call to a single number; if Tencent accepts it, another one at all the others.

    If Tencent refuses it for its own sake, that shows nothing about the holds that are `probed`. As long as they stop
    the next number, that is probed, too.
    """
    while part := _first_number(body, calls, probed):
        positions, call = part
        attempt = _claim(body, calls, tallies, only=positions[0])
        if isinstance(attempt, Result):
            return attempt
        result = calls.send(attempt.request, positions, call, probe=True)
        attempt.record_outcomes(result.outcomes, result.fees)
        attempt.finish()
        if result.answer in (Answer.NONE, Answer.HELD) or not attempt.progress.remaining_calls():
            _queue_rest(attempt, calls, tallies)
            return DONE
        _queue_inquiry(attempt, calls)
        body = replace(body, attempt=body.attempt + 1)
        if result.answer is Answer.ACCEPTED or not probed:
            break
    return _make_attempt(body, calls, tallies, pool)


def _first_number(body: SendBody, calls: TencentCalls, probed: frozenset[Hold]) -> Part | None:
    """Return a call to the first recipient without an outcome whom no hold stops, except those that are probed."""
    progress = chunks.progress(body.chunk)
    for positions, call in progress.remaining_calls() if progress else []:
        if probed.issuperset(calls.holds.on(call)):
            return positions[:1], Call(call.phones[:1], call.params)
    return None


def _claim(
    body: SendBody, calls: TencentCalls, tallies: SendTallies, only: int | None = None
) -> Attempt | Result:
    """Claim an attempt; if it was claimed before, find out how it ended, and return the result of its message.

    With `only`, the attempt is a probe of the recipient at that position, or makes no call (NO_CALLS).
    """
    key, number = body.chunk, body.attempt
    request = send_requests.get(key.out_id, key.biz_id)
    until = int(calls.deadline) + 1
    tallies.begin(key)
    claimed = chunks.claim(key, number, until, request.expires, only)
    progress = chunks.progress(key)
    if progress is None:
        raise LookupError(f"chunk {key} was queued before it was planned")
    attempt = Attempt(key, number, request, progress, tallies, body.since)
    if claimed:
        return attempt
    if number in progress.done:
        # The function that stored the result, and perhaps those of later attempts, may have died before it added up
        # what it sent. No other message may name the later ones.
        for ended, sent in progress.sent.items():
            if ended >= number:
                tallies.add(key, ended, sent, repeated=True)
        _queue_rest(attempt, calls, tallies, until=progress.claimed[number])
    elif (seconds := progress.claimed[number] - time.time()) > 0:
        # The claimer may still run.
        return later(int(seconds) + 1)
    elif chunks.reclaim(
        key, number, progress.claimed[number], until, request.expires, progress.only.get(number)
    ):
        log.warning("a function died while sending: recovering outcomes", extra=body.to_dict())
        attempt.recover_outcomes()
        _queue_rest(attempt, calls, tallies, until=progress.claimed[number])
    else:
        # Another function has just taken it over, and may run until its own end.
        return later(MIN_SECONDS)
    return DONE


def _calls_left(body: SendBody) -> list[Call]:
    """Return the calls of an attempt, none if it was claimed before: then it only has to be finished."""
    progress = chunks.progress(body.chunk)
    if progress is None or body.attempt in progress.claimed:
        return []
    return [call for _, call in progress.remaining_calls()]


def _queue_rest(
    attempt: Attempt, calls: TencentCalls, tallies: SendTallies, until: int = 0
) -> None:
    """Queue another attempt if recipients wait, and an inquiry about those of unknown outcome.

    The attempt waits at a hold if that stops all calls to them, or at the gate where its request waits. If the request
    is stopped, they fail instead.
    """
    left = [call for _, call in attempt.progress.remaining_calls()]
    if left:
        permit = calls.permits.of(attempt.request)
        if permit.failure:
            _end(attempt.key, calls, tallies, permit.failure)
        else:
            attempt.queue_rest(permit.gate or calls.holds.gate(left) or "")
    _queue_inquiry(attempt, calls, until)


def _queue_inquiry(attempt: Attempt, calls: TencentCalls, until: int = 0) -> None:
    """Queue an inquiry about recipients of unknown outcome, if Tencent keeps records. `until` as in `queue_inquiry`."""
    if calls.keeps_records:
        attempt.queue_inquiry(until)


def _send(attempt: Attempt, calls: TencentCalls, pool: ThreadPoolExecutor) -> None:
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
