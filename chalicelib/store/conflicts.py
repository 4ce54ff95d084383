"""Writes that meet a transaction on the same item: DynamoDB refuses one of the two."""

import random
import time
from collections.abc import Callable
from typing import Any, cast

from botocore.exceptions import ClientError

# Seconds before the second and the third try.
_PAUSES = (0.05, 0.2)


def retried(write: Callable[[], Any]) -> None:
    """Make a write; try again, twice, if another transaction was changing an item of it at that moment.

    DynamoDB then changes nothing, and boto3 does not try again by itself.
    """
    for pause in _PAUSES:
        try:
            write()
        except ClientError as error:
            if not _met_transaction(error):
                raise
            time.sleep(random.uniform(pause / 2, pause))  # noqa: S311 -- spread, not secrecy
        else:
            return
    write()


def _met_transaction(error: ClientError) -> bool:
    found = reasons(error)
    return error.response["Error"]["Code"] == "TransactionConflictException" or (
        "TransactionConflict" in found and "ConditionalCheckFailed" not in found
    )


def reasons(error: ClientError) -> set[str]:
    """Return the codes of the reasons for which a transaction was cancelled; empty for other errors."""
    found = cast("list[dict[str, str]]", error.response.get("CancellationReasons", []))
    return {reason.get("Code", "None") for reason in found}
