"""Draws: what fails at which moment. Equal seeds and equal calls in equal order draw equally."""

import random
import threading
from collections.abc import Callable, Hashable, Iterable
from typing import TypeVar

K = TypeVar("K", bound=Hashable)


class Draws:
    """Chooses what fails, at random, and nothing more than `longest` times in a row. Safe in several threads.

    A client that tries again `longest` times therefore always succeeds at last.
    """

    def __init__(
        self,
        generator: random.Random,
        longest: int,
        note: Callable[[], None] = lambda: None,
    ) -> None:
        """`note` is called whenever AWS misbehaves because of a draw."""
        self.note = note
        self._random = generator
        self._longest = longest
        self._failed: dict[Hashable, int] = {}
        self._lock = threading.Lock()

    def chance(self, share: float) -> bool:
        """Return True in this share of all cases."""
        with self._lock:
            return self._random.random() < share

    def seconds(self, least: float, most: float) -> float:
        """Return a time between these two."""
        with self._lock:
            return self._random.uniform(least, most)

    def choice(self, choices: tuple[K, ...]) -> K:
        """Return one of these."""
        with self._lock:
            return self._random.choice(choices)

    def fails(self, key: Hashable, share: float) -> bool:
        """Return whether something fails now. It fails again in a row in half of the cases."""
        return bool(self.failing([key], share))

    def failing(self, keys: Iterable[K], share: float) -> set[K]:
        """Return those that fail now. They fail together: in this share of all calls some do, and sometimes all."""
        wanted = list(dict.fromkeys(keys))
        with self._lock:
            again = any(key in self._failed for key in wanted)
            struck = self._random.random() < (max(share, 0.5) if again else share)
            all_of_them = self._random.random() < 0.5
            chosen = {
                key
                for key in wanted
                if struck
                and (all_of_them or self._random.random() < 0.5)
                and self._failed.get(key, 0) < self._longest
            }
            for key in wanted:
                if key in chosen:
                    self._failed[key] = self._failed.get(key, 0) + 1
                else:
                    self._failed.pop(key, None)
        if chosen:
            self.note()
        return chosen
