"""Put messages on the queues, in as few requests as SQS allows."""

import functools
from collections.abc import Iterable, Iterator
from typing import Any

from chalicelib import aws, settings
from chalicelib.domain.queue_names import QueueName
from chalicelib.errors import BridgeError
from chalicelib.queues.bodies import Body

# SendMessageBatch: ten messages, together 256 KiB (the older and lower of the limits that AWS has published).
_MAX_MESSAGES = 10
_MAX_BYTES = 256 * 1024
# SQS's longest delay.
MAX_DELAY = 900


class NotQueuedError(BridgeError):
    """SQS did not accept a message after several tries."""


def send(queue: QueueName, bodies: Iterable[Body], *, delay: int = 0) -> None:
    """Queue messages; return only when SQS has accepted all of them. `delay` is in seconds, MAX_DELAY at most.

    Raises NotQueuedError. A message may be queued twice if an answer of SQS gets lost.
    """
    send_texts(queue, (body.encode() for body in bodies), delay=delay)


def send_texts(queue: QueueName, texts: Iterable[str], *, delay: int = 0) -> None:
    """Queue messages by their texts, such as copies of received messages. Raises NotQueuedError."""
    _send(queue, texts, delay)


def send_dead(queue: QueueName, texts: Iterable[str]) -> None:
    """Put messages on the dead-letter queue of a queue. Raises NotQueuedError."""
    _send(f"{queue}-dead", texts, 0)


def _send(queue: str, texts: Iterable[str], delay: int) -> None:
    for batch in _batches(texts):
        entries: list[Any] = [
            {"Id": str(number), "MessageBody": body, "DelaySeconds": min(delay, MAX_DELAY)}
            for number, body in enumerate(batch)
        ]
        for _ in range(3):
            failed = (
                aws.sqs().send_message_batch(QueueUrl=url(queue), Entries=entries).get("Failed", [])
            )
            if not failed:
                break
            again = {failure["Id"] for failure in failed}
            entries = [entry for entry in entries if entry["Id"] in again]
        else:
            raise NotQueuedError(
                f"{queue}: SQS refused {len(entries)} messages: {failed[0].get('Message', '')}"
            )


@functools.cache
def url(queue: str) -> str:
    """Return the URL of this stage's queue."""
    return aws.sqs().get_queue_url(QueueName=settings.load().queue_prefix + queue)["QueueUrl"]


def _batches(bodies: Iterable[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    size = 0
    for body in bodies:
        length = len(body.encode())
        if batch and (len(batch) == _MAX_MESSAGES or size + length > _MAX_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(body)
        size += length
    if batch:
        yield batch
