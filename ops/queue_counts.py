"""The stage's queues: how many messages each one holds."""

from collections.abc import Mapping
from typing import get_args

from chalicelib import aws
from chalicelib.domain.queue_names import QueueName
from chalicelib.queues import sending

QUEUES: tuple[QueueName, ...] = get_args(QueueName)
ALL = tuple(name for queue in QUEUES for name in (queue, f"{queue}-dead"))
"""The names of all queues, dead-letter queues included."""


def attributes(queue: str) -> Mapping[str, str]:
    """Return SQS's attributes of a queue. Raises ClientError."""
    answer = aws.sqs().get_queue_attributes(QueueUrl=sending.url(queue), AttributeNames=["All"])
    return {str(name): value for name, value in answer["Attributes"].items()}


def count(queue: str) -> int:
    """Return how many messages a queue holds, including those in flight and the delayed ones."""
    found = attributes(queue)
    states = ("", "NotVisible", "Delayed")
    return sum(int(found[f"ApproximateNumberOfMessages{state}"]) for state in states)


def dead() -> dict[QueueName, int]:
    """Return how many dead letters each queue has."""
    return {queue: count(f"{queue}-dead") for queue in QUEUES}
