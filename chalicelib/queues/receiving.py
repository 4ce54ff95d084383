"""Receive the messages of an SQS event, and end the invocation so that only unfinished ones come again.

Chalice can't enable partial batch responses, and without them Lambda would ignore a returned `batchItemFailures`
and delete unfinished messages. So `finish` deletes the finished messages itself, sets the time at which the
others come again, and then raises, which keeps Lambda from deleting those. If every message is finished, it
deletes nothing: Lambda does that, at no cost.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from chalicelib import aws
from chalicelib.errors import BridgeError
from chalicelib.queues import sending
from chalicelib.queues.sending import Queue, url

# SQS's longest visibility timeout is twelve hours from the time at which the message was received.
_MAX_VISIBILITY = 12 * 3600 - 300


class UnfinishedError(BridgeError):
    """Some messages of the batch have to come again. This is no failure: raising it makes SQS deliver them again."""


@dataclass(frozen=True, slots=True)
class Record:
    """One message as Lambda delivers it.

    `handle` identifies this delivery to SQS; `tries` counts the deliveries, this one included; `sent_at` is the
    epoch at which the message was queued.
    """

    body: str
    handle: str
    tries: int
    sent_at: float


class Action(Enum):
    """What `finish` does with a message."""

    DELETE = auto()
    RETRY = auto()
    PUT_BACK = auto()


@dataclass(frozen=True, slots=True)
class Result:
    """The result of a message: it is done, it comes again in `seconds`, or it is put back.

    A message is put back if no work on it began: a copy of it is queued, which has all its tries.
    """

    action: Action
    seconds: int = 0


DONE = Result(Action.DELETE)
PUT_BACK = Result(Action.PUT_BACK)


def later(seconds: int) -> Result:
    """Return the result of a message that comes again in this many seconds and has used up a try."""
    return Result(Action.RETRY, seconds)


def records(event: Mapping[str, Any]) -> list[Record]:
    """Return the messages of an SQS event."""
    return [
        Record(
            body=record["body"],
            handle=record["receiptHandle"],
            tries=int(record["attributes"]["ApproximateReceiveCount"]),
            sent_at=int(record["attributes"]["SentTimestamp"]) / 1000,
        )
        for record in event["Records"]
    ]


def finish(
    queue: Queue, results: Iterable[tuple[Record, Result]], put_back_seconds: int = 1
) -> None:
    """End an invocation. Messages that are put back come again in `put_back_seconds`.

    Raises UnfinishedError if a message has to come again later.
    """
    by_action: dict[Action, list[tuple[Record, int]]] = {action: [] for action in Action}
    for record, result in results:
        by_action[result.action].append((record, result.seconds))
    back = [record for record, _ in by_action[Action.PUT_BACK]]
    if back:
        sending.send_texts(queue, (record.body for record in back), delay=put_back_seconds)
    again = by_action[Action.RETRY]
    if not again:
        return
    done = [record for record, _ in by_action[Action.DELETE]] + back
    _delete(queue, done)
    for record, seconds in again:
        aws.sqs().change_message_visibility(
            QueueUrl=url(queue),
            ReceiptHandle=record.handle,
            VisibilityTimeout=min(int(seconds), _MAX_VISIBILITY),
        )
    raise UnfinishedError(f"{queue}: {len(again)} of {len(done) + len(again)} messages come again")


def _delete(queue: Queue, done: Sequence[Record]) -> None:
    for first in range(0, len(done), 10):
        aws.sqs().delete_message_batch(
            QueueUrl=url(queue),
            Entries=[
                {"Id": str(number), "ReceiptHandle": record.handle}
                for number, record in enumerate(done[first : first + 10])
            ],
        )
