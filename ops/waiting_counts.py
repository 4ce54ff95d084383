"""How many messages wait in a table, off their queues."""

from typing import Any

from chalicelib import aws
from chalicelib.domain.breaker import NAMES
from chalicelib.domain.halts import HOURS
from chalicelib.store import halts, waiting

GATES = (*NAMES, HOURS, waiting.TIME)
"""The gates with fixed names: each breaker, SEND_HOURS, and the time at which a message is due."""

MAX_COUNT = 10_000
"""How many are counted at most. Each costs half a read unit for 4 KB of it."""


def at(table: str, gate: str) -> int:
    """Return how many messages wait at a gate of a table, up to MAX_COUNT; 0 if the table does not exist."""
    return _count(table, waiting.partition(gate))


def shown(count: int) -> str:
    """Return a count for people, with a plus sign if there may be more: `10000+`."""
    return f"{count}+" if count >= MAX_COUNT else str(count)


def paused_requests(table: str) -> int:
    """Return how many requests are paused, or changed a short time ago, so that messages may wait at their gates."""
    return _count(table, halts.LIST)


def _count(table: str, partition: str) -> int:
    client = aws.dynamodb()
    request: dict[str, Any] = {
        "TableName": table,
        "Select": "COUNT",
        "KeyConditionExpression": "pk = :pk",
        "ExpressionAttributeValues": {":pk": {"S": partition}},
    }
    count = 0
    while count < MAX_COUNT:
        try:
            answer = client.query(**request)
        except client.exceptions.ResourceNotFoundException:
            break
        count += answer["Count"]
        if "LastEvaluatedKey" not in answer:
            break
        request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]
    return min(count, MAX_COUNT)
