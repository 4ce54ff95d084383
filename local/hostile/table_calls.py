"""DynamoDB: throttled partitions, and writes that meet a transaction."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from .calls import Call, Layer
from .draws import Draws
from .table_keys import Key, TableKeys, written

_SINGLE_WRITES = ("PutItem", "UpdateItem", "DeleteItem")
_SINGLE = (*_SINGLE_WRITES, "GetItem", "Query")
# Shares of calls: batches of which something is throttled; single calls that stay throttled after the client's own
# retries; transactions and single writes that meet a transaction.
_THROTTLED, _STILL_THROTTLED = 0.1, 0.003
_CANCELLED, _MET = 0.1, 0.02

GoOn = Callable[[Call], Any]


class Throttle(Layer):
    """The switch `throttle`: partitions that are too hot at the moment.

    With `singly`, calls about one item fail, too.
    """

    def __init__(self, draws: Draws, *, singly: bool) -> None:
        self._draws = draws
        self._singly = singly
        self._keys = TableKeys()

    def __call__(self, call: Call, go_on: GoOn) -> Any:
        """Return the call's answer, or raise its error."""
        if call.service != "dynamodb":
            return go_on(call)
        match call.operation:
            case "BatchWriteItem":
                return self._batch_write(call, go_on)
            case "BatchGetItem":
                return self._batch_get(call, go_on)
            case "BatchExecuteStatement":
                return self._statements(call, go_on)
            case operation if self._singly and operation in _SINGLE:
                if self._draws.fails(self._partition_of(call), _STILL_THROTTLED):
                    raise self._refusal(call)
        return go_on(call)

    def _partition_of(self, call: Call) -> Key:
        """Return the key of the partition that a call about one item, or a query, is about."""
        params = call.params
        if attributes := params.get("Item") or params.get("Key"):
            return self._keys.partition(call, params["TableName"], attributes)
        return params["TableName"], repr(params.get("ExpressionAttributeValues"))

    def _batch_write(self, call: Call, go_on: GoOn) -> Any:
        entries = [
            (table, entry, self._keys.partition(call, table, written(entry)))
            for table, given in call.params["RequestItems"].items()
            for entry in given
        ]
        hot = self._hot(call, (partition for *_, partition in entries))
        left = [(table, entry) for table, entry, partition in entries if partition in hot]
        if not left:
            return go_on(call)
        passed = [(table, entry) for table, entry, partition in entries if partition not in hot]
        answer = go_on(call.with_params(call.params | {"RequestItems": _by_table(passed)}))
        left += [
            (table, entry)
            for table, given in answer.get("UnprocessedItems", {}).items()
            for entry in given
        ]
        return answer | {"UnprocessedItems": _by_table(left)}

    def _batch_get(self, call: Call, go_on: GoOn) -> Any:
        asked = call.params["RequestItems"]
        keys = [
            (table, key, self._keys.partition(call, table, key))
            for table, one in asked.items()
            for key in one["Keys"]
        ]
        hot = self._hot(call, (partition for *_, partition in keys))
        left = _by_table((table, key) for table, key, partition in keys if partition in hot)
        if not left:
            return go_on(call)
        passed = _by_table((table, key) for table, key, partition in keys if partition not in hot)
        wanted = {table: asked[table] | {"Keys": some} for table, some in passed.items()}
        answer = go_on(call.with_params(call.params | {"RequestItems": wanted}))
        for table, one in answer.get("UnprocessedKeys", {}).items():
            left.setdefault(table, []).extend(one["Keys"])
        unprocessed = {table: asked[table] | {"Keys": some} for table, some in left.items()}
        return answer | {"UnprocessedKeys": unprocessed}

    def _statements(self, call: Call, go_on: GoOn) -> Any:
        statements = call.params["Statements"]
        partitions = [self._keys.of_statement(call, one)[:2] for one in statements]
        hot = self._hot(call, partitions)
        error = {"Code": "ThrottlingError", "Message": "Throughput exceeds the current capacity."}
        failing = [number for number, partition in enumerate(partitions) if partition in hot]
        return _without(call, go_on, failing, error)

    def _hot(self, call: Call, partitions: Iterable[Key]) -> set[Key]:
        """Return the partitions that are throttled now. Raise the whole call's error if all of them are."""
        # In the order of the call: keys are random, and equal seeds are to draw equally.
        wanted = list(dict.fromkeys(partitions))
        hot = self._draws.failing(wanted, _THROTTLED)
        if hot and len(hot) == len(wanted):
            raise self._refusal(call)
        return hot

    def _refusal(self, call: Call) -> Exception:
        code = self._draws.choice(
            (
                "ProvisionedThroughputExceededException",
                "ThrottlingException",
                "RequestLimitExceeded",
            )
        )
        reason = {"reason": "TableWriteKeyRangeThroughputExceeded", "resource": "arn:aws:dynamodb"}
        return call.error(
            code, "Throughput exceeds the current capacity.", ThrottlingReasons=[reason]
        )


