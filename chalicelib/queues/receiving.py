"""Working through an SQS batch so that what is done stays done.

Chalice can't switch on partial batch responses, and without the switch a returned
`batchItemFailures` loses messages. So what is finished is deleted here, what failed is given its
time to come back, and only then is the invocation failed, which keeps Lambda from deleting the rest.
Where everything is finished nothing is deleted here: Lambda does that, at no cost.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib import aws
from chalicelib.errors import BridgeError
from chalicelib.queues import sending
from chalicelib.queues.sending import Queue, url

# SQS's longest visibility timeout is twelve hours from the message's receipt.
_MOST_VISIBILITY = 12 * 3600 - 300


class UnfinishedError(BridgeError):
    """Some messages of the batch have to come again. Expected: SQS is asked for them by this."""


@dataclass(frozen=True, slots=True)
class Record:
    """One message as the function gets it. `tries` counts this one."""

    body: str
    handle: str
    tries: int
    sent_at: float


def records(event: Mapping[str, Any]) -> list[Record]:
    """The messages of an SQS event."""
    return [
        Record(
            body=record["body"],
            handle=record["receiptHandle"],
            tries=int(record["attributes"]["ApproximateReceiveCount"]),
            sent_at=int(record["attributes"]["SentTimestamp"]) / 1000,
        )
        for record in event["Records"]
    ]


def put_back(queue: Queue, put_back: Sequence[Record], delay: int) -> None:
    """Queue messages anew, to come after `delay` seconds; they count as done afterwards.

    For work that can't be done now through no fault of its own: a copy has all its tries before it.
    """
    sending.send_texts(queue, (record.body for record in put_back), delay=delay)


def finish(queue: Queue, done: Sequence[Record], later: Mapping[Record, int]) -> None:
    """End an invocation: `later` comes back after that many seconds. Raises UnfinishedError if there is any."""
    if not later:
        return
    for first in range(0, len(done), 10):
        aws.sqs().delete_message_batch(
            QueueUrl=url(queue),
            Entries=[
                {"Id": str(number), "ReceiptHandle": record.handle}
                for number, record in enumerate(done[first : first + 10])
            ],
        )
    for record, seconds in later.items():
        aws.sqs().change_message_visibility(
            QueueUrl=url(queue),
            ReceiptHandle=record.handle,
            VisibilityTimeout=min(int(seconds), _MOST_VISIBILITY),
        )
    raise UnfinishedError(f"{queue}: {len(later)} of {len(done) + len(later)} messages come again")
