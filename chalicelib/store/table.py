"""The table's verbs, over plain Python dicts.

Numbers come back as int: this table holds no fractions. Every writer is either conditional or safe
to repeat, so the client's own retries do no harm, but for `batch_put_new`, which see.
"""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, cast

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib import aws, settings
from chalicelib.store import attributes

Item = dict[str, Any]
Key = tuple[str, str]

# BatchWriteItem and BatchGetItem take no more.
_MAX_WRITES = 25
_MAX_READS = 100
# What a statement of a batch may be refused with for a moment.
_TRY_AGAIN = {
    "InternalServerError",
    "ProvisionedThroughputExceeded",
    "RequestLimitExceeded",
    "ThrottlingError",
    "TransactionConflict",
}


def key(pk: str, sk: str) -> Item:
    """An item's key attributes."""
    return {"pk": pk, "sk": sk}


def put(item: Item) -> None:
    """Write an item, over whatever was there."""
    aws.dynamodb().put_item(TableName=_name(), Item=_pack(item))


def put_new(item: Item) -> bool:
    """Write an item unless one is there; answers whether it is there as this call wrote it.

    An equal item that is there already counts as written: it is this call's own first try, whose
    answer was lost. Where several writers must not all win, the item holds a token of its writer.
    """
    return _put_where(item, {"ConditionExpression": "attribute_not_exists(pk)"})


def replace(item: Item, name: str, value: Any) -> bool:
    """Write over an item whose attribute still has this value; answers as `put_new` does."""
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
    """In one transaction, delete the item with this key and write another, where nothing stands.

    Answers False where the first is gone or its attribute has another value, or where the second is there.
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
    """Read an item, or None."""
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
    """Return a partition's items in the order of their sort keys.

    Those that start with `prefix`; with `until`, those from `prefix` to `until` inclusive; with `after`, those
    behind that key.
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
    """Read many items, eventually consistent; those that aren't there are left out."""
    wanted = list(dict.fromkeys(keys))
    found: dict[Key, Item] = {}
    for first in range(0, len(wanted), _MAX_READS):
        request: Any = {
            _name(): {"Keys": [_pack(key(*one)) for one in wanted[first : first + _MAX_READS]]}
        }
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
            raise TimeoutError("DynamoDB left keys of a batch unread after several tries")
    return found


def batch_put(items: Sequence[Item]) -> None:
    """Write many items with distinct keys, over whatever was there."""
    for first in range(0, len(items), _MAX_WRITES):
        request: Any = {
            _name(): [_put_request(item) for item in items[first : first + _MAX_WRITES]]
        }
        for pause in _pauses():
            request = aws.dynamodb().batch_write_item(RequestItems=request).get("UnprocessedItems")
            if not request:
                break
            time.sleep(pause)
        else:
            raise TimeoutError("DynamoDB left items of a batch unwritten after several tries")


def batch_put_new(items: Sequence[Item]) -> None:
    """Write many items that nobody else writes, without ever undoing what is built upon them.

    A batch can't be conditional. If its answer is lost it may have been written, and others may have
    written over it since (a receipt over its message); repeating it would undo that. So it is tried
    once, and what is uncertain is then written one by one, only where nothing is there.
    """
    for first in range(0, len(items), _MAX_WRITES):
        part = items[first : first + _MAX_WRITES]
        request: Any = {_name(): [_put_request(item) for item in part]}
        try:
            left = (
                aws.dynamodb_once().batch_write_item(RequestItems=request).get("UnprocessedItems")
            )
        except (BotoCoreError, ClientError):
            left = request
        for entry in (left or {}).get(_name(), []):
            put_new(_unpack(entry["PutRequest"]["Item"]))


def batch_exchange(name: str, old: Any, values: Mapping[Key, Any]) -> dict[Key, Any]:
    """Set an attribute of many items, of each only where it has the value `old`.

    Answers what stands there afterwards, set by this call or by another; items that aren't there are
    left out. Of several writers at once, one wins each item. May set what it set already, should an
    answer be lost: where that matters, the value holds a token of its writer.

    BatchWriteItem knows no conditions, transactions cost twice as much; PartiQL's batches have the
    one and cost a write unit to each statement.
    """
    there: dict[Key, Any] = {}
    left = dict(values)
    # The names are ours; every value is a parameter.
    statement = f'UPDATE "{_name()}" SET "{name}"=? WHERE "pk"=? AND "sk"=? AND "{name}"=?'  # noqa: S608
    for pause in _pauses():
        for part in _parts(left, _MAX_WRITES):
            statements: Any = [
                {
                    "Statement": statement,
                    "Parameters": [attributes.write(one) for one in (left[where], *where, old)],
                    "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
                }
                for where in part
            ]
            answer = aws.dynamodb().batch_execute_statement(Statements=statements)
            for where, response in zip(part, answer["Responses"], strict=True):
                error = response.get("Error", {})
                code = error.get("Code")
                if code in _TRY_AGAIN:
                    continue
                if code is None:
                    there[where] = left[where]
                elif code != "ConditionalCheckFailed":
                    raise RuntimeError(f"DynamoDB refuses to write: {code}: {error['Message']}")
                elif found := _of_failure(where, error):
                    there[where] = found[name]
                del left[where]
        if not left:
            return there
        time.sleep(pause)
    raise TimeoutError("DynamoDB left items of a batch unwritten after several tries")


def _of_failure(where: Key, error: Mapping[str, Any]) -> Item | None:
    """The item that a condition failed on. DynamoDB did not always hand it over in a batch."""
    return _unpack(error["Item"]) if "Item" in error else get(*where, consistent=True)


def _parts(keys: Iterable[Key], most: int) -> Iterator[list[Key]]:
    every = list(keys)
    return (every[first : first + most] for first in range(0, len(every), most))


def delete(pk: str, sk: str) -> None:
    """Delete an item, if it is there."""
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
