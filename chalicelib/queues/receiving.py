"""Receive the messages of an SQS event, and end the invocation so that only unfinished ones come again.

A function ends each invocation by `finish`. First, each unfinished message gets the pause after which it comes
again. How `finish` then reports them depends on the queue's event source mapping, for which Chalice can't enable
partial batch responses:

- With BRIDGE_PARTIAL_BATCHES=on, which the deployment sets once it has read back that they are enabled, `finish`
  returns `batchItemFailures`, and Lambda deletes the other messages.
- Otherwise Lambda would ignore that answer and delete all messages. So `finish` deletes the finished ones itself
  and then raises, which keeps Lambda from deleting the others.

If every message is finished, `finish` deletes nothing: Lambda does that, at no cost.
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from botocore.exceptions import ClientError

from chalicelib import aws, metrics, settings
from chalicelib.domain.queue_names import QueueName
from chalicelib.domain.retries import Retry
from chalicelib.errors import BridgeError
from chalicelib.logs import log
from chalicelib.queues import bodies, sending
from chalicelib.queues.sending import url

# SQS's longest visibility timeout is twelve hours from the time at which the message was received.
_MAX_VISIBILITY = 12 * 3600 - 300


class UnfinishedError(BridgeError):
    """Some messages of the batch have to come again. This is no failure: raising it makes SQS deliver them again."""


@dataclass(frozen=True, slots=True)
class Record:
    """One message as Lambda delivers it.

    `handle` identifies this delivery to SQS; `tries` counts the deliveries, this one included; `sent_at` is the
    epoch at which the message was queued; `id` is the message's id at SQS.
    """

    body: str
    handle: str
    tries: int
    sent_at: float
    id: str = ""

    @property
    def since(self) -> float:
        """Return the epoch since which its work waits: a message that was queued again is as old as the first one."""
        since = bodies.since_of(self.body)
        return self.sent_at if since is None else since


class Action(Enum):
    """What is done with a message."""

    DELETE = auto()
    RETRY = auto()
    PUT_BACK = auto()
    DEAD_LETTER = auto()


@dataclass(frozen=True, slots=True)
class Result:
    """The result of a message.

    DELETE: it is done. RETRY: it comes again in `seconds` and has used up a try. PUT_BACK: no work on it began, so
    it keeps all its tries (`delivery/waiting.py` sets it aside, at a `gate`). DEAD_LETTER: it can't succeed.
    """

    action: Action
    seconds: int = 0
    gate: str = ""


DONE = Result(Action.DELETE)
DEAD_LETTER = Result(Action.DEAD_LETTER)


def later(seconds: int) -> Result:
    """Return the result of a message that comes again in this many seconds."""
    return Result(Action.RETRY, seconds)


def put_back(gate: str) -> Result:
    """Return the result of a message on which no work began: it waits until a gate opens."""
    return Result(Action.PUT_BACK, gate=gate)


def again(record: Record, retry: Retry) -> Result:
    """Return the result of a message whose work failed: it comes again after the rule's pause.

    Once the rule allows no more tries, it becomes a dead letter.
    """
    pause = retry.pause(record.tries, time.time() - record.sent_at)
    return DEAD_LETTER if pause is None else later(pause)


def records(event: Mapping[str, Any]) -> list[Record]:
    """Return the messages of an SQS event."""
    return [
        Record(
            body=record["body"],
            handle=record["receiptHandle"],
            tries=int(record["attributes"]["ApproximateReceiveCount"]),
            sent_at=int(record["attributes"]["SentTimestamp"]) / 1000,
            id=record["messageId"],
        )
        for record in event["Records"]
    ]


def finish(
    queue: QueueName, results: Iterable[tuple[Record, Result]]
) -> dict[str, list[dict[str, str]]] | None:
    """End an invocation; return what its handler returns to Lambda.

    Raises UnfinishedError if a message comes again and partial batch responses are off.
    """
    by_action: dict[Action, list[tuple[Record, int]]] = {action: [] for action in Action}
    for record, result in results:
        by_action[result.action].append((record, result.seconds))
    if back := by_action[Action.PUT_BACK]:
        raise ValueError(f"{queue}: {len(back)} messages to put back were not set aside")
    dead = [record for record, _ in by_action[Action.DEAD_LETTER]]
    if dead:
        log.error("messages became dead letters", extra={"queue": queue, "messages": len(dead)})
        sending.send_dead(queue, (record.body for record in dead))
    retried = by_action[Action.RETRY]
    if not retried:
        return None
    longest = max(time.time() - record.since for record, _ in retried)
    metrics.longest_wait(queue, longest)
    for record, seconds in retried:
        _pause(queue, record, seconds)
    if settings.load().partial_batches == "on":
        return {"batchItemFailures": [{"itemIdentifier": record.id} for record, _ in retried]}
    done = [record for record, _ in by_action[Action.DELETE]] + dead
    _delete(queue, done)
    raise UnfinishedError(
        f"{queue}: {len(retried)} of {len(done) + len(retried)} messages come again"
    )


def _pause(queue: QueueName, record: Record, seconds: int) -> None:
    try:
        aws.sqs().change_message_visibility(
            QueueUrl=url(queue),
            ReceiptHandle=record.handle,
            VisibilityTimeout=min(int(seconds), _MAX_VISIBILITY),
        )
    except ClientError:
        # Its visibility timeout has ended meanwhile, so it comes again anyway. The others still need their pauses.
        log.exception("the pause of a message could not be set", extra={"queue": queue})


def _delete(queue: QueueName, done: Sequence[Record]) -> None:
    for first in range(0, len(done), 10):
        aws.sqs().delete_message_batch(
            QueueUrl=url(queue),
            Entries=[
                {"Id": str(number), "ReceiptHandle": record.handle}
                for number, record in enumerate(done[first : first + 10])
            ],
        )
