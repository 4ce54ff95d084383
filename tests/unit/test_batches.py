"""Batches of the table that DynamoDB leaves undone in part, or refuses as a whole."""

import copy
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from chalicelib import aws
from chalicelib.store import attributes, batches, table
from tests.support.settings import Configure

ITEMS = [table.key("P", str(number)) | {"n": number} for number in range(3)]
KEYS = [(item["pk"], item["sk"]) for item in ITEMS]
THROTTLED = (
    "ProvisionedThroughputExceededException",
    "ThrottlingException",
    "RequestLimitExceeded",
)


def refused(code: str, **more: Any) -> ClientError:
    response: Any = {"Error": {"Code": code, "Message": "no"}, **more}
    return ClientError(response, "Batch")


class Table:
    """A table in memory. The next calls raise, or leave all but the first entry undone, as `plan` says."""

    def __init__(self) -> None:
        self.items: dict[tuple[str, str], Any] = {}
        self.plan: list[Exception | str | None] = []
        self.calls: list[str] = []

    def _next(self, call: str, work: Callable[[int | None], Any]) -> Any:
        self.calls.append(call)
        step = self.plan.pop(0) if self.plan else None
        if step == "done, answer lost":
            work(None)
            raise ReadTimeoutError(endpoint_url="https://dynamodb")
        if isinstance(step, Exception):
            raise step
        return work(1 if step == "first only" else None)

    def batch_write_item(self, RequestItems: Any) -> Any:  # noqa: N803
        def work(limit: int | None) -> Any:
            [(name, entries)] = RequestItems.items()
            for entry in entries[:limit]:
                item = entry["PutRequest"]["Item"]
                self.items[item["pk"]["S"], item["sk"]["S"]] = copy.deepcopy(item)
            return {"UnprocessedItems": {name: entries[limit:]} if limit else {}}

        return self._next("write", work)

    def batch_get_item(self, RequestItems: Any) -> Any:  # noqa: N803
        def work(limit: int | None) -> Any:
            [(name, asked)] = RequestItems.items()
            keys = asked["Keys"]
            found = [self.items.get((key["pk"]["S"], key["sk"]["S"])) for key in keys[:limit]]
            left = {name: {**asked, "Keys": keys[limit:]}} if limit else {}
            return {"Responses": {name: list(filter(None, found))}, "UnprocessedKeys": left}

        return self._next("get", work)

    def batch_execute_statement(self, Statements: Any) -> Any:  # noqa: N803
        def work(limit: int | None) -> Any:
            throttled = {"Error": {"Code": "ThrottlingError", "Message": "no"}}
            for statement in Statements[:limit]:
                value, pk, sk, _ = statement["Parameters"]
                self.items[pk["S"], sk["S"]]["n"] = value
            done = len(Statements[:limit])
            return {"Responses": [{}] * done + [throttled] * (len(Statements) - done)}

        return self._next("update", work)

    def put_item(self, Item: Any, **_: Any) -> Any:  # noqa: N803
        def work(_: int | None) -> Any:
            stored = self.items.get((Item["pk"]["S"], Item["sk"]["S"]))
            if stored is not None:
                raise refused("ConditionalCheckFailedException", Item=stored)
            self.items[Item["pk"]["S"], Item["sk"]["S"]] = Item

        return self._next("put", work)

    def transact_write_items(self, TransactItems: Any) -> Any:  # noqa: N803
        return self._next("transact", lambda _: self.items.update({("P", "moved"): TransactItems}))


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that were made, without the time that they take."""
    made: list[float] = []
    monkeypatch.setattr("time.sleep", made.append)
    return made


@pytest.fixture
def stored(configure: Configure, monkeypatch: pytest.MonkeyPatch, pauses: list[float]) -> Table:
    configure()
    made = Table()
    monkeypatch.setattr(aws, "dynamodb", lambda: made)
    monkeypatch.setattr(aws, "dynamodb_once", lambda: made)
    return made


def numbers(stored: Table) -> list[Any]:
    return [attributes.read(item["n"]) for item in stored.items.values()]


@pytest.mark.parametrize("code", THROTTLED)
@pytest.mark.parametrize("write", [batches.put, batches.put_new])
def test_a_batch_that_is_throttled_as_a_whole_is_written_after_pauses(
    stored: Table, pauses: list[float], write: Callable[[Any], None], code: str
) -> None:
    stored.plan = [refused(code), "first only", refused(code)]
    write(ITEMS)
    assert numbers(stored) == [0, 1, 2]
    assert stored.calls == ["write"] * 4
    assert len(pauses) == 3


def test_a_batch_that_is_throttled_as_a_whole_is_read_after_pauses(stored: Table) -> None:
    batches.put(ITEMS)
    stored.plan = [refused(THROTTLED[0]), "first only", refused(THROTTLED[1])]
    found = batches.get(KEYS, consistent=True)
    assert found == dict(zip(KEYS, ITEMS, strict=True))


def test_statements_that_are_throttled_as_a_whole_are_executed_after_pauses(stored: Table) -> None:
    batches.put(ITEMS)
    stored.plan = [refused(THROTTLED[0]), "first only", refused(THROTTLED[1])]
    found = batches.exchange("n", 0, dict.fromkeys(KEYS, 9))
    assert {key: one.value for key, one in found.items()} == dict.fromkeys(KEYS, 9)
    assert all(one.now for one in found.values())
    assert numbers(stored) == [9, 9, 9]


def test_what_is_throttled_for_long_is_an_error_at_last(stored: Table, pauses: list[float]) -> None:
    stored.plan = [refused(THROTTLED[0])] * 100
    with pytest.raises(TimeoutError):
        batches.put(ITEMS)
    assert len(stored.calls) == 8
    assert 3 < sum(pauses) < 13


def test_pauses_grow_and_differ(stored: Table, pauses: list[float]) -> None:
    for _ in range(2):
        stored.plan = [refused(THROTTLED[0])] * 7
        batches.put(ITEMS)
    first, second = pauses[:7], pauses[7:]
    assert first != second
    assert all(0.025 * 2**n <= pause <= 0.075 * 2**n for n, pause in enumerate(first))


def test_other_errors_are_raised_at_once(stored: Table) -> None:
    stored.plan = [refused("ValidationException")]
    with pytest.raises(ClientError):
        batches.put(ITEMS)
    assert stored.calls == ["write"]


def test_a_batch_whose_answer_was_lost_is_not_written_over_what_others_added(
    stored: Table,
) -> None:
    stored.plan = ["done, answer lost"]
    stored.items = {}
    batches.put_new(ITEMS)
    assert stored.calls == ["write", "put", "put", "put"]
    assert numbers(stored) == [0, 1, 2]


def test_what_stays_throttled_is_written_one_by_one(stored: Table) -> None:
    stored.plan = [refused(THROTTLED[0])] * 8
    batches.put_new(ITEMS)
    assert stored.calls == ["write"] * 8 + ["put"] * 3
    assert numbers(stored) == [0, 1, 2]


# --- writes that meet a transaction ---


def cancelled(*reasons: str) -> ClientError:
    return refused(
        "TransactionCanceledException", CancellationReasons=[{"Code": one} for one in reasons]
    )


def test_a_write_that_meets_a_transaction_is_tried_again(stored: Table) -> None:
    stored.plan = [refused("TransactionConflictException")] * 2
    assert table.put_new(ITEMS[0])
    assert stored.calls == ["put"] * 3


def test_a_transaction_that_meets_another_is_tried_again(stored: Table) -> None:
    stored.plan = [
        cancelled("TransactionConflict", "None"),
        cancelled("None", "TransactionConflict"),
    ]
    assert table.exchange(ITEMS[0], ITEMS[1], "n", 0)
    assert stored.calls == ["transact"] * 3


def test_a_transaction_that_always_meets_another_is_an_error(stored: Table) -> None:
    stored.plan = [cancelled("TransactionConflict", "None")] * 3
    with pytest.raises(ClientError):
        table.exchange(ITEMS[0], ITEMS[1], "n", 0)
    assert stored.calls == ["transact"] * 3


@pytest.mark.parametrize("other", ["None", "TransactionConflict"])
def test_a_condition_that_fails_is_final(stored: Table, other: str) -> None:
    stored.plan = [cancelled("ConditionalCheckFailed", other)]
    assert not table.exchange(ITEMS[0], ITEMS[1], "n", 0)
    assert stored.calls == ["transact"]


def test_a_transaction_that_is_cancelled_otherwise_is_an_error(stored: Table) -> None:
    stored.plan = [cancelled("ValidationError", "None")]
    with pytest.raises(ClientError):
        table.exchange(ITEMS[0], ITEMS[1], "n", 0)
    assert stored.calls == ["transact"]
