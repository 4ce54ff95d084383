"""From a queued chunk to Tencent, at most once.

    claim ─▶ Tencent's calls ─▶ keep what came of them
      │
      └── claimed before: wait until it has a result, or its claimer is certainly dead ─▶ take stock

Where Tencent does not answer, everybody stops (`store/breakers.py`): what is queued stays queued, as no
call has to be made to learn that another one goes without an answer. One function at a time tries
again, first by a call that sends nothing, then by one to a single number.

Only the claimer calls Tencent. An attempt that has no result although its claimer is dead is never
repeated: taking stock keeps as sent what stands under its phone, and marks the others as of unknown
outcome, for a callback to settle.
"""

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Any

from chalicelib import metrics
from chalicelib.campaigns.planning import Call
from chalicelib.errors import ConfigurationError
from chalicelib.functions.attempt import Attempt
from chalicelib.functions.calling import SIDE, Caller, Part
from chalicelib.logs import log
from chalicelib.queues import receiving
from chalicelib.queues.receiving import Record
from chalicelib.store import breakers, campaigns
from chalicelib.store.campaigns import Outcome, Pointer
from chalicelib.tencent import client as tencent
from chalicelib.tencent.line import line

# An invocation begins with this much time left: one call and the writes around it.
LEAST_SECONDS = 60
# So many answers make a full batch of writes; so long at most one waits for others.
NOTED_AT_ONCE = 25
SECONDS_UNNOTED = 2
# What `_chunk` answers where nothing was begun because Tencent does not answer.
_PUT_BACK = -1

_Answer = Future[tuple[dict[int, Outcome], list[Part]]]


def handle(event: Mapping[str, Any], seconds_left: float, functions: int) -> None:
    """Work through an SQS event of the `sends` queue.

    `seconds_left` until Lambda ends the function; so many `functions` share the ceilings of calls.
    """
    if seconds_left < LEAST_SECONDS:
        raise ConfigurationError(
            f"deliver has {seconds_left:.0f} s: set its lambda_timeout in .chalice/config.json to at least "
            f"{LEAST_SECONDS + 1} s, better 300"
        )
    deadline = time.time() + seconds_left
    records = receiving.records(event)
    client = tencent.client()
    breaker = breakers.look(SIDE)
    if breaker and not (breakers.take_probe(breaker, int(time.time())) and client.is_there()):
        _put_back(records)
        return
    cautious = breaker is not None
    caller = Caller(client, line(functions, cautious=cautious), deadline, cautious=cautious)
    now, back = (records[:1], records[1:]) if breaker else (records, [])
    done: list[Record] = []
    later: dict[Record, int] = {}
    for record, seconds in _chunks(now, caller):
        if seconds is None:
            done.append(record)
        elif seconds == _PUT_BACK:
            back.append(record)
        else:
            later[record] = seconds
    if back:
        _put_back(back)
    receiving.finish("sends", done + back, later)


def _put_back(records: Sequence[Record]) -> None:
    """Have messages come when Tencent is to be tried again; none of their tries is spent."""
    breaker = breakers.look(SIDE)
    receiving.put_back("sends", records, breaker.delay(int(time.time())) if breaker else 1)
    if breaker:
        metrics.count(BreakerOpen=1)
        log.warning(
            "nothing is sent for now: Tencent did not answer",
            extra={"messages": len(records), "why": breaker.why},
        )


def _chunks(records: Sequence[Record], caller: Caller) -> Iterable[tuple[Record, int | None]]:
    """Bring chunks on, all at once; answers each with what `_chunk` does."""
    with (
        ThreadPoolExecutor(caller.line.parallel) as calls,
        ThreadPoolExecutor(len(records)) as chunks,
    ):
        futures = [chunks.submit(_chunk, record.body, caller, calls) for record in records]
        for record, future in zip(records, futures, strict=True):
            try:
                yield record, future.result()
            except Exception:
                log.exception("chunk failed", extra={"chunk": record.body, "tries": record.tries})
                yield record, 60


def _chunk(text: str, caller: Caller, pool: ThreadPoolExecutor) -> int | None:
    """Bring one chunk on.

    Answers in how many seconds to look at it again, None when that is not needed, or _PUT_BACK.
    """
    if caller.line.away:
        return _PUT_BACK
    body = json.loads(text)
    pointer, number = Pointer(body["outId"], body["bizId"], body["start"]), int(body["attempt"])
    request = campaigns.request_of(pointer.out_id, pointer.biz_id)
    until = int(caller.deadline) + 1
    claimed = campaigns.claim(pointer, number, until, request.expires)
    progress = campaigns.progress(pointer)
    if progress is None:
        raise LookupError(f"chunk {pointer} was queued before it was planned")
    attempt = Attempt(pointer, number, request, progress)
    if claimed:
        _send(attempt, caller, pool)
    elif number in progress.done:
        attempt.queue_rest()
    elif (alive := progress.claimed[number] - time.time()) > 0:
        return int(alive) + 1
    elif campaigns.reclaim(pointer, number, progress.claimed[number], until, request.expires):
        log.warning("a function died while sending: taking stock", extra=body)
        attempt.take_stock()
    else:
        # Another function took it over a moment ago, and has until its own end.
        return LEAST_SECONDS
    return None


def _send(attempt: Attempt, caller: Caller, pool: ThreadPoolExecutor) -> None:
    """Make the calls to all who have no outcome yet.

    Answers are kept as they come, not when the last has come: a status that is already on its way
    has to find its message, and would otherwise be taken for that of an older send.
    """

    def submit(parts: Iterable[Part]) -> set[_Answer]:
        return {pool.submit(caller.make, attempt.request, *part) for part in parts}

    parts = attempt.progress.waiting()
    if caller.cautious:
        parts = _one_first(parts)
    calls = submit(parts[:1])
    if caller.cautious:
        wait(calls)
    calls |= submit(parts[1:])
    answered: dict[int, Outcome] = {}
    since = time.monotonic()
    while calls:
        done, calls = wait(calls, timeout=SECONDS_UNNOTED, return_when=FIRST_COMPLETED)
        for call in done:
            outcomes, halves = call.result()
            answered |= outcomes
            calls |= submit(halves)
        late = not done or time.monotonic() - since >= SECONDS_UNNOTED
        if len(answered) >= NOTED_AT_ONCE or late:
            attempt.note(answered)
            answered, since = {}, time.monotonic()
    attempt.note(answered)
    attempt.finish()


def _one_first(parts: Sequence[Part]) -> list[Part]:
    """With a call to a single number before all others: should it go without an answer, it costs only that one."""
    if not parts:
        return []
    (positions, call), *others = parts
    first = (positions[:1], Call(call.phones[:1], call.params))
    rest = (positions[1:], Call(call.phones[1:], call.params))
    return [first, *([rest] if rest[0] else []), *others]
