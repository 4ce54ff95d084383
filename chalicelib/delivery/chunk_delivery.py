"""Deliver one chunk: claim an attempt, call Tencent, and queue what is left.

    claim the attempt ─▶ call Tencent ─▶ store the outcomes ─▶ add up what was sent
      │
      └── claimed before: wait until it has a result, or its claimer is certainly dead ─▶ recover the outcomes

Only the claimer calls Tencent. An attempt without a result whose claimer is dead is never repeated: recipients
with a stored message count as sent, and the others are marked as of unknown outcome, for a callback to settle.

Before all that, a chunk is looked at by itself (`delivery/permits.py`): while its request is paused, or outside
SEND_HOURS, it waits at a gate; if its request is stopped, its recipients fail without a call.
"""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from chalicelib.delivery import waiting
from chalicelib.delivery.attempt import Attempt
from chalicelib.delivery.attempt_calls import make_calls
from chalicelib.delivery.call_results import Answer, Part
from chalicelib.delivery.send_tallies import SendTallies
from chalicelib.delivery.tencent_calls import SIDE, TencentCalls
from chalicelib.domain.breaker import Hold
from chalicelib.domain.chunks import NO_CALLS, ChunkKey
from chalicelib.domain.halts import HOURS
from chalicelib.domain.planning import Call, Failure
from chalicelib.logs import log
from chalicelib.queues.bodies import SendBody
from chalicelib.queues.receiving import DONE, Record, Result, later, put_back
from chalicelib.store import chunks, send_requests
from chalicelib.store.send_requests import UnknownRequestError

# An attempt that another function has just taken over is looked at again after this time.
_TAKEN_OVER_SECONDS = 60


def end_or_park(record: Record, calls: TencentCalls, tallies: SendTallies) -> Result | None:
    """End a chunk, or park it, if no call may begin for its request; return None if calls may begin.

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
    return end_or_park(record, calls, tallies)


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


def deliver_chunk(
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
    make_calls(attempt, calls, pool)
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
    if time.time() >= request.expires:
        # DynamoDB may have deleted its claims and results, and not yet its plan: who was sent to is not known any more.
        raise UnknownRequestError(f"request {key.biz_id} has expired")
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
        return later(_TAKEN_OVER_SECONDS)
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
