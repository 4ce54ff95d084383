"""Record pushes that failed, where operators look, and remove the record once the push succeeds.

Imported only if a push of the invocation has failed, now or before: while all succeed at once, nothing is written.
What operators see never decides what becomes of a message that failed.
"""

import time
from collections.abc import Sequence
from dataclasses import replace

from chalicelib.delivery.push_calls import HandledMessage
from chalicelib.domain import push_batches, retries
from chalicelib.logs import log
from chalicelib.queues.bodies import EarlierTries, ReceiptBody
from chalicelib.queues.receiving import Action, Record, Result, again
from chalicelib.store import refused_pushes
from chalicelib.store.refused_pushes import Place, RefusedPush

# With less time left, a failure is not recorded: the messages' pauses and the table's messages come first.
_SECONDS_TO_RECORD = 5
_PLACES: dict[Action, Place] = {
    Action.RETRY: "queue",
    Action.PUT_BACK: "table",
    Action.DEAD_LETTER: "dead letters",
}


def name_of(handled: HandledMessage) -> str:
    """Return the name under which a failed push is recorded: the same whenever its message is queued again."""
    earlier = handled.body.earlier if handled.body else None
    return earlier.name if earlier and earlier.name else handled.record.id


def _tries(handled: HandledMessage) -> int:
    """Return the number of tries of a push that is not accepted.

    A delivery that makes no call counts as none, but one whose function died counts.
    """
    earlier = handled.body.earlier_tries if handled.body else 0
    called = handled.failure is not None and handled.failure.called
    return earlier + handled.record.tries - (0 if called else 1)


def keep(handled: Sequence[HandledMessage], deadline: float) -> list[tuple[Record, Result]]:
    """Record the pushes that failed, and remove the records of those that succeeded after a failure.

    Return each message with its result. A message that leaves its queue carries its tries with it. If a record can't
    be removed, the message comes again, as it does if its receipts can't be recorded as pushed.
    """
    _record([one for one in handled if one.failure and one.body], deadline)
    removed = _remove([one for one in handled if one.done_after_failure])
    return [(_with_tries(one), _result(one, removed=removed)) for one in handled]


def _result(handled: HandledMessage, *, removed: bool) -> Result:
    if handled.done_after_failure and not removed:
        return again(handled.record, retries.PUSH)
    return handled.result


def _with_tries(handled: HandledMessage) -> Record:
    """Return a message with its tries in its body, if it leaves its queue: SQS then counts them from the start."""
    leaves = handled.result.action in (Action.PUT_BACK, Action.DEAD_LETTER)
    if not (leaves and handled.body):
        return handled.record
    earlier = EarlierTries(_tries(handled), name_of(handled))
    return replace(handled.record, body=ReceiptBody.after(handled.record.body, earlier))


def _record(failed: Sequence[HandledMessage], deadline: float) -> None:
    if not failed:
        return
    if deadline - time.time() < _SECONDS_TO_RECORD:
        log.warning("no time left to record failed pushes", extra={"messages": len(failed)})
        return
    try:
        refused_pushes.record(map(_refused, failed))
    except Exception:
        log.exception("failed pushes can't be recorded", extra={"messages": len(failed)})


def _refused(handled: HandledMessage) -> RefusedPush:
    body, failure = handled.body, handled.failure
    if body is None or failure is None:
        raise ValueError("nothing failed")
    now = int(time.time())
    retried = handled.result.action is Action.RETRY
    placed = handled.entries if body.kind == "details" else ()
    positions = push_batches.positions(placed)
    return RefusedPush(
        out_id=body.out_id,
        kind=body.kind,
        name=name_of(handled),
        # A recipient whose number came in two forms has two entries with one position.
        positions={biz_id: sorted(set(numbers)) for biz_id, numbers in positions.items()},
        others=len(handled.entries) - sum(map(len, positions.values())),
        answer=failure.answer,
        tries=_tries(handled),
        tried_at=now,
        next_try=now + handled.result.seconds if retried else 0,
        place=_PLACES[handled.result.action],
    )


def _remove(done: Sequence[HandledMessage]) -> bool:
    """Remove the records of messages that are done; return whether it succeeded."""
    keys = {
        refused_pushes.key(one.body.out_id, one.body.kind, name_of(one)) for one in done if one.body
    }
    if not keys:
        return True
    try:
        refused_pushes.remove(keys)
    except Exception:
        log.exception("records of failed pushes can't be removed", extra={"messages": len(done)})
        return False
    return True
