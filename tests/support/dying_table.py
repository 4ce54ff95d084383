"""A table in memory whose callers die, for tests of logs to which several functions append."""

import random
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

import pytest

from chalicelib.store import batches, table
from chalicelib.store.batches import Exchanged
from chalicelib.store.table import Item, Key

T = TypeVar("T")


_FUNCTIONS = 4


def run_functions(function: Callable[[], None]) -> None:
    """Run the function in four threads at the same time, and wait for all of them."""
    threads = [threading.Thread(target=function) for _ in range(_FUNCTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


class Death(Exception):
    """A function died at a call."""


class Table:
    """A table in memory. Before and after each call, its caller may die, or lose the processor.

    While callers die, a query that need not be consistent may find the table as it was up to five writes ago.
    """

    def __init__(self, seed: int, death: float = 0.0) -> None:
        self.items: dict[Key, Item] = {}
        self.death = death
        self.reads: list[str] = []
        self.failed_writes = 0
        self._older: deque[dict[Key, Item]] = deque(maxlen=5)
        self._random = random.Random(seed)
        self._lock = threading.Lock()

    def _call(self, do: Callable[[], T]) -> T:
        self._pass_time()
        with self._lock:
            done = do()
        self._pass_time()
        return done

    def _pass_time(self) -> None:
        if self.death:
            time.sleep(self._random.random() * 0.0003)
        if self._random.random() < self.death:
            raise Death

    def get(self, pk: str, sk: str, *, consistent: bool = False) -> Item | None:
        assert consistent
        self.reads.append(sk)
        return self._call(lambda: self.items.get((pk, sk)))

    def query(
        self,
        pk: str,
        prefix: str = "",
        *,
        until: str = "",
        newest_first: bool = False,
        limit: int | None = None,
        consistent: bool = False,
    ) -> Iterator[Item]:
        self.reads.append(f"{prefix} to {until}")

        def find() -> list[Item]:
            items = self.items
            if self.death and not consistent:
                items = self._random.choice([items, *self._older])
            last = until or prefix + "~"
            keys = sorted(key for key in items if key[0] == pk and prefix <= key[1] <= last)
            return [items[key] for key in (keys[::-1] if newest_first else keys)][:limit]

        return iter(self._call(find))

    def put_new_or_get(self, item: Item) -> Item | None:
        return self._put(item, lambda existing: existing is None)

    def replace_or_get(self, item: Item, name: str, value: Any) -> Item | None:
        return self._put(item, lambda existing: existing is not None and existing[name] == value)

    def _put(self, item: Item, may: Callable[[Item | None], bool]) -> Item | None:
        key = item["pk"], item["sk"]

        def put() -> Item | None:
            existing = self.items.get(key)
            if may(existing):
                self._older.append(dict(self.items))
                self.items[key] = item
                return None
            self.failed_writes += 1
            return None if existing == item else existing or {}

        return self._call(put)

    def exchange(self, name: str, old: Any, values: Mapping[Key, Any]) -> dict[Key, Exchanged]:
        def exchange_all() -> dict[Key, Exchanged]:
            found = {}
            for key, value in values.items():
                now = self.items[key][name] == old
                if now:
                    self.items[key] = self.items[key] | {name: value}
                found[key] = Exchanged(self.items[key][name], now=now)
            return found

        return self._call(exchange_all)

    def install(self, monkeypatch: pytest.MonkeyPatch) -> "Table":
        for verb in ("get", "query", "put_new_or_get", "replace_or_get"):
            monkeypatch.setattr(table, verb, getattr(self, verb))
        monkeypatch.setattr(batches, "exchange", self.exchange)
        return self
