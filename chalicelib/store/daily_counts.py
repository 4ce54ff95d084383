"""How many recipients were accepted on each day, for DAILY_LIMIT. Each request counts once, on its first try."""

import random
import time
from typing import Any

from botocore.exceptions import ClientError

from chalicelib import aws, dates
from chalicelib.domain.send_request import SendRequest
from chalicelib.store import table
from chalicelib.store.table import Item

_COUNTER_RETENTION_SECONDS = 3 * 24 * 3600
# Tries at a counter that many requests change at once, and the longest pause between two of them, in seconds.
_TRIES = 20
_PAUSE = 0.25
_CONFLICTS = {"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}


def count(request: SendRequest, recipients: int, limit: int, now: int) -> bool:
    """Count the recipients of a request towards the limit of today (Beijing time); return whether they fit.

    If they don't, nothing is counted. A request that was counted before fits, also on a later day: so a request
    whose function died is not counted twice when it is repeated.
    """
    marker = table.key(f"OUT#{request.out_id}", f"COUNTED#{request.biz_id}")
    if recipients > limit:
        return table.get(marker["pk"], marker["sk"], consistent=True) is not None
    marker |= {"recipients": recipients, "expires": request.expires}
    changes = _changes(
        marker, _counter_key(now), recipients, limit, now + _COUNTER_RETENTION_SECONDS
    )
    for _ in range(_TRIES):
        try:
            aws.dynamodb().transact_write_items(TransactItems=changes)
        except ClientError as error:
            counted, full = _reasons(error)
            if counted == "ConditionalCheckFailed":
                return True
            if full == "ConditionalCheckFailed":
                return False
            if not _CONFLICTS & {counted, full, error.response["Error"]["Code"]}:
                raise
            time.sleep(random.uniform(0, _PAUSE))  # noqa: S311 -- spread, not secrecy
        else:
            return True
    raise TimeoutError("the count of today's recipients was too busy")


def accepted(now: float) -> int:
    """Return how many recipients were counted towards the limit of the day (Beijing time) so far."""
    item = table.get(_counter_key(now)["pk"], "-", consistent=True)
    return item["recipients"] if item else 0


def _counter_key(now: float) -> Item:
    return table.key(f"ACCEPTED#{dates.to_beijing(now)[:10]}", "-")


def _changes(marker: Item, counter: Item, recipients: int, limit: int, expires: int) -> Any:
    """Return the transaction: the marker, unless it exists, and the counter, unless it would exceed the limit."""
    values = {":recipients": recipients, ":most": limit - recipients, ":expires": expires}
    return [
        {
            "Put": {
                "TableName": table.table_name(),
                "Item": table.pack(marker),
                "ConditionExpression": "attribute_not_exists(pk)",
            }
        },
        {
            "Update": {
                "TableName": table.table_name(),
                "Key": table.pack(counter),
                "UpdateExpression": "ADD recipients :recipients SET expires = :expires",
                "ConditionExpression": "attribute_not_exists(recipients) OR recipients <= :most",
                "ExpressionAttributeValues": table.pack(values),
            }
        },
    ]


def _reasons(error: ClientError) -> tuple[str, str]:
    """Return why a transaction was cancelled: for the marker, and for the counter."""
    reasons: Any = error.response.get("CancellationReasons") or [{}, {}]
    marker, counter = (str(reason.get("Code")) for reason in reasons)
    return marker, counter
