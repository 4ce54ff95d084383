"""The line to Tencent: how many calls may be made on it, how fast, and whether anybody answers."""

import functools
import threading
import time

from chalicelib import settings

# Calls that go without an answer, one after the other, until Tencent is taken to be away: one alone may
# be a number's fault.
_SILENCES = 2


class Throttle:
    """One process's share of the line. Safe to use from several threads.

    Tencent is taken to be away when calls got no answer, or were refused for now, and no other was
    answered since they began. Whoever sends calls nothing any more then.
    """

    def __init__(self, parallel: int, per_second: float) -> None:
        self.parallel = parallel
        self.down_reason = ""
        """Why Tencent is taken to be away; empty while it is not."""
        self._pace = Pace(per_second)
        self._answers = 0
        self._silences = 0
        self._lock = threading.Lock()

    def open(self, *, cautious: bool) -> None:
        """Begin to call again, at first with less patience than before; with the least where `cautious`."""
        with self._lock:
            self.down_reason = ""
            self._silences = _SILENCES - 1 if cautious else min(self._silences, _SILENCES - 1)

    def acquire(self, within: float) -> int | None:
        """Wait for a call's turn; answers what `silent` has to be given, should the call get no answer.

        None, without waiting, where it would come later than in so many seconds, or Tencent is away.
        """
        if self.down_reason or not self._pace.wait(within) or self.down_reason:
            return None
        return self._answers

    def answered(self) -> None:
        """A call was answered."""
        with self._lock:
            self._answers += 1
            self._silences = 0

    def unanswered(self, token: int, why: str) -> bool:
        """The call of that turn was not; answers whether Tencent is taken to be away from now on."""
        with self._lock:
            if self._answers == token:
                self._silences += 1
            if self.down_reason or self._silences < _SILENCES:
                return False
            self.down_reason = why
            return True


class Pace:
    """At most so many turns a second, evenly spread. Safe to use from several threads."""

    def __init__(self, per_second: float) -> None:
        self._interval = 1 / per_second
        self._next = 0.0
        self._lock = threading.Lock()

    def wait(self, within: float) -> bool:
        """Return when it is the caller's turn; at once, with False, where that is not within so many seconds."""
        with self._lock:
            now = time.monotonic()
            turn = max(now, self._next)
            if turn - now > within:
                return False
            self._next = turn + self._interval
        if turn > now:
            time.sleep(turn - now)
        return True


def throttle(functions: int, *, cautious: bool) -> Throttle:
    """The line of this process, one of so many functions that share the ceilings; opened for another event."""
    configured = settings.load()
    own = _throttle(
        configured.tencent_parallel_calls // functions,
        configured.tencent_calls_per_second / functions,
    )
    own.open(cautious=cautious)
    return own


@functools.cache
def _throttle(parallel: int, per_second: float) -> Throttle:
    return Throttle(parallel, per_second)
