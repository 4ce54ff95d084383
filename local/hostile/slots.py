"""An account's concurrent executions: one pool for all processes that share a folder."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

COUNT = 10
"""Concurrent executions of a new account."""

_POLL = 0.1


class Slots:
    """The switch `slots`: a pool of slots, each a locked file. A process that dies gives its slots back.

    With a count of 0 there is no limit.
    """

    def __init__(self, folder: Path, count: int = COUNT) -> None:
        self._files = [folder / f"slot-{number}" for number in range(count)]
        if count:
            folder.mkdir(parents=True, exist_ok=True)

    @contextmanager
    def take(self, patience: float = 0.0) -> Iterator[bool]:
        """Hold a slot inside the block. Yield False if none becomes free within `patience` seconds."""
        if not self._files:
            yield True
            return
        deadline = time.monotonic() + patience
        while (slot := self._lock()) is None and time.monotonic() < deadline:
            time.sleep(_POLL)
        try:
            yield slot is not None
        finally:
            if slot is not None:
                os.close(slot)

    def _lock(self) -> int | None:
        for file in self._files:
            descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(descriptor)
            else:
                return descriptor
        return None
