"""Limits on calls to Tencent: how many at once, how many per second, and none while Tencent does not answer."""

import functools
import threading
import time

from chalicelib import settings

# After this many calls in a row without an answer, Tencent counts as down. One alone may be caused by its number.
_MAX_UNANSWERED = 2


class Throttle:
    """One process's share of the limits. Safe to use from several threads.

    Tencent counts as down after _MAX_UNANSWERED calls got no answer, or were refused temporarily, while no other
    call was answered after they began. Then `acquire` allows no more calls.
    """

    def __init__(self, parallel: int, per_second: float) -> None:
        self.parallel = parallel
        """How many calls may run at once. The caller limits its threads to it."""
        self.down_reason = ""
        """Why Tencent counts as down; empty if it does not."""
        self._pace = Pace(per_second)
        self._answered = 0
        self._unanswered = 0
        self._lock = threading.Lock()

    def open(self, *, cautious: bool) -> None:
        """Allow calls again, at the beginning of an invocation.

        Calls without an answer in the last invocation still count. If Tencent was down, or with `cautious`, one more
        makes it count as down again.
        """
        with self._lock:
            self.down_reason = ""
            one_left = _MAX_UNANSWERED - 1
            self._unanswered = one_left if cautious else min(self._unanswered, one_left)

    def acquire(self, timeout: float) -> int | None:
        """Wait until a call is allowed. Return a token; pass it to `unanswered` if the call gets no answer.

        Return None, without waiting, if the call would not be allowed within `timeout` seconds or Tencent is down.
        """
        if self.down_reason or not self._pace.wait(timeout) or self.down_reason:
            return None
        return self._answered

    def answered(self) -> None:
        """Record that a call was answered."""
        with self._lock:
            self._answered += 1
            self._unanswered = 0

    def unanswered(self, token: int, why: str) -> bool:
        """Record that a call got no answer; return whether this makes Tencent count as down.

        The call does not count if another call was answered since `acquire` returned the token.
        """
        with self._lock:
            if self._answered == token:
                self._unanswered += 1
            if self.down_reason or self._unanswered < _MAX_UNANSWERED:
                return False
            self.down_reason = why
            return True


class Pace:
    """Limits calls to `per_second`, evenly spaced. Safe to use from several threads."""

    def __init__(self, per_second: float) -> None:
        self._interval = 1 / per_second
        self._next = 0.0
        self._lock = threading.Lock()

    def wait(self, timeout: float) -> bool:
        """Wait for the caller's turn; return True. Return False at once if it is more than `timeout` seconds away."""
        with self._lock:
            now = time.monotonic()
            turn = max(now, self._next)
            if turn - now > timeout:
                return False
            self._next = turn + self._interval
        if turn > now:
            time.sleep(turn - now)
        return True


def throttle(functions: int, *, cautious: bool) -> Throttle:
    """Return this process's throttle, opened for another invocation.

    `functions` is the number of concurrent functions, which share the configured limits equally.
    """
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
