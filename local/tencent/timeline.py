"""A schedule of actions: one heap and one timer, for any number of scheduled items."""

import asyncio
import heapq
import itertools
import time
from collections.abc import Callable
from typing import Any, TypeVar

# Items that are due within this many seconds run together, so that one push has many receipts.
_GRANULARITY = 0.02

Item = TypeVar("Item")


class Timeline:
    """Runs actions when they are due."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Callable[[Any], None], Any]] = []
        self._order = itertools.count()
        self._timer: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._heap)

    def add(self, due: float, action: Callable[[Item], None], item: Item) -> None:
        """Call the action with the item at ``due``, in epoch seconds."""
        heapq.heappush(self._heap, (due, next(self._order), action, item))
        if self._heap[0][3] is item:
            self._set_timer()

    def clear(self) -> None:
        """Remove all items."""
        self._heap.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        delay = max(self._heap[0][0] - time.time(), _GRANULARITY)
        self._timer = asyncio.get_running_loop().call_later(delay, self._run)

    def _run(self) -> None:
        now = time.time()
        while self._heap and self._heap[0][0] <= now:
            _, _, action, item = heapq.heappop(self._heap)
            action(item)
        self._timer = None
        if self._heap:
            self._set_timer()
