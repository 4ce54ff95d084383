"""The stub's DynamoDB: the operations that a campaign needs. Only a condition makes one fail."""

import base64
import json
import re
from bisect import bisect_left, insort
from collections.abc import Callable, Iterator
from typing import Any

from bench.bill import Bill
from bench.item_size import size

_STATEMENT = re.compile(
    r'UPDATE "[^"]+" SET "(?P<name>\w+)"=\? WHERE "pk"=\? AND "sk"=\? AND "(?P=name)"=\?'
)

Json = dict[str, Any]


class Refusal(Exception):
    """DynamoDB refuses an operation: the type of the error, and further members of its JSON."""

    def __init__(self, kind: str, members: bytes = b"") -> None:
        super().__init__(kind)
        self.kind = kind
        self.members = members


class Stored:
    """An item as JSON, with its size as DynamoDB counts it."""

    __slots__ = ("size", "text")

    def __init__(self, item: Json) -> None:
        self.text = json.dumps(item, ensure_ascii=False, separators=(",", ":")).encode()
        # Binary values are Base64 on the wire, and are counted without that.
        self.size = size(
            {
                name: {"B": base64.b64decode(value["B"])} if "B" in value else value
                for name, value in item.items()
            }
        )


class Partition:
    """The items of one partition key, in the order of their sort keys."""

    __slots__ = ("items", "sorts")

    def __init__(self) -> None:
        self.items: dict[str, Stored] = {}
        self.sorts: list[str] = []

    def put(self, sort: str, stored: Stored) -> None:
        """Write an item."""
        if sort not in self.items:
            insort(self.sorts, sort)
        self.items[sort] = stored

    def delete(self, sort: str) -> None:
        """Delete an item, if it exists."""
        if self.items.pop(sort, None):
            self.sorts.remove(sort)

    def between(self, first: str, last: str) -> Iterator[str]:
        """Yield the sort keys from `first` to `last`, both included."""
        for place in range(bisect_left(self.sorts, first), len(self.sorts)):
            if self.sorts[place] > last:
                return
            yield self.sorts[place]


class DynamoDB:
    """The operations of a campaign on a single table, whatever its name."""

    def __init__(self, bill: Bill) -> None:
        self._bill = bill
        self.partitions: dict[str, Partition] = {}

    def answer(self, operation: str, body: Json) -> bytes:
        """Perform an operation and return its answer. Raise Refusal if its condition fails."""
        perform: Callable[[Json], bytes] = getattr(self, f"_{operation}")
        return perform(body)

    def _PutItem(self, body: Json) -> bytes:  # noqa: N802
        item = body["Item"]
        present = self._get(item)
        stored = Stored(item)
        self._bill.write(max(stored.size, present.size if present else 0))
        if "ConditionExpression" in body and not _holds(body, present):
            members = b',"Item":' + present.text if present else b""
            raise Refusal("ConditionalCheckFailedException", members)
        self._put(item, stored)
        return b"{}"

    def _GetItem(self, body: Json) -> bytes:  # noqa: N802
        present = self._get(body["Key"])
        self._bill.read(
            present.size if present else 0, consistent=body.get("ConsistentRead", False)
        )
        return b'{"Item":' + present.text + b"}" if present else b"{}"

    def _DeleteItem(self, body: Json) -> bytes:  # noqa: N802
        present = self._get(body["Key"])
        self._bill.write(present.size if present else 0)
        if present:
            self.partitions[body["Key"]["pk"]["S"]].delete(body["Key"]["sk"]["S"])
        return b"{}"

    def _Query(self, body: Json) -> bytes:  # noqa: N802
        values = {name: value["S"] for name, value in body["ExpressionAttributeValues"].items()}
        first = values.get(":prefix", values.get(":first", ""))
        last = values.get(":last", first + "\U0010ffff")
        partition = self.partitions.get(values[":pk"], Partition())
        sorts = list(partition.between(first, last))
        if not body.get("ScanIndexForward", True):
            sorts.reverse()
        found = [partition.items[sort] for sort in sorts[: body.get("Limit")]]
        self._bill.read(
            sum(one.size for one in found), consistent=body.get("ConsistentRead", False)
        )
        items = b",".join(one.text for one in found)
        return b'{"Count":%d,"ScannedCount":%d,"Items":[%b]}' % (len(found), len(found), items)

    def _BatchGetItem(self, body: Json) -> bytes:  # noqa: N802
        [(table, request)] = body["RequestItems"].items()
        found = []
        for key in request["Keys"]:
            present = self._get(key)
            self._bill.read(present.size if present else 0, consistent=False)
            if present:
                found.append(present.text)
        answer = b'{"Responses":{%b:[%b]},"UnprocessedKeys":{}}'
        return answer % (json.dumps(table).encode(), b",".join(found))

    def _BatchWriteItem(self, body: Json) -> bytes:  # noqa: N802
        [entries] = body["RequestItems"].values()
        for entry in entries:
            item = entry["PutRequest"]["Item"]
            stored = Stored(item)
            self._bill.write(stored.size)
            self._put(item, stored)
        return b'{"UnprocessedItems":{}}'

    def _BatchExecuteStatement(self, body: Json) -> bytes:  # noqa: N802
        return b'{"Responses":[' + b",".join(map(self._execute, body["Statements"])) + b"]}"

    def _execute(self, statement: Json) -> bytes:
        match = _STATEMENT.fullmatch(statement["Statement"])
        assert match, statement  # noqa: S101
        new, pk, sk, old = statement["Parameters"]
        present = self._get({"pk": pk, "sk": sk})
        item = json.loads(present.text) if present else {}
        if item.get(match["name"]) != old:
            self._bill.write(present.size if present else 0)
            failed = b'{"Error":{"Code":"ConditionalCheckFailed","Message":"no"%b}}'
            return failed % (b',"Item":' + present.text if present else b"")
        stored = Stored(item | {match["name"]: new})
        self._bill.write(max(stored.size, present.size if present else 0))
        self._put(item, stored)
        return b"{}"

    def _get(self, key: Json) -> Stored | None:
        partition = self.partitions.get(key["pk"]["S"])
        return partition.items.get(key["sk"]["S"]) if partition else None

    def _put(self, item: Json, stored: Stored) -> None:
        self.partitions.setdefault(item["pk"]["S"], Partition()).put(item["sk"]["S"], stored)


def _holds(body: Json, present: Stored | None) -> bool:
    """Return whether the condition of a put holds. The bridge uses two kinds of conditions."""
    if body["ConditionExpression"] == "attribute_not_exists(pk)":
        return present is None
    name, value = body["ExpressionAttributeNames"]["#name"], body["ExpressionAttributeValues"]
    return present is not None and json.loads(present.text).get(name) == value[":value"]
