"""Eventually consistent reads: what was written a moment ago may be missing."""

import copy
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
import time_machine

from tests.support.hostile_calls import Calls

TABLE = "t"
START = 1_772_416_800
TURNS = 60
OLD, NEW = {"N": "1"}, {"N": "2"}


def key(sk: str = "1") -> dict[str, Any]:
    return {"pk": {"S": "p"}, "sk": {"S": sk}}


class Table:
    """A table in memory, always consistent."""

    def __init__(self) -> None:
        self.items: dict[str, dict[str, Any]] = {}

    def __call__(self, operation: str, params: dict[str, Any]) -> Any:
        match operation:
            case "GetItem":
                found = self.items.get(params["Key"]["sk"]["S"])
                return {"Item": copy.deepcopy(found)} if found else {}
            case "BatchGetItem":
                keys = [one["sk"]["S"] for one in params["RequestItems"][TABLE]["Keys"]]
                return {"Responses": {TABLE: [self.items[sk] for sk in keys if sk in self.items]}}
            case "Query":
                items = [copy.deepcopy(one) for _, one in sorted(self.items.items())]
                return {"Items": items, "Count": len(items)}
        return self._write(operation, params)

    def _write(self, operation: str, params: dict[str, Any]) -> Any:
        match operation:
            case "BatchWriteItem":
                for entry in params["RequestItems"][TABLE]:
                    self._put(entry["PutRequest"]["Item"])
            case "TransactWriteItems":
                for entry in params["TransactItems"]:
                    if "Put" in entry:
                        self._put(entry["Put"]["Item"])
                    else:
                        self.items.pop(entry["Delete"]["Key"]["sk"]["S"], None)
            case "PutItem":
                self._put(params["Item"])
            case "DeleteItem":
                self.items.pop(params["Key"]["sk"]["S"], None)
            case "BatchExecuteStatement":
                for statement in params["Statements"]:
                    value, _, sk = statement["Parameters"]
                    self.items[sk["S"]] = key(sk["S"]) | {"n": value}
                return {"Responses": [{} for _ in params["Statements"]]}
        return {}

    def _put(self, item: dict[str, Any]) -> None:
        self.items[item["sk"]["S"]] = item


STATEMENT = 'UPDATE "t" SET "n"=? WHERE "pk"=? AND "sk"=?'
WRITES: dict[str, dict[str, Any]] = {
    "PutItem": {"TableName": TABLE, "Item": key() | {"n": NEW}},
    "BatchWriteItem": {"RequestItems": {TABLE: [{"PutRequest": {"Item": key() | {"n": NEW}}}]}},
    "TransactWriteItems": {
        "TransactItems": [{"Put": {"TableName": TABLE, "Item": key() | {"n": NEW}}}]
    },
    "BatchExecuteStatement": {
        "Statements": [{"Statement": STATEMENT, "Parameters": [NEW, {"S": "p"}, {"S": "1"}]}]
    },
}


def get(calls: Calls, *, consistent: bool = False) -> Any:
    found = calls("GetItem", TableName=TABLE, Key=key(), ConsistentRead=consistent)
    return found.get("Item", {}).get("n")


def batch_get(calls: Calls, *, consistent: bool = False) -> Any:
    asked = {TABLE: {"Keys": [key(), key("absent")], "ConsistentRead": consistent}}
    found = calls("BatchGetItem", RequestItems=asked)["Responses"][TABLE]
    return found[0]["n"] if found else None


def query(calls: Calls, *, consistent: bool = False) -> Any:
    found = calls("Query", TableName=TABLE, ConsistentRead=consistent)
    assert found["Count"] == len(found["Items"])
    return found["Items"][0]["n"] if found["Items"] else None


READS = [get, batch_get, query]


def made(switches: str = "weak-reads", seed: str = "1") -> Calls:
    return Calls("dynamodb", Table(), switches, seed=seed)


def values(calls: Calls, read: Callable[..., Any], **how: bool) -> set[str]:
    return set(Counter(str(read(calls, **how)) for _ in range(TURNS)))


@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize("read", READS)
def test_a_new_item_may_be_missing_for_a_second(read: Callable[..., Any], write: str) -> None:
    calls = made()
    with time_machine.travel(START, tick=False) as clock:
        calls(write, **WRITES[write])
        assert values(calls, read) == {"None", str(NEW)}
        assert values(calls, read, consistent=True) == {str(NEW)}
        clock.shift(1.1)
        assert values(calls, read) == {str(NEW)}


@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize("read", READS)
def test_a_changed_item_may_be_the_old_one_for_a_second(
    read: Callable[..., Any], write: str
) -> None:
    calls = made()
    with time_machine.travel(START, tick=False) as clock:
        calls("PutItem", TableName=TABLE, Item=key() | {"n": OLD})
        clock.shift(2)
        calls(write, **WRITES[write])
        assert values(calls, read) == {str(OLD), str(NEW)}
        clock.shift(1.1)
        assert values(calls, read) == {str(NEW)}


def test_a_deleted_item_may_still_be_there() -> None:
    calls = made()
    with time_machine.travel(START, tick=False) as clock:
        calls("PutItem", TableName=TABLE, Item=key() | {"n": OLD})
        clock.shift(2)
        calls("DeleteItem", TableName=TABLE, Key=key())
        assert values(calls, get) == {str(OLD), "None"}


def test_writes_can_be_settled_at_once() -> None:
    calls = made()
    with time_machine.travel(START, tick=False):
        calls("PutItem", **WRITES["PutItem"])
        calls.hooks.weak_reads.settle()
        assert values(calls, get) == {str(NEW)}


def test_nothing_happens_while_it_is_off() -> None:
    calls = made("chain")
    with time_machine.travel(START, tick=False):
        calls("PutItem", **WRITES["PutItem"])
        assert values(calls, get) == {str(NEW)}
    assert [operation for operation, _ in calls.made].count("PutItem") == 1


def test_the_seed_repeats() -> None:
    def some(seed: str) -> list[Any]:
        calls = made(seed=seed)
        with time_machine.travel(START, tick=False):
            calls("PutItem", **WRITES["PutItem"])
            return [get(calls) for _ in range(TURNS)]

    assert some("7") == some("7")
    assert some("7") != some("8")
