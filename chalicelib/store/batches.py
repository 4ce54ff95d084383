"""Operations on many items of the table at once, in as few requests as DynamoDB allows.

DynamoDB may leave some items of a batch undone. If it throttles all of them, it refuses the call instead. Either
way, the rest is tried again after growing pauses.
"""

import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib import aws
from chalicelib.logs import log
from chalicelib.store import attributes, table
from chalicelib.store.table import Item, Key

T = TypeVar("T")

# The limits of BatchWriteItem and BatchGetItem.
_MAX_WRITES = 25
_MAX_READS = 100
# Tries, of which the last comes after about 12 seconds; and seconds after which there is no other try. boto3's own
# retries of a call that is throttled come on top.
_TRIES = 8
_MAX_SECONDS = 15
_FIRST_PAUSE = 0.05
_JITTER = 0.5
# Errors of a call that is throttled as a whole: none of its items was read or written.
_THROTTLED = {
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "ThrottlingException",
}
# Temporary errors of a statement in a batch, which is then retried.
_RETRYABLE = {
    "InternalServerError",
    "ProvisionedThroughputExceeded",
    "RequestLimitExceeded",
    "ThrottlingError",
    "TransactionConflict",
}


def get(keys: Iterable[Key], *, consistent: bool = False) -> dict[Key, Item]:
    """Return many items by key. Items that do not exist are left out."""
    distinct = list(dict.fromkeys(keys))
    found: dict[Key, Item] = {}

    def read(request: Any) -> Any:
        answer = aws.dynamodb().batch_get_item(RequestItems=request)
        for raw in answer["Responses"].get(table.table_name(), []):
            item = table.unpack(raw)
            found[item["pk"], item["sk"]] = item
        return answer.get("UnprocessedKeys")

    for part in _slices(distinct, _MAX_READS):
        packed = [table.pack(table.key(*pair)) for pair in part]
        request = {table.table_name(): {"Keys": packed, "ConsistentRead": consistent}}
        if _until_done(request, read):
            raise TimeoutError("DynamoDB did not return all items of a batch after several tries")
    return found


def put(items: Sequence[Item]) -> None:
    """Write many items with distinct keys. Existing items are overwritten."""
    _write([_put_request(item) for item in items])


def delete(keys: Sequence[Key]) -> None:
    """Delete many items with distinct keys, as far as they exist."""
    _write([{"DeleteRequest": {"Key": table.pack(table.key(*one))}} for one in keys])


def _write(requests: Sequence[Any]) -> None:
    def write(request: Any) -> Any:
        return aws.dynamodb().batch_write_item(RequestItems=request).get("UnprocessedItems")

    for part in _slices(requests, _MAX_WRITES):
        if _until_done({table.table_name(): list(part)}, write):
            raise TimeoutError("DynamoDB did not write all items of a batch after several tries")


def put_new(items: Sequence[Item]) -> None:
    """Write many items that only this caller creates, without overwriting what others have added to them since.

    A batch write can't be conditional. If its answer is lost, the items may have been written, and others may have
    changed them since (by adding a receipt to a message); repeating the batch would undo that. So a batch is tried
    again only for items that were certainly not written. Items that may have been written are written one by one,
    each unless it exists.
    """

    def write(request: Any) -> Any:
        return aws.dynamodb_once().batch_write_item(RequestItems=request).get("UnprocessedItems")

    for part in _slices(items, _MAX_WRITES):
        request: Any = {table.table_name(): [_put_request(item) for item in part]}
        try:
            uncertain = _until_done(request, write)
        except (BotoCoreError, ClientError):
            uncertain = request
        for entry in (uncertain or {}).get(table.table_name(), []):
            table.put_new(table.unpack(entry["PutRequest"]["Item"]))


class Exchanged(NamedTuple):
    """The value of an attribute after `exchange`. `now` means that this call has certainly set it."""

    value: Any
    now: bool


def exchange(name: str, old: Any, values: Mapping[Key, Any]) -> dict[Key, Exchanged]:
    """Set an attribute of many items, each only if the attribute still has the value `old`.

    Return the value of each item afterwards, whether it was set by this call or by another. Items that do not exist
    are left out. If several callers set the same item, one of them succeeds. If an answer is lost, a value counts as
    set before that this very call has set; where that matters, the value contains a token of its writer.

    This uses PartiQL statements in a batch, which can be conditional and cost one write unit each. BatchWriteItem has
    no conditions, and transactions cost twice as much.
    """
    current: dict[Key, Exchanged] = {}
    left = dict(values)
    # The table's and the attribute's name come from this code; every value is a parameter.
    statement = (
        f'UPDATE "{table.table_name()}" SET "{name}"=? WHERE "pk"=? AND "sk"=? AND "{name}"=?'  # noqa: S608
    )

    def update(keys: Sequence[Key]) -> None:
        statements: Any = [
            {
                "Statement": statement,
                "Parameters": [attributes.write(value) for value in (left[key], *key, old)],
                "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            }
            for key in keys
        ]
        answer = aws.dynamodb().batch_execute_statement(Statements=statements)
        for key, response in zip(keys, answer["Responses"], strict=True):
            error = response.get("Error", {})
            code = error.get("Code")
            if code in _RETRYABLE:
                continue
            if code is None:
                current[key] = Exchanged(left[key], now=True)
            elif code != "ConditionalCheckFailed":
                raise RuntimeError(f"DynamoDB refused a write: {code}: {error['Message']}")
            elif item := _existing_item(key, error):
                current[key] = Exchanged(item[name], now=False)
            del left[key]

    def update_left(_: Any) -> Any:
        for part in _slices(list(left), _MAX_WRITES):
            update(part)
        return left

    if _until_done(left, update_left):
        raise TimeoutError("DynamoDB did not write all items of a batch after several tries")
    return current


def _existing_item(key: Key, error: Mapping[str, Any]) -> Item | None:
    """Return the item whose condition failed. It is read if DynamoDB did not return it with the error."""
    return table.unpack(error["Item"]) if "Item" in error else table.get(*key, consistent=True)


def _until_done(request: Any, call: Callable[[Any], Any]) -> Any:
    """Make a batch call, and again with what it leaves undone; return what is still undone after the last try.

    Errors other than throttling are raised.
    """
    began = time.monotonic()
    for tries in range(_TRIES):
        if tries:
            pause = _FIRST_PAUSE * 2 ** (tries - 1)
            time.sleep(pause * random.uniform(1 - _JITTER, 1 + _JITTER))  # noqa: S311 -- spread, not secrecy
        try:
            request = call(request)
        except ClientError as error:
            if error.response["Error"]["Code"] not in _THROTTLED:
                raise
            log.warning(
                "DynamoDB throttles a whole batch",
                extra={"tries": tries + 1, "reasons": error.response.get("ThrottlingReasons", [])},
            )
        if not request or time.monotonic() - began > _MAX_SECONDS:
            break
    return request


def _put_request(item: Item) -> Any:
    return {"PutRequest": {"Item": table.pack(item)}}


def _slices(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    return (items[first : first + size] for first in range(0, len(items), size))
