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
    if recipients > limit:
        marker = _marker(request, recipients)
        return table.get(marker["pk"], marker["sk"], consistent=True) is not None
    changes: Any = [mark_counted(request, recipients), add(recipients, limit, now)]
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
    """Return how many recipients were counted on the day (Beijing time) of an epoch."""
    counter = table.get(f"ACCEPTED#{_day(now)}", "-", consistent=True)
    return counter["recipients"] if counter else 0


def mark_counted(request: SendRequest, recipients: int) -> dict[str, Any]:
    """Return the action of a transaction that marks a request as counted, unless it is."""
    return {
        "Put": {
            "TableName": table.table_name(),
            "Item": table.pack(_marker(request, recipients)),
            "ConditionExpression": "attribute_not_exists(pk)",
        }
    }


def add(recipients: int, limit: int, now: int) -> dict[str, Any]:
    """Return the action of a transaction that counts recipients towards the limit of today (Beijing time).

    It fails if they would exceed the limit. They must not exceed it alone.
    """
    values = {
        ":recipients": recipients,
        ":most": limit - recipients,
        ":expires": now + _COUNTER_RETENTION_SECONDS,
    }
    return {
        "Update": {
            "TableName": table.table_name(),
            "Key": table.pack(table.key(f"ACCEPTED#{_day(now)}", "-")),
            "UpdateExpression": "ADD recipients :recipients SET expires = :expires",
            "ConditionExpression": "attribute_not_exists(recipients) OR recipients <= :most",
            "ExpressionAttributeValues": table.pack(values),
        }
    }


def _marker(request: SendRequest, recipients: int) -> Item:
    return table.key(f"OUT#{request.out_id}", f"COUNTED#{request.biz_id}") | {
        "recipients": recipients,
        "expires": request.expires,
    }


def _day(now: float) -> str:
    return dates.to_beijing(now)[:10]


def _reasons(error: ClientError) -> tuple[str, str]:
    """Return why a transaction was cancelled: for the marker, and for the counter."""
    reasons: Any = error.response.get("CancellationReasons") or [{}, {}]
    marker, counter = (str(reason.get("Code")) for reason in reasons)
    return marker, counter
