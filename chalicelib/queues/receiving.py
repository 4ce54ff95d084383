"""Work through an SQS batch so that what is done stays done.

Chalice can't switch on partial batch responses, and without the switch a returned `batchItemFailures` loses
messages. So finished messages are deleted here, the others get the time at which they come again, and only
then does the invocation fail, which keeps Lambda from deleting them. When every message is finished, nothing
is deleted here: Lambda does that, at no cost.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from chalicelib import aws
from chalicelib.errors import BridgeError
from chalicelib.queues import sending
from chalicelib.queues.sending import Queue, url

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


class Action(Enum):
    """What is done with a message."""

    DELETE = auto()
    RETRY = auto()
    PUT_BACK = auto()


@dataclass(frozen=True, slots=True)
class Result:
    """What becomes of a message: it is done, comes again later, or is put back because nothing was begun.

    A message that is put back is queued again as a copy, so that none of its tries is spent.
    """

    action: Action
    seconds: int = 0


DONE = Result(Action.DELETE)
PUT_BACK = Result(Action.PUT_BACK)


def later(seconds: int) -> Result:
    """Return the result of a message that comes again in this many seconds, with one more try spent."""
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
    """End an invocation. Messages that are put back come in `put_back_seconds`.

    Raises UnfinishedError if a message comes again later.
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
