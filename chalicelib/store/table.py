"""The operations on the table. Items are plain Python dicts.

Numbers come back as int, because this table has no fractions. Every write is either conditional or safe to repeat,
so the retries of the client do no harm. The exception is `batch_put_new`, which therefore uses a client without
retries.
"""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar, cast

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib import aws, settings
from chalicelib.store import attributes

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Item = dict[str, Any]
Key = tuple[str, str]
"""The partition key and the sort key of an item."""

T = TypeVar("T")
Dataclass = TypeVar("Dataclass", bound="DataclassInstance")

# The limits of BatchWriteItem and BatchGetItem.
_MAX_WRITES = 25
_MAX_READS = 100
# Temporary errors of a statement in a batch, which is then retried.
_RETRYABLE = {
    "InternalServerError",
    "ProvisionedThroughputExceeded",
    "RequestLimitExceeded",
    "ThrottlingError",
    "TransactionConflict",
}


def key(pk: str, sk: str) -> Item:
    """Return the key attributes of an item."""
    return {"pk": pk, "sk": sk}


def read_as(kind: type[Dataclass], stored: Mapping[str, Any], **changes: Any) -> Dataclass:
    """Return an instance of a dataclass with the stored values of its fields, except for those in `changes`.

    Attributes that are not fields are ignored: a newer release may have written them before a rollback. Fields that
    are not stored get their defaults.
    """
    values = {name: stored[name] for name in kind.__dataclass_fields__ if name in stored}
    return kind(**values | changes)


def put(item: Item) -> None:
    """Write an item. An existing item is overwritten."""
    aws.dynamodb().put_item(TableName=_name(), Item=_pack(item))


def put_new(item: Item) -> bool:
    """Write an item unless one exists; return whether the stored item equals this one.

    An existing equal item counts as written, because it is from the first try of this very call, whose answer was
    lost. Where only one of several writers may succeed, the item contains a token of its writer.
    """
    return _put_where(item, {"ConditionExpression": "attribute_not_exists(pk)"})


def replace(item: Item, name: str, value: Any) -> bool:
    """Overwrite an item if its attribute still has this value; return whether the stored item equals this one."""
    condition = {
        "ConditionExpression": "#name = :value",
        "ExpressionAttributeNames": {"#name": name},
        "ExpressionAttributeValues": _pack({":value": value}),
    }
    return _put_where(item, condition)