class Conflicts(Layer):
    """The switch `conflicts`: writes and transactions that meet another transaction."""

    def __init__(self, draws: Draws) -> None:
        self._draws = draws
        self._keys = TableKeys()

    def __call__(self, call: Call, go_on: GoOn) -> Any:
        """Return the call's answer, or raise its error."""
        if call.service != "dynamodb":
            return go_on(call)
        if call.operation == "TransactWriteItems":
            self._cancel(call)
        elif call.operation in _SINGLE_WRITES:
            attributes = call.params.get("Item") or call.params["Key"]
            if self._draws.fails(self._keys.of(call, call.params["TableName"], attributes), _MET):
                raise call.error(
                    "TransactionConflictException", "Transaction is ongoing for the item"
                )
        elif call.operation == "BatchExecuteStatement":
            keys = [self._keys.of_statement(call, one) for one in call.params["Statements"]]
            met = self._draws.failing(keys, _MET)
            error = {"Code": "TransactionConflict", "Message": "Transaction is ongoing"}
            failing = [number for number, key in enumerate(keys) if key in met]
            return _without(call, go_on, failing, error)
        return go_on(call)

    def _cancel(self, call: Call) -> None:
        items = call.params["TransactItems"]
        if not self._draws.fails(repr([written(one) for one in items]), _CANCELLED):
            return
        reasons: list[dict[str, str]] = [{"Code": "None"} for _ in items]
        reasons[-1] = {"Code": "TransactionConflict", "Message": "Transaction is ongoing"}
        codes = ", ".join(reason["Code"] for reason in reasons)
        raise call.error(
            "TransactionCanceledException",
            "Transaction cancelled, please refer cancellation reasons for specific reasons "
            f"[{codes}]",
            CancellationReasons=reasons,
        )


def _without(call: Call, go_on: GoOn, failing: Sequence[int], error: dict[str, str]) -> Any:
    """Execute a batch's statements but for those with these numbers, which have an error instead."""
    if not failing:
        return go_on(call)
    statements = call.params["Statements"]
    passed = [one for number, one in enumerate(statements) if number not in failing]
    answer: dict[str, Any] = {"ResponseMetadata": {"HTTPStatusCode": 200}, "Responses": []}
    if passed:
        answer = go_on(call.with_params(call.params | {"Statements": passed}))
    responses = iter(answer["Responses"])
    all_of_them = [
        {"Error": error} if number in failing else next(responses)
        for number in range(len(statements))
    ]
    return answer | {"Responses": all_of_them}


def _by_table(pairs: Iterable[tuple[str, Any]]) -> dict[str, list[Any]]:
    grouped: dict[str, list[Any]] = {}
    for table, value in pairs:
        grouped.setdefault(table, []).append(value)
    return grouped
