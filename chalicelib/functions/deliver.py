"""Send queued chunks to Tencent, at most once.

    claim the attempt ─▶ call Tencent ─▶ store the outcomes
      │
      └── claimed before: wait until it has a result, or its claimer is certainly dead ─▶ recover the outcomes

Only the claimer calls Tencent. An attempt without a result whose claimer is dead is never repeated: recipients
with a stored message count as sent, and the others are marked as of unknown outcome, for a callback to settle.

While Tencent does not answer, a breaker is open (`domain/breaker.py`): no function calls Tencent, and queued
chunks are set aside in the table. One function at a time probes, first by a call that sends nothing, then by a
call to a single number.
"""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Any

from chalicelib import metrics
from chalicelib.delivery import waiting
from chalicelib.delivery.attempt import Attempt
from chalicelib.delivery.tencent_calls import SIDE, CallResult, Part, TencentCalls
from chalicelib.domain import retries
from chalicelib.domain.planning import Call
from chalicelib.errors import ConfigurationError
from chalicelib.logs import log
from chalicelib.queues import receiving
from chalicelib.queues.bodies import SendBody, UnreadableBodyError
from chalicelib.queues.receiving import DEAD_LETTER, DONE, PUT_BACK, Record, Result, again, later
from chalicelib.store import breakers, chunks, send_requests
from chalicelib.store.send_requests import UnknownRequestError
from chalicelib.tencent import v5
from chalicelib.tencent.throttle import throttle

if TYPE_CHECKING:
    from chalicelib.domain.chunks import Outcome

# An invocation needs at least this much time: for one call and the writes around it.
MIN_SECONDS = 60
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
        results = _deliver(records, deadline, functions)
    except Exception:
        # No work began: the parameter store or the table can't be read.
        log.exception("deliver failed")
        results = [(record, again(record, retries.CHUNK)) for record in records]
    return receiving.finish("sends", results)


def _deliver(
    records: Sequence[Record], deadline: float, functions: int
) -> list[tuple[Record, Result]]:
    """Deliver a batch, or set it aside; return each message with its result."""
    client = v5.client()
    breaker = breakers.get_open(SIDE)
    if breaker and not (breakers.take_probe(breaker, int(time.time())) and client.is_reachable()):
        return _set_aside([(record, PUT_BACK) for record in records])
    cautious = breaker is not None
    calls = TencentCalls(
        client, throttle(functions, cautious=cautious), deadline, cautious=cautious
    )
    # One chunk is enough for a probe.
    taken, put_back = (records[:1], records[1:]) if breaker else (records, [])
    return _set_aside(
        [*_deliver_chunks(taken, calls), *((record, PUT_BACK) for record in put_back)]
    )


def _set_aside(results: Sequence[tuple[Record, Result]]) -> list[tuple[Record, Result]]:
    """Set aside the messages on which no work began, until Tencent answers again."""
    back = sum(result is PUT_BACK for _, result in results)
    if back:
        metrics.count(BreakerOpen=1)
        breaker = breakers.get_open(SIDE)
        log.warning(
            "sending is paused: Tencent did not answer",
            extra={"messages": back, "why": breaker.why if breaker else ""},
        )
    return waiting.set_aside(SIDE, "sends", results)


def _deliver_chunks(
    records: Sequence[Record], calls: TencentCalls
) -> Iterator[tuple[Record, Result]]:
    """Deliver chunks concurrently; yield each record with its result."""
    with (
        ThreadPoolExecutor(calls.throttle.parallel) as call_pool,
        ThreadPoolExecutor(len(records)) as chunk_pool,
    ):
        futures = [
            chunk_pool.submit(_deliver_chunk, record.body, calls, call_pool) for record in records
        ]
        for record, future in zip(records, futures, strict=True):
            try:
                yield record, future.result()
            except (UnreadableBodyError, UnknownRequestError):
                log.exception("message can't succeed", extra={"tries": record.tries})
                yield record, DEAD_LETTER
            except Exception:
                log.exception("chunk failed", extra={"chunk": record.body, "tries": record.tries})
                yield record, again(record, retries.CHUNK)


def _deliver_chunk(text: str, calls: TencentCalls, pool: ThreadPoolExecutor) -> Result:
    """Make the attempt that a message of the queue asks for, or find out how an earlier one ended."""
    if calls.throttle.down_reason:
        return PUT_BACK
    body = SendBody.decode(text)
    key, number = body.chunk, body.attempt
    request = send_requests.get(key.out_id, key.biz_id)
    until = int(calls.deadline) + 1
    claimed = chunks.claim(key, number, until, request.expires)
    progress = chunks.progress(key)
    if progress is None:
        raise LookupError(f"chunk {key} was queued before it was planned")
    attempt = Attempt(key, number, request, progress)
    if claimed:
        _send(attempt, calls, pool)
    elif number in progress.done:
        attempt.queue_rest()
    elif (seconds := progress.claimed[number] - time.time()) > 0:
        # The claimer may still run.
        return later(int(seconds) + 1)
    elif chunks.reclaim(key, number, progress.claimed[number], until, request.expires):
        log.warning("a function died while sending: recovering outcomes", extra=body.to_dict())
        attempt.recover_outcomes()
    else:
        # Another function has just taken it over, and may run until its own end.
        return later(MIN_SECONDS)
    return DONE


def _send(attempt: Attempt, calls: TencentCalls, pool: ThreadPoolExecutor) -> None:
    """Make the calls to all recipients without an outcome, and store the outcomes.

    Outcomes are stored as they arrive, not after the last one: Tencent may push a status within seconds, and if
    its message is not stored yet, it could be mistaken for the status of an older send.
    """

    def submit(parts: Iterable[Part]) -> set[Future[CallResult]]:
        return {pool.submit(calls.send, attempt.request, *part) for part in parts}

    parts = attempt.progress.remaining_calls()
    if calls.cautious:
        parts = _single_first(parts)
    pending = submit(parts[:1])
    if calls.cautious:
        wait(pending)
    pending |= submit(parts[1:])
    unrecorded: dict[int, Outcome] = {}
    since = time.monotonic()
    while pending:
        done, pending = wait(pending, timeout=MAX_UNRECORDED_SECONDS, return_when=FIRST_COMPLETED)
        for future in done:
            result = future.result()
            unrecorded |= result.outcomes
            pending |= submit(result.instead)
        late = not done or time.monotonic() - since >= MAX_UNRECORDED_SECONDS
        if len(unrecorded) >= OUTCOMES_PER_WRITE or late:
            attempt.record_outcomes(unrecorded)
            unrecorded, since = {}, time.monotonic()
    attempt.record_outcomes(unrecorded)
    attempt.finish()


def _single_first(parts: Sequence[Part]) -> list[Part]:
    """Return the calls with a call to a single number before them.

    If that call gets no answer, only one recipient is of unknown outcome.
    """
    if not parts:
        return []
    (positions, call), *others = parts
    first = (positions[:1], Call(call.phones[:1], call.params))
    rest = (positions[1:], Call(call.phones[1:], call.params))
    return [first, *([rest] if rest[0] else []), *others]