def _put_where(item: Item, condition: dict[str, Any]) -> bool:
    packed = _pack(item)
    try:
        aws.dynamodb().put_item(
            TableName=_name(),
            Item=packed,
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
            **condition,
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
            raise
        return error.response.get("Item") == packed
    return True


def exchange(old: Item, new: Item, name: str, value: Any) -> bool:
    """Delete the item with the key `old` and write the item `new`, in one transaction.

    Return False, and change nothing, if the old item does not exist, if its attribute has another value, or if the new
    item exists already.
    """
    try:
        aws.dynamodb().transact_write_items(
            TransactItems=[
                {
                    "Delete": {
                        "TableName": _name(),
                        "Key": _pack(old),
                        "ConditionExpression": "#name = :value",
                        "ExpressionAttributeNames": {"#name": name},
                        "ExpressionAttributeValues": _pack({":value": value}),
                    }
                },
                {
                    "Put": {
                        "TableName": _name(),
                        "Item": _pack(new),
                        "ConditionExpression": "attribute_not_exists(pk)",
                    }
                },
            ]
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != "TransactionCanceledException":
            raise
        reasons = cast("list[dict[str, str]]", error.response.get("CancellationReasons", []))
        if not any(reason.get("Code") == "ConditionalCheckFailed" for reason in reasons):
            raise
        return False
    return True


def get(pk: str, sk: str, *, consistent: bool = False) -> Item | None:
    """Return an item; None if it does not exist."""
    answer = aws.dynamodb().get_item(
        TableName=_name(), Key=_pack(key(pk, sk)), ConsistentRead=consistent
    )
    return _unpack(answer["Item"]) if "Item" in answer else None


def query(
    pk: str,
    prefix: str = "",
    *,
    until: str = "",
    after: str = "",
    newest_first: bool = False,
    limit: int | None = None,
    consistent: bool = False,
) -> Iterator[Item]:
    """Yield the items of a partition in the order of their sort keys.

    By default those whose sort key starts with `prefix`; with `until`, those from `prefix` to `until` inclusive;
    with `after`, those after that key. `limit` is the number of items at most.
    """
    values: Item = {":pk": pk}
    condition = "pk = :pk"
    if until:
        condition += " AND sk BETWEEN :first AND :last"
        values |= {":first": prefix, ":last": until}
    elif after:
        condition += " AND sk > :after"
        values[":after"] = after
    elif prefix:
        condition += " AND begins_with(sk, :prefix)"
        values |= {":prefix": prefix}
    request: dict[str, Any] = {
        "TableName": _name(),
        "KeyConditionExpression": condition,
        "ExpressionAttributeValues": _pack(values),
        "ScanIndexForward": not newest_first,
        "ConsistentRead": consistent,
    }
    if limit:
        request["Limit"] = limit
    while True:
        answer = aws.dynamodb().query(**request)
        yield from map(_unpack, answer["Items"])
        if "LastEvaluatedKey" not in answer or limit:
            return
        request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


def batch_get(keys: Iterable[Key]) -> dict[Key, Item]:
    """Return many items by key, eventually consistent. Items that do not exist are left out."""
    distinct = list(dict.fromkeys(keys))
    found: dict[Key, Item] = {}
    for part in _slices(distinct, _MAX_READS):
        request: Any = {_name(): {"Keys": [_pack(key(*pair)) for pair in part]}}
        for pause in _pauses():
            answer = aws.dynamodb().batch_get_item(RequestItems=request)
            for raw in answer["Responses"].get(_name(), []):
                item = _unpack(raw)
                found[item["pk"], item["sk"]] = item
            request = answer.get("UnprocessedKeys")
            if not request:
                break
            time.sleep(pause)
        else:
            raise TimeoutError("DynamoDB did not return all items of a batch after several tries")
    return found


def batch_put(items: Sequence[Item]) -> None:
    """Write many items with distinct keys. Existing items are overwritten."""
    _batch_write([_put_request(item) for item in items])


def batch_delete(keys: Sequence[Key]) -> None:
    """Delete many items with distinct keys, if they exist."""
    _batch_write([{"DeleteRequest": {"Key": _pack(key(*pair))}} for pair in keys])


def _batch_write(requests: Sequence[Any]) -> None:
    for part in _slices(requests, _MAX_WRITES):
        request: Any = {_name(): list(part)}
        for pause in _pauses():
            request = aws.dynamodb().batch_write_item(RequestItems=request).get("UnprocessedItems")
            if not request:
                break
            time.sleep(pause)
        else:
            raise TimeoutError("DynamoDB did not write all items of a batch after several tries")


def batch_put_new(items: Sequence[Item]) -> None:
    """Write many items that only this caller creates, without overwriting what others have added to them since.

    A batch write can't be conditional. If its answer is lost, the items may have been written, and others may have
    changed them since (by adding a receipt to a message); repeating the batch would undo that. So a batch is tried
    only once. Items that may not have been written are then written one by one, each unless it exists.
    """
    for part in _slices(items, _MAX_WRITES):
        request: Any = {_name(): [_put_request(item) for item in part]}
        try:
            answer = aws.dynamodb_once().batch_write_item(RequestItems=request)
            uncertain: Any = answer.get("UnprocessedItems")
        except (BotoCoreError, ClientError):
            uncertain = request
        for entry in (uncertain or {}).get(_name(), []):
            put_new(_unpack(entry["PutRequest"]["Item"]))


def batch_exchange(name: str, old: Any, values: Mapping[Key, Any]) -> dict[Key, Any]:
    """Set an attribute of many items, each only if the attribute still has the value `old`.

    Return the value of each item afterwards, whether it was set by this call or by another. Items that do not exist
    are left out. If several callers set the same item, one of them succeeds. If an answer is lost, a value may be
    set that this call has set before; where that matters, the value contains a token of its writer.

    This uses PartiQL statements in a batch, which can be conditional and cost one write unit each. BatchWriteItem has
    no conditions, and transactions cost twice as much.
    """
    current: dict[Key, Any] = {}
    left = dict(values)
    # The table's and the attribute's name come from this code; every value is a parameter.
    statement = f'UPDATE "{_name()}" SET "{name}"=? WHERE "pk"=? AND "sk"=? AND "{name}"=?'  # noqa: S608
    for pause in _pauses():
        for part in _slices(list(left), _MAX_WRITES):
            statements: Any = [
                {
                    "Statement": statement,
                    "Parameters": [attributes.write(value) for value in (left[key], *key, old)],
                    "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
                }
                for key in part
            ]
            answer = aws.dynamodb().batch_execute_statement(Statements=statements)
            for key, response in zip(part, answer["Responses"], strict=True):
                error = response.get("Error", {})
                code = error.get("Code")
                if code in _RETRYABLE:
                    continue
                if code is None:
                    current[key] = left[key]
                elif code != "ConditionalCheckFailed":
                    raise RuntimeError(f"DynamoDB refused a write: {code}: {error['Message']}")
                elif item := _existing_item(key, error):
                    current[key] = item[name]
                del left[key]
        if not left:
            return current
        time.sleep(pause)
    raise TimeoutError("DynamoDB did not write all items of a batch after several tries")


def _existing_item(key: Key, error: Mapping[str, Any]) -> Item | None:
    """Return the item whose condition failed. It is read if DynamoDB did not return it with the error."""
    return _unpack(error["Item"]) if "Item" in error else get(*key, consistent=True)


def _slices(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    return (items[first : first + size] for first in range(0, len(items), size))


def delete(pk: str, sk: str) -> None:
    """Delete an item, if it exists."""
    aws.dynamodb().delete_item(TableName=_name(), Key=_pack(key(pk, sk)))


def _put_request(item: Item) -> Any:
    return {"PutRequest": {"Item": _pack(item)}}


def _pauses() -> Iterator[float]:
    return (0.05 * 2**attempt for attempt in range(8))


def _name() -> str:
    return settings.load().table


def _pack(item: Item) -> dict[str, Any]:
    return {name: attributes.write(value) for name, value in item.items() if value is not None}


def _unpack(raw: dict[str, Any]) -> Item:
    return {name: attributes.read(value) for name, value in raw.items()}
