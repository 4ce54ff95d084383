"""Work through an SQS batch so that what is done stays done.

A function ends each invocation by `finish`. How it reports messages that come again depends on the queue's event
source mapping, which Chalice can't switch to partial batch responses:

- With BRIDGE_PARTIAL_BATCHES=on, which the deployment sets after it has read the switch back, `finish` returns
  `batchItemFailures`, and Lambda deletes the other messages.
- Otherwise such an answer would delete them all. So finished messages are deleted here, and then the invocation
  fails, which keeps Lambda from deleting the others.

In either case a message that comes again gets its pause first. Where every message is finished, nothing is
deleted here: Lambda does that, at no cost.
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
from chalicelib.queues import sending
from chalicelib.queues.sending import url

# SQS's longest visibility timeout is twelve hours from the message's receipt.
_MAX_VISIBILITY = 12 * 3600 - 300


class UnfinishedError(BridgeError):
    """Some messages of the batch have to come again. Expected: this is how SQS is asked for them."""


@dataclass(frozen=True, slots=True)
class Record:
    """One message as the function gets it. `tries` counts this one; `sent_at` is an epoch."""

    body: str
    handle: str
    tries: int
    sent_at: float
    id: str = ""


class Action(Enum):
    """What is done with a message."""

    DELETE = auto()
    RETRY = auto()
    PUT_BACK = auto()
    DEAD_LETTER = auto()


@dataclass(frozen=True, slots=True)
class Result:
    """What becomes of a message.

    It is done; it comes again in some seconds, with one more try spent; it is put back because nothing was begun,
    with no try spent (`delivery/waiting.py` sets it aside); or it can't succeed and becomes a dead letter.
    """

    action: Action
    seconds: int = 0


DONE = Result(Action.DELETE)
PUT_BACK = Result(Action.PUT_BACK)
DEAD_LETTER = Result(Action.DEAD_LETTER)


def later(seconds: int) -> Result:
    """Return the result of a message that comes again in this many seconds."""
    return Result(Action.RETRY, seconds)


def again(record: Record, retry: Retry) -> Result:
    """Return the result of a message whose work failed: a pause by this rule, a dead letter once it is over."""
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
        log.error("messages that can't succeed", extra={"queue": queue, "messages": len(dead)})
        sending.send_dead(queue, (record.body for record in dead))
    retried = by_action[Action.RETRY]
    if not retried:
        return None
    longest = max(time.time() - record.sent_at for record, _ in retried)
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
        # Its own time ran out meanwhile, so it comes again by itself. The other messages need their pauses.
        log.exception("a message's pause could not be set", extra={"queue": queue})


def _delete(queue: QueueName, done: Sequence[Record]) -> None:
    for first in range(0, len(done), 10):
        aws.sqs().delete_message_batch(
            QueueUrl=url(queue),
            Entries=[
                {"Id": str(number), "ReceiptHandle": record.handle}
                for number, record in enumerate(done[first : first + 10])
            ],
        )
