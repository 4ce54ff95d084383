"""From a queued chunk to Tencent, at most once.

    claim ─▶ calls to Tencent ─▶ store their outcomes
      │
      └── claimed before: wait until it has a result, or its claimer is certainly dead ─▶ recover the outcomes

While Tencent does not answer, no function calls it (`domain/breaker.py`): queued chunks stay queued, since no
call has to be made to learn that another one gets no answer. One function at a time probes, first by a call
that sends nothing, then by one to a single number.

Only the claimer calls Tencent. An attempt that has no result although its claimer is dead is never repeated:
what is stored under its phones counts as sent, and the others are marked as of unknown outcome, for a
callback to settle.
"""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Any

from chalicelib import metrics
from chalicelib.delivery.attempt import Attempt
from chalicelib.delivery.tencent_calls import SIDE, CallResult, Part, TencentCalls
from chalicelib.domain.planning import Call
from chalicelib.errors import ConfigurationError
from chalicelib.logs import log
from chalicelib.queues import receiving
from chalicelib.queues.bodies import SendBody
from chalicelib.queues.receiving import DONE, PUT_BACK, Record, Result, later
from chalicelib.store import breakers, chunks, send_requests
from chalicelib.tencent import v5
from chalicelib.tencent.throttle import throttle

if TYPE_CHECKING:
    from chalicelib.domain.chunks import Outcome

# An invocation begins with at least this much time left: one call and the writes around it.
MIN_SECONDS = 60
# Outcomes that make a full batch of writes; and for how many seconds one waits at most for others.
OUTCOMES_PER_WRITE = 25
MAX_UNRECORDED_SECONDS = 2


def handle(event: Mapping[str, Any], seconds_left: float, functions: int) -> None:
    """Work through an SQS event of the `sends` queue.

    `seconds_left` until Lambda ends the function; `functions` run at once and share the ceilings of calls.
    """
    if seconds_left < MIN_SECONDS:
        raise ConfigurationError(
            f"deliver has {seconds_left:.0f} s: set its lambda_timeout in .chalice/config.json to at least "
            f"{MIN_SECONDS + 1} s, better 300"
        )
    deadline = time.time() + seconds_left
    records = receiving.records(event)
    client = v5.client()
    breaker = breakers.get_open(SIDE)
    if breaker and not (breakers.take_probe(breaker, int(time.time())) and client.is_there()):
        _finish([(record, PUT_BACK) for record in records])
        return
    cautious = breaker is not None
    calls = TencentCalls(
        client, throttle(functions, cautious=cautious), deadline, cautious=cautious
    )
    # While probing, one chunk is enough.
    now, back = (records[:1], records[1:]) if breaker else (records, [])
    _finish([*_chunks(now, calls), *((record, PUT_BACK) for record in back)])


def _finish(results: Sequence[tuple[Record, Result]]) -> None:
    """End the invocation. Messages that are put back come when Tencent is to be tried again."""
    seconds = 1
    back = [record for record, result in results if result is PUT_BACK]
    if back and (breaker := breakers.get_open(SIDE)):
        seconds = breaker.delay(int(time.time()))
        metrics.count(BreakerOpen=1)
        log.warning(
            "nothing is sent for now: Tencent did not answer",
            extra={"messages": len(back), "why": breaker.why},
        )
    receiving.finish("sends", results, seconds)


def _chunks(records: Sequence[Record], calls: TencentCalls) -> Iterator[tuple[Record, Result]]:
    """Process chunks, all at once, each with its result."""
    with (
        ThreadPoolExecutor(calls.throttle.parallel) as call_pool,
        ThreadPoolExecutor(len(records)) as chunk_pool,
    ):
        futures = [chunk_pool.submit(_chunk, record.body, calls, call_pool) for record in records]
        for record, future in zip(records, futures, strict=True):
            try:
                yield record, future.result()
            except Exception:
                log.exception("chunk failed", extra={"chunk": record.body, "tries": record.tries})
                yield record, later(60)


def _chunk(text: str, calls: TencentCalls, pool: ThreadPoolExecutor) -> Result:
    """Process one chunk."""
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
    elif (alive := progress.claimed[number] - time.time()) > 0:
        return later(int(alive) + 1)
    elif chunks.reclaim(key, number, progress.claimed[number], until, request.expires):
        log.warning("a function died while sending: recovering outcomes", extra=body.to_dict())
        attempt.recover_outcomes()
    else:
        # Another function took it over a moment ago, and has until its own end.
        return later(MIN_SECONDS)
    return DONE


def _send(attempt: Attempt, calls: TencentCalls, pool: ThreadPoolExecutor) -> None:
    """Make the calls to all recipients without an outcome.

    Outcomes are stored as they come, not when the last one has come: a status that is already on its way has
    to find its message, and would otherwise be taken for that of an older send.
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
    """Return the calls with one to a single number before them: if it gets no answer, only that number is lost."""
    if not parts:
        return []
    (positions, call), *others = parts
    first = (positions[:1], Call(call.phones[:1], call.params))
    rest = (positions[1:], Call(call.phones[1:], call.params))
    return [first, *([rest] if rest[0] else []), *others]
