"""From a queued chunk to Tencent, at most once.

    claim ─▶ Tencent's calls ─▶ keep what came of them
      │
      └── claimed before: wait until it has a result, or its claimer is certainly dead ─▶ take stock

Only the claimer calls Tencent. An attempt that has no result although its claimer is dead is never
repeated: taking stock keeps as sent what stands under its phone, and marks the others as of unknown
outcome, for a callback to settle.
"""

import json
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Any

from chalicelib.campaigns.planning import Call, Failure
from chalicelib.errors import ConfigurationError
from chalicelib.functions.attempt import Attempt
from chalicelib.logs import clean, log
from chalicelib.queues import receiving
from chalicelib.store import campaigns
from chalicelib.store.campaigns import Outcome, Pointer, Request
from chalicelib.tencent import client as tencent
from chalicelib.tencent.codes import Kind, explain, meaning

if TYPE_CHECKING:
    from chalicelib.queues.receiving import Record

# An invocation begins with this much time left, a call with this much: what a call may take (20 s)
# and the writes after it, so that no function is ended between a call and the record of its answer.
LEAST_SECONDS = 60
SECONDS_FOR_A_CALL = 30
# So many answers make a full batch of writes; so long at most one waits for others.
NOTED_AT_ONCE = 25
SECONDS_UNNOTED = 2

_Part = tuple[list[int], Call]
"""Positions, and the call to them."""
_Answer = Future[tuple[dict[int, Outcome], list[_Part]]]


def handle(event: Mapping[str, Any], seconds_left: float) -> None:
    """Work through an SQS event of the `sends` queue. `seconds_left` until Lambda ends the function."""
    if seconds_left < LEAST_SECONDS:
        raise ConfigurationError(
            f"deliver has {seconds_left:.0f} s: set its lambda_timeout in .chalice/config.json to at least "
            f"{LEAST_SECONDS + 1} s, better 300"
        )
    deadline = time.time() + seconds_left
    client = tencent.client()
    done: list[Record] = []
    later: dict[Record, int] = {}
    records = receiving.records(event)
    with ThreadPoolExecutor(tencent.PARALLEL) as calls, ThreadPoolExecutor(len(records)) as chunks:
        futures = {
            record: chunks.submit(_chunk, record.body, deadline, client, calls)
            for record in records
        }
        for record, future in futures.items():
            try:
                seconds = future.result()
            except Exception:
                log.exception("chunk failed", extra={"chunk": record.body, "tries": record.tries})
                seconds = 60
            if seconds is None:
                done.append(record)
            else:
                later[record] = seconds
    receiving.finish("sends", done, later)


def _chunk(
    text: str, deadline: float, client: tencent.Client, pool: ThreadPoolExecutor
) -> int | None:
    """Bring one chunk on; answers in how many seconds to look at it again, or None when that is not needed."""
    body = json.loads(text)
    pointer, number = Pointer(body["outId"], body["bizId"], body["start"]), int(body["attempt"])
    request = campaigns.request_of(pointer.out_id, pointer.biz_id)
    until = int(deadline) + 1
    claimed = campaigns.claim(pointer, number, until, request.expires)
    progress = campaigns.progress(pointer)
    if progress is None:
        raise LookupError(f"chunk {pointer} was queued before it was planned")
    attempt = Attempt(pointer, number, request, progress)
    if claimed:
        _send(attempt, client, deadline, pool)
    elif number in progress.done:
        attempt.queue_rest()
    elif (alive := progress.claimed[number] - time.time()) > 0:
        return int(alive) + 1
    elif campaigns.reclaim(pointer, number, progress.claimed[number], until, request.expires):
        log.warning("a function died while sending: taking stock", extra={"chunk": body})
        attempt.take_stock()
    else:
        # Another function took it over a moment ago, and has until its own end.
        return LEAST_SECONDS
    return None


def _send(
    attempt: Attempt, client: tencent.Client, deadline: float, pool: ThreadPoolExecutor
) -> None:
    """Make the calls to all who have no outcome yet.

    Answers are kept as they come, not when the last has come: a status that is already on its way
    has to find its message, and would otherwise be taken for that of an older send.
    """

    def submit(parts: Iterable[_Part]) -> set[_Answer]:
        return {pool.submit(_call, client, attempt.request, deadline, *part) for part in parts}

    calls = submit(attempt.progress.waiting())
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


def _call(
    client: tencent.Client, request: Request, deadline: float, positions: list[int], call: Call
) -> tuple[dict[int, Outcome], list[_Part]]:
    """Make one call; answers what came of it, and calls that are to be made instead.

    Positions that are in neither certainly got nothing and may try again in another attempt.
    """
    if deadline - time.time() < SECONDS_FOR_A_CALL:
        return {}, []
    try:
        results = client.send(call, sign=request.sign, tpl_id=request.tpl_id)
    except tencent.NotSentError as error:
        log.warning("Tencent not reached", extra={"why": clean(str(error))})
        return {}, []
    except tencent.CallRefusedError as error:
        if error.meaning.kind is Kind.WAIT:
            return {}, []
        if error.meaning.kind is Kind.NUMBER and len(positions) > 1:
            # A bulk call turned away for the sake of one number, and no word of which. Nothing was
            # sent, so its halves may be tried, down to the number that it is.
            middle = len(positions) // 2
            return {}, [
                (positions[:middle], Call(call.phones[:middle], call.params)),
                (positions[middle:], Call(call.phones[middle:], call.params)),
            ]
        return dict.fromkeys(positions, Failure(error.meaning.aliyun, error.explain())), []
    except Exception as error:
        # Whatever else went wrong may have gone wrong after the request left.
        if not isinstance(error, tencent.OutcomeUnknownError):
            log.exception("unexpected error in a call to Tencent")
        log.warning("outcome unknown", extra={"why": clean(str(error)), "numbers": len(positions)})
        return dict.fromkeys(positions), []
    return {
        position: _outcome(result)
        for position, result in zip(positions, results, strict=True)
        if not (isinstance(result, tencent.Turned) and meaning(result.code).kind is Kind.WAIT)
    }, []


def _outcome(result: tencent.NumberResult) -> Outcome:
    if isinstance(result, tencent.Accepted):
        return result.sid
    if isinstance(result, tencent.Turned):
        return Failure(meaning(result.code).aliyun, explain(result.code, result.said))
    return None
