"""The operations on single items of the table; those on many at once are in `batches`. Items are plain Python dicts.

Numbers come back as int, because this table has no fractions. Every write is either conditional or safe to repeat,
so the retries of the client do no harm. The exception is `batches.put_new`, which therefore uses a client without
retries.
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from botocore.exceptions import ClientError

from chalicelib import aws, settings
from chalicelib.store import attributes, conflicts

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Item = dict[str, Any]
Key = tuple[str, str]
"""The partition key and the sort key of an item."""

T = TypeVar("T")
Dataclass = TypeVar("Dataclass", bound="DataclassInstance")


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
    packed = pack(item)
    conflicts.retried(lambda: aws.dynamodb().put_item(TableName=table_name(), Item=packed))


def put_new(item: Item) -> bool:
    """Write an item unless one exists; return whether the stored item equals this one.

    An existing equal item counts as written, because it is from the first try of this very call, whose answer was
    lost. Where only one of several writers may succeed, the item contains a token of its writer.
    """
    return _put_where(item, _NEW) is None


def put_new_or_get(item: Item) -> Item | None:
    """Write an item as `put_new` does; return None if it is stored, else the existing item."""
    return _put_or_get(item, _NEW)


def replace(item: Item, name: str, value: Any) -> bool:
    """Overwrite an item if its attribute still has this value; return whether the stored item equals this one.

    The value None means that the stored item has no such attribute.
    """
    return _put_where(item, _still(name, value)) is None


def replace_where(item: Item, expected: Mapping[str, Any]) -> bool:
    """Overwrite an item if all these attributes still have these values; return whether it was overwritten."""
    names = {f"#{n}": name for n, name in enumerate(expected)}
    condition = {
        "ConditionExpression": " AND ".join(f"#{n} = :{n}" for n in range(len(names))),
        "ExpressionAttributeNames": names,
        "ExpressionAttributeValues": pack(
            {f":{n}": value for n, value in enumerate(expected.values())}
        ),
    }
    return _put_where(item, condition) is None


def replace_or_get(item: Item, name: str, value: Any) -> Item | None:
    """Overwrite an item as `replace` does; return None if it is stored, else the existing item, empty if none is."""
    return _put_or_get(item, _still(name, value))


_NEW = {"ConditionExpression": "attribute_not_exists(pk)"}


def _still(name: str, value: Any) -> dict[str, Any]:
    condition: dict[str, Any] = {
        "ConditionExpression": "#name = :value",
        "ExpressionAttributeNames": {"#name": name},
        "ExpressionAttributeValues": pack({":value": value}),
    }
    if value is None:
        condition["ConditionExpression"] = "attribute_exists(pk) AND attribute_not_exists(#name)"
        del condition["ExpressionAttributeValues"]
    return condition


def _put_or_get(item: Item, condition: dict[str, Any]) -> Item | None:
    existing = _put_where(item, condition)
    if existing == {}:
        # DynamoDB did not return it with the error.
        return get(item["pk"], item["sk"], consistent=True) or {}
    return existing


def _put_where(item: Item, condition: dict[str, Any]) -> Item | None:
    """Write an item where the condition holds. Return None if an equal item is stored, else the existing one.

    The existing item is empty if DynamoDB does not return it.
    """
    packed = pack(item)
    try:
        conflicts.retried(
            lambda: aws.dynamodb().put_item(
                TableName=table_name(),
                Item=packed,
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
                **condition,
            )
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
            raise
        existing: Any = error.response.get("Item", {})
        return None if existing == packed else unpack(existing)
    return None


def exchange(old: Item, new: Item, name: str, value: Any) -> bool:
    """Delete the item with the key `old` and write the item `new`, in one transaction.

    Return False, and change nothing, if the old item does not exist, if its attribute has another value, or if the new
    item exists already.
    """
    delete = {"TableName": table_name(), "Key": pack(old), **_still(name, value)}
    return _transact({"Delete": delete}, {"Put": _put_item(new, _NEW)})


def put_new_and(new: Item, other: Item, name: str, value: Any) -> bool:
    """Write a new item, and overwrite another one, in one transaction.

    Return False, and change nothing, if the new item exists already, or if the other one's attribute has another value.
    The value None means that the other item must not exist.
    """
    condition = _NEW if value is None else _still(name, value)
    return _transact({"Put": _put_item(new, _NEW)}, {"Put": _put_item(other, condition)})


def _put_item(item: Item, condition: dict[str, Any]) -> dict[str, Any]:
    return {"TableName": table_name(), "Item": pack(item), **condition}


def _transact(*changes: Any) -> bool:
    """Make changes in one transaction; return whether their conditions held."""
    try:
        conflicts.retried(lambda: aws.dynamodb().transact_write_items(TransactItems=changes))
    except ClientError as error:
        if "ConditionalCheckFailed" not in conflicts.reasons(error):
            raise
        return False
    return True


def get(pk: str, sk: str, *, consistent: bool = False) -> Item | None:
    """Return an item; None if it does not exist."""
    answer = aws.dynamodb().get_item(
        TableName=table_name(), Key=pack(key(pk, sk)), ConsistentRead=consistent
    )
    return unpack(answer["Item"]) if "Item" in answer else None


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
        "TableName": table_name(),
        "KeyConditionExpression": condition,
        "ExpressionAttributeValues": pack(values),
        "ScanIndexForward": not newest_first,
        "ConsistentRead": consistent,
    }
    if limit:
        request["Limit"] = limit
    while True:
        answer = aws.dynamodb().query(**request)
        yield from map(unpack, answer["Items"])
        if "LastEvaluatedKey" not in answer or limit:
            return
        request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


def delete(pk: str, sk: str) -> None:
    """Delete an item, if it exists."""
    packed = pack(key(pk, sk))
    conflicts.retried(lambda: aws.dynamodb().delete_item(TableName=table_name(), Key=packed))


def delete_where(pk: str, sk: str, name: str, value: Any) -> None:
    """Delete an item if its attribute still has this value; do nothing otherwise."""
    packed = pack(key(pk, sk))
    try:
        conflicts.retried(
            lambda: aws.dynamodb().delete_item(
                TableName=table_name(), Key=packed, **_still(name, value)
            )
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
            raise


def table_name() -> str:
    """Return the name of this stage's table."""
    return settings.load().table


def pack(item: Item) -> dict[str, Any]:
    """Return an item, or some attributes, in DynamoDB's format. Attributes that are None are left out."""
    return {name: attributes.write(value) for name, value in item.items() if value is not None}


def unpack(raw: dict[str, Any]) -> Item:
    """Return an item from DynamoDB's format."""
    return {name: attributes.read(value) for name, value in raw.items()}
