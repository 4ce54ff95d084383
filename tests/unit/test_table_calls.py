"""The switches on calls of DynamoDB: throttled partitions, and writes that meet a transaction."""

import itertools
from collections import Counter
from typing import Any

import pytest

from tests.support.hostile_calls import Calls

TABLE = "t"
TURNS = 400
THROTTLED = {
    "ProvisionedThroughputExceededException",
    "ThrottlingException",
    "RequestLimitExceeded",
}
STATEMENT = 'UPDATE "t" SET "receipt"=? WHERE "pk"=? AND "sk"=? AND "receipt"=?'


def key(pk: str, sk: int) -> dict[str, Any]:
    return {"pk": {"S": pk}, "sk": {"S": str(sk)}}


def answer(operation: str, params: dict[str, Any]) -> Any:
    """Answer as a DynamoDB that does everything."""
    match operation:
        case "BatchGetItem":
            return {
                "Responses": {name: one["Keys"] for name, one in params["RequestItems"].items()}
            }
        case "BatchExecuteStatement":
            return {"Responses": [{"TableName": TABLE} for _ in params["Statements"]]}
    return {}


def dynamodb(switches: str, **more: Any) -> Calls:
    return Calls("dynamodb", answer, switches, **more)


def write(calls: Calls, keys: list[dict[str, Any]]) -> Any:
    entries = [{"PutRequest": {"Item": one | {"n": {"N": "1"}}}} for one in keys]
    return calls.result("BatchWriteItem", RequestItems={TABLE: entries})


def read(calls: Calls, keys: list[dict[str, Any]]) -> Any:
    asked = {TABLE: {"Keys": keys, "ConsistentRead": True}}
    return calls.result("BatchGetItem", RequestItems=asked)


def update(calls: Calls, keys: list[dict[str, Any]]) -> Any:
    statements = [
        {"Statement": STATEMENT, "Parameters": [{"S": "new"}, one["pk"], one["sk"], {"S": ""}]}
        for one in keys
    ]
    return calls.result("BatchExecuteStatement", Statements=statements)


# Two partitions, each of half of the items, as a plan's chunks and their due hours are.
KEYS = [key(pk, sk) for sk in range(3) for pk in ("OUT#1", "DUE#7")]


# --- throttle ---


def test_equal_seeds_throttle_equally_whatever_the_keys_are_called() -> None:
    """Requests have random ids, and a failure repeats all the same."""

    def throttled(names: str) -> list[Any]:
        calls = dynamodb("throttle", seed="3")
        found: list[Any] = []
        for _ in range(100):
            answered = write(calls, [key(name, 1) for name in names])
            if isinstance(answered, str):
                found.append(answered)
                continue
            left = answered.get("UnprocessedItems", {}).get(TABLE, [])
            found.append([names.index(one["PutRequest"]["Item"]["pk"]["S"]) for one in left])
        return found

    assert throttled("abcdef") == throttled("fedcba") == throttled("qawsed")
    assert any(1 <= len(one) <= 5 for one in throttled("abcdef") if isinstance(one, list))


def test_a_batch_is_left_undone_by_partition_or_refused_as_a_whole() -> None:
    calls = dynamodb("throttle")
    found: Counter[Any] = Counter()
    for _ in range(TURNS):
        calls.made.clear()
        answered = write(calls, KEYS)
        if isinstance(answered, str):
            found[answered] += 1
            assert calls.made == []
            continue
        left = answered.get("UnprocessedItems", {}).get(TABLE, [])
        partitions = {one["PutRequest"]["Item"]["pk"]["S"] for one in left}
        assert len(left) == 3 * len(partitions)
        [(_, params)] = calls.made
        assert len(params["RequestItems"][TABLE]) + len(left) == len(KEYS)
        found[len(partitions)] += 1
    assert found.keys() == {0, 1, *THROTTLED}
    assert found[0] > TURNS / 2


