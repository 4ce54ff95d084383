"""The folder of BRIDGE_FAULTS, seen from outside: orders to die, and the points that were reached.

`local.faults` has the other side: the processes that reach the points and obey the orders.
"""

import json
from collections.abc import Mapping
from pathlib import Path

from local.faults import Order, Point


class Faults:
    """Gives orders, and knows which points were reached and which orders were executed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._orders, self._executed = folder / "orders", folder / "executed"
        for each in (self._orders, self._executed):
            each.mkdir(parents=True, exist_ok=True)
        self._log = folder / "passed.jsonl"
        self._read = 0
        self._seen: dict[Point, int] = {}

    def order(self, order: Order) -> None:
        """Have the next process that reaches this point die there."""
        (self._orders / str(order)).touch()

    def withdraw(self, order: Order) -> bool:
        """Withdraw an order, and return whether it was still pending."""
        try:
            (self._orders / str(order)).unlink()
        except FileNotFoundError:
            return False
        return True

    def pending(self) -> set[Order]:
        """Return the orders that have not been executed yet."""
        return {Order.parse(path.name) for path in self._orders.iterdir()}

    def executed(self) -> set[Order]:
        """Return the orders that a process has executed by dying."""
        return {Order.parse(path.name) for path in self._executed.iterdir()}

    def seen(self) -> Mapping[Point, int]:
        """Return how often each point was reached, in the order of their first occurrence."""
        if self._log.exists():
            with self._log.open("rb") as log:
                log.seek(self._read)
                for line in log:
                    if not line.endswith(b"\n"):
                        break
                    self._read += len(line)
                    point = Point.parse(json.loads(line)["point"])
                    self._seen[point] = self._seen.get(point, 0) + 1
        return self._seen
