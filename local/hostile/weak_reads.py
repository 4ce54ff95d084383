"""Eventually consistent reads: an answer may be what the table held a second ago."""

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from .calls import Call, Layer
from .draws import Draws
from .table_keys import Key, TableKeys, written

SECONDS = 1.0
"""Age of a write from which on every read sees it."""

# Share of reads that see the state before a young write.
_STALE = 0.5

GoOn = Callable[[Call], Any]
Item = Mapping[str, Any] | None
"""An item as it was; None where there was none."""


class WeakReads(Layer):
    """The switch `weak-reads`.

    Before each write it reads the item, and keeps that for a second. It knows the writes of its own process only.
    Without `weakening`, writes are noted and reads see them: for a test that looks at what was written.
    """

    def __init__(self, draws: Draws) -> None:
        self.weakening = True
        self._draws = draws
        self._keys = TableKeys()
        self._before: dict[Key, tuple[float, Item]] = {}
        self._lock = threading.Lock()

    def settle(self) -> None:
        """Let every read see every write made so far, as if a second had passed."""
        with self._lock:
            self._before.clear()

    def __call__(self, call: Call, go_on: GoOn) -> Any:
        """Return the call's answer, or raise its error."""
        if call.service != "dynamodb":
            return go_on(call)
        written_items = list(self._written_by(call))
        before = [(key, self._read(call, table, names)) for key, table, names in written_items]
        answer = go_on(call)
        now = time.time()
        with self._lock:
            for key, item in before:
                # Of several writes within a second, the oldest state is the one that a read may still see.
                if key not in self._before or self._before[key][0] < now - SECONDS:
                    self._before[key] = now, item
        return self._weaken(call, answer) if self.weakening else answer

    def _written_by(self, call: Call) -> Iterable[tuple[Key, str, Mapping[str, Any]]]:
        """Yield the key, the table and the key's attributes of each item that a call writes."""
        params = call.params
        match call.operation:
            case "PutItem" | "UpdateItem" | "DeleteItem":
                pairs = [(params["TableName"], params.get("Item") or params["Key"])]
            case "BatchWriteItem":
                pairs = [
                    (table, written(entry))
                    for table, entries in params["RequestItems"].items()
                    for entry in entries
                ]
            case "TransactWriteItems":
                parts = [part for one in params["TransactItems"] for part in one.values()]
                pairs = [(one["TableName"], one.get("Item") or one["Key"]) for one in parts]
            case "BatchExecuteStatement":
                yield from self._written_by_statements(call)
                return
            case _:
                return
        for table, attributes in pairs:
            names = self._keys.names(call, table)
            key = {name: attributes[name] for name in names}
            yield self._keys.of(call, table, attributes), table, key

    def _written_by_statements(self, call: Call) -> Iterable[tuple[Key, str, Mapping[str, Any]]]:
        for statement in call.params["Statements"]:
            table, attributes = self._keys.in_statement(statement)
            if not statement["Statement"].lstrip().upper().startswith("SELECT"):
                key = {name: attributes[name] for name in self._keys.names(call, table)}
                yield self._keys.of(call, table, attributes), table, key

    @staticmethod
    def _read(call: Call, table: str, key: Mapping[str, Any]) -> Item:
        item: Item = call.ask("GetItem", TableName=table, Key=key, ConsistentRead=True).get("Item")
        return item

    def _weaken(self, call: Call, answer: Any) -> Any:
        params = call.params
        match call.operation:
            case "GetItem" if not params.get("ConsistentRead"):
                return self._one(call, answer)
            case "BatchGetItem":
                return self._batch(call, answer)
            case "Query" if not params.get("ConsistentRead") and "IndexName" not in params:
                table = params["TableName"]
                seen = [self._seen(call, table, item, item) for item in answer.get("Items", [])]
                items = [item for item in seen if item is not None]
                return answer | {"Items": items, "Count": len(items)}
        return answer

    def _one(self, call: Call, answer: Any) -> Any:
        item = self._seen(call, call.params["TableName"], call.params["Key"], answer.get("Item"))
        rest = {name: value for name, value in answer.items() if name != "Item"}
        return rest if item is None else rest | {"Item": item}

    def _batch(self, call: Call, answer: Any) -> Any:
        responses: dict[str, list[Any]] = {}
        for table, asked in call.params["RequestItems"].items():
            found = answer["Responses"].get(table, [])
            if not asked.get("ConsistentRead"):
                by_key = {self._keys.of(call, table, item): item for item in found}
                left = answer.get("UnprocessedKeys", {}).get(table, {}).get("Keys", [])
                seen = [
                    self._seen(call, table, key, by_key.get(self._keys.of(call, table, key)))
                    for key in asked["Keys"]
                    if key not in left
                ]
                found = [item for item in seen if item is not None]
            responses[table] = found
        return answer | {"Responses": responses}

    def _seen(self, call: Call, table: str, key: Mapping[str, Any], item: Item) -> Item:
        """Return an item as this read sees it."""
        with self._lock:
            at, before = self._before.get(self._keys.of(call, table, key), (0.0, None))
        if time.time() - at < SECONDS and self._draws.chance(_STALE):
            self._draws.note()
            return before
        return item
