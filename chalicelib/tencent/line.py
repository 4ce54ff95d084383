"""The line to Tencent: how many calls may be made on it, how fast, and whether anybody answers."""

import functools
import threading
import time

from chalicelib import settings

# Calls that go without an answer, one after the other, until Tencent is taken to be away: one alone may
# be a number's fault.
_SILENCES = 2


class Line:
    """One process's share of the line. Safe to use from several threads.

    Tencent is taken to be away when calls got no answer, or were refused for now, and no other was
    answered since they began. Whoever sends calls nothing any more then.
    """

    def __init__(self, parallel: int, per_second: float) -> None:
        self.parallel = parallel
        self.away = ""
        """Why Tencent is taken to be away; empty while it is not."""
        self._pace = Pace(per_second)
        self._answers = 0
        self._silences = 0
        self._lock = threading.Lock()

    def open(self) -> None:
        """Begin to call again, at first with less patience than before."""
        with self._lock:
            self.away = ""
            self._silences = min(self._silences, _SILENCES - 1)

    def turn(self) -> int:
        """Wait for a call's turn; answers what `silent` has to be given, should the call get no answer."""
        self._pace.wait()
        return self._answers

    def heard(self) -> None:
        """A call was answered."""
        with self._lock:
            self._answers += 1
            self._silences = 0

    def silent(self, turn: int, why: str) -> bool:
        """The call of that turn was not; answers whether Tencent is taken to be away from now on."""
        with self._lock:
            if self._answers == turn:
                self._silences += 1
            if self.away or self._silences < _SILENCES:
                return False
            self.away = why
            return True


class Pace:
    """At most so many turns a second, evenly spread. Safe to use from several threads."""

    def __init__(self, per_second: float) -> None:
        self._interval = 1 / per_second
        self._next = 0.0
        self._lock = threading.Lock()

    def wait(self) -> None:
        """Return when it is the caller's turn."""
        with self._lock:
            now = time.monotonic()
            turn = max(now, self._next)
            self._next = turn + self._interval
        if turn > now:
            time.sleep(turn - now)


def line(functions: int) -> Line:
    """The line of this process, one of so many functions that share the ceilings; opened for another event."""
    configured = settings.load()
    own = _line(
        configured.tencent_parallel_calls // functions,
        configured.tencent_calls_per_second / functions,
    )
    own.open()
    return own


@functools.cache
def _line(parallel: int, per_second: float) -> Line:
    return Line(parallel, per_second)
