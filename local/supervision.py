"""Supervision of a stack's processes: restart what may end, report what may not, end them in groups."""

import threading
import time
from collections.abc import Callable, Iterable

from local.processes import Process, StackError

_WATCH = 0.1
_POLL = 0.02
_PATIENCE = 30.0
_SHORTEST_LIFE = 1.0


class Supervisor:
    """Watches processes from a thread of its own, from `start` to `close`.

    `replaceable` gives the processes that are started again when they end, as Lambda replaces an
    execution environment. `essential` gives those without which the stack cannot go on: when one of
    them ends, `failed` is set and `failure` says why.
    """

    def __init__(
        self,
        *,
        replaceable: Callable[[], Iterable[Process]],
        essential: Callable[[], Iterable[Process]],
    ) -> None:
        self.failure: StackError | None = None
        self.failed = threading.Event()
        self._replaceable = replaceable
        self._essential = essential
        self._thread: threading.Thread | None = None
        self._checking = threading.Lock()
        self._suspended = False
        self._closed = threading.Event()
        self._patience = _PATIENCE

    def start(self) -> None:
        """Start to watch."""
        self._thread = threading.Thread(target=self._watch, name="stack-watcher")
        self._thread.start()

    def suspend(self) -> None:
        """Stop restarting and reporting, because the processes are about to be ended."""
        with self._checking:
            self._suspended = True

    def end(self, processes: Iterable[Process]) -> None:
        """End processes gently, and kill those that are still running after 30 seconds."""
        left = [process for process in processes if process.running]
        began = time.monotonic()
        for process in left:
            process.terminate()
        while left := [process for process in left if process.running]:
            if time.monotonic() - began > self._patience:
                for process in left:
                    process.kill()
            time.sleep(_POLL)

    def hurry(self) -> None:
        """Make `end` kill at once, even if it is already waiting. A signal handler may call this."""
        self._patience = 0.0

    def close(self) -> None:
        """End the watching thread. All processes must have ended: see `_watch`."""
        self._closed.set()
        if self._thread is not None:
            self._thread.join()

    def _watch(self) -> None:
        # This thread lives until all processes have ended. It starts some of them, and the kernel would
        # take its end for the end of their parent (see `local.child`).
        while not self._closed.wait(_WATCH):
            with self._checking:
                if not self._suspended and not self.failed.is_set():
                    self._check()

    def _check(self) -> None:
        for process in self._essential():
            if not process.running:
                self.failure = StackError(f"{process.name} {process.fate()}")
                self.failed.set()
        for process in self._replaceable():
            if not process.running and time.monotonic() - process.started > _SHORTEST_LIFE:
                process.start()
