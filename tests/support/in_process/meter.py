"""The units that AWS would bill for the calls made."""

import math
from collections import Counter
from decimal import Decimal
from typing import Any

import pytest
from botocore.exceptions import ClientError

from bench.item_size import size
from tests.support.in_process import hostile


class Meter:
    """An observer of `Outside` that counts write units, read units and SQS requests.

    With HOSTILE, calls fail and are made again: a test that counts units is skipped.
    """

    def __init__(self) -> None:
        if hostile.current.switches:
            pytest.skip("counts exactly: units")
        self.writes = 0
        self.reads = Decimal(0)
        self.requests = 0
        self.by_operation: Counter[str] = Counter()
        self.calls: list[str] = []
        """Each call, with the values of its condition, for the message of a test that fails."""

    def __call__(self, operation: str, params: dict[str, Any], answer: Any) -> None:
        self.by_operation[operation] += 1
        self.calls.append(f"{operation} {params.get('ExpressionAttributeValues', '')}")
        if isinstance(answer, ClientError):
            # A write whose condition fails costs the same as a successful one.
            assert answer.response["Error"]["Code"] in (
                "ConditionalCheckFailedException",
                "TransactionCanceledException",
            )
            answer = {}
        getattr(self, f"_{operation}")(params, answer)

    # --- DynamoDB: a write unit for each KB of an item, half a read unit for each 4 KB (one if consistent) ---

    def _PutItem(self, params: dict[str, Any], _: Any) -> None:  # noqa: N802
        self._write(params["Item"])

    def _DeleteItem(self, params: dict[str, Any], _: Any) -> None:  # noqa: N802
        self._write(params["Key"])

    def _BatchWriteItem(self, params: dict[str, Any], answer: Any) -> None:  # noqa: N802
        assert not answer.get("UnprocessedItems")
        for entries in params["RequestItems"].values():
            for entry in entries:
                put = entry.get("PutRequest")
                self._write(put["Item"] if put else entry["DeleteRequest"]["Key"])

    def _BatchExecuteStatement(self, params: dict[str, Any], _: Any) -> None:  # noqa: N802
        """Count a unit for each statement: the items are below 1 KB, as the count of `batches.put_new` shows."""
        self.writes += len(params["Statements"])

    def _TransactWriteItems(self, params: dict[str, Any], _: Any) -> None:  # noqa: N802
        for entry in params["TransactItems"]:
            for one in entry.values():
                self._write(one.get("Item") or one["Key"], times=2)

    def _GetItem(self, params: dict[str, Any], answer: Any) -> None:  # noqa: N802
        self._read([answer.get("Item", {})], consistent=params.get("ConsistentRead"))

    def _BatchGetItem(self, params: dict[str, Any], answer: Any) -> None:  # noqa: N802
        found = [item for items in answer["Responses"].values() for item in items]
        asked = sum(len(one["Keys"]) for one in params["RequestItems"].values())
        consistent = any(one.get("ConsistentRead") for one in params["RequestItems"].values())
        for item in found + [{}] * (asked - len(found)):
            self._read([item], consistent=consistent)

    def _Query(self, params: dict[str, Any], answer: Any) -> None:  # noqa: N802
        self._read(answer["Items"], consistent=params.get("ConsistentRead"))

    def _write(self, item: dict[str, Any], times: int = 1) -> None:
        self.writes += times * max(1, math.ceil(size(item) / 1024))

    def _read(self, items: list[dict[str, Any]], *, consistent: bool | None) -> None:
        units = max(1, math.ceil(sum(map(size, items)) / 4096))
        self.reads += units if consistent else Decimal(units) / 2

    # --- SQS: a request for each 64 KB ---

    def _SendMessageBatch(self, params: dict[str, Any], answer: Any) -> None:  # noqa: N802
        assert not answer.get("Failed")
        total = sum(len(entry["MessageBody"].encode()) for entry in params["Entries"])
        self.requests += max(1, math.ceil(total / 65536))

    def _GetQueueUrl(self, *_: Any) -> None:  # noqa: N802
        self.requests += 1

    def _ReceiveMessage(self, _: Any, answer: Any) -> None:  # noqa: N802
        """Count Lambda's own requests: one to receive a batch, one to delete it."""
        total = sum(len(body.encode()) for body in answer["Messages"])
        self.requests += max(1, math.ceil(total / 65536)) + 1