def test_reads_are_left_undone_with_what_was_asked_of_them() -> None:
    calls = dynamodb("throttle")
    found: Counter[Any] = Counter()
    for _ in range(TURNS):
        answered = read(calls, KEYS)
        if isinstance(answered, str):
            found[answered] += 1
            continue
        left = answered.get("UnprocessedKeys", {}).get(TABLE, {})
        if left:
            assert left["ConsistentRead"] is True
        assert len(answered["Responses"][TABLE]) + len(left.get("Keys", [])) == len(KEYS)
        found[len(left.get("Keys", []))] += 1
    assert found.keys() == {0, 3, *THROTTLED}


def test_statements_have_errors_of_their_own() -> None:
    calls = dynamodb("throttle")
    found: Counter[Any] = Counter()
    for _ in range(TURNS):
        answered = update(calls, KEYS)
        if isinstance(answered, str):
            found[answered] += 1
            continue
        codes = [one.get("Error", {}).get("Code") for one in answered["Responses"]]
        assert codes[0::2] in ([None] * 3, ["ThrottlingError"] * 3)
        found[codes.count("ThrottlingError")] += 1
    assert found.keys() == {0, 3, *THROTTLED}


@pytest.mark.parametrize("operation", ["PutItem", "GetItem", "Query", "DeleteItem"])
def test_single_calls_fail_rarely_and_never_where_it_is_lenient(operation: str) -> None:
    params = {"TableName": TABLE, "Item" if operation == "PutItem" else "Key": key("a", 1)}
    calls = dynamodb("throttle")
    failed = sum(isinstance(calls.result(operation, **params), str) for _ in range(TURNS * 10))
    assert 0 < failed < TURNS / 2
    lenient = dynamodb("throttle", lenient=True)
    assert all(lenient.result(operation, **params) == {} for _ in range(TURNS * 10))


def test_a_single_call_that_is_throttled_leaves_other_partitions_alone() -> None:
    calls = dynamodb("throttle")
    failed = [
        isinstance(calls.result("PutItem", TableName=TABLE, Item=key(f"OUT#{number}", 1)), str)
        for number in range(4000)
    ]
    assert any(failed)
    # Where a call was throttled, the next one about the same partition is in half of the cases.
    assert sum(map(all, itertools.pairwise(failed))) <= 2


# --- conflicts ---


def test_transactions_are_cancelled_by_conflicts() -> None:
    calls = dynamodb("conflicts")
    items = [
        {"Delete": {"TableName": TABLE, "Key": key("a", 1)}},
        {"Put": {"TableName": TABLE, "Item": key("a", 2)}},
    ]
    found = Counter(
        str(calls.result("TransactWriteItems", TransactItems=items)) for _ in range(TURNS)
    )
    assert found.keys() == {"{}", "TransactionCanceledException"}
    assert found["{}"] > TURNS / 2


@pytest.mark.parametrize("operation", ["PutItem", "UpdateItem", "DeleteItem"])
def test_a_write_meets_a_transaction(operation: str) -> None:
    calls = dynamodb("conflicts")
    params = {"TableName": TABLE, "Item" if operation == "PutItem" else "Key": key("a", 1)}
    found = Counter(str(calls.result(operation, **params)) for _ in range(TURNS))
    assert found.keys() == {"{}", "TransactionConflictException"}


def test_statements_meet_transactions_one_by_one() -> None:
    calls = dynamodb("conflicts")
    codes = Counter(
        one.get("Error", {}).get("Code")
        for _ in range(TURNS)
        for one in update(calls, KEYS)["Responses"]
    )
    assert codes.keys() == {None, "TransactionConflict"}
    executed = [len(params["Statements"]) for _, params in calls.made]
    assert sum(executed) == codes[None]


# --- off, and the seed ---


def test_nothing_happens_while_they_are_off() -> None:
    calls = dynamodb("chain")
    for _ in range(TURNS):
        assert write(calls, KEYS) == {}
        assert calls.result("PutItem", TableName=TABLE, Item=key("a", 1)) == {}
    assert len(calls.made) == 2 * TURNS


def test_the_seed_repeats() -> None:
    def some(seed: str) -> list[Any]:
        calls = dynamodb("throttle,conflicts", seed=seed)
        return [write(calls, KEYS) for _ in range(TURNS)] + [
            update(calls, KEYS) for _ in range(TURNS)
        ]

    assert some("7") == some("7")
    assert some("7") != some("8")
