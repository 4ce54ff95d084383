"""Limits on calls to Tencent: how many at once, how many per second, and none while Tencent does not answer."""

import functools
import random
import threading
import time

from chalicelib import settings
from chalicelib.logs import log
from chalicelib.tencent.rate import SECOND, Rate

# After this many calls in a row without an answer, Tencent counts as down. One alone may be caused by its number.
_MAX_UNANSWERED = 2
# The most calls at once of one function. A call needs a thread and an open file, and Lambda allows 1,024 of each.
MAX_PARALLEL = 400
# After this many seconds without an answer, the number of calls at once starts low again. A breaker is open for longer,
# so this happens also after one that another function opened.
_IDLE_SECONDS = 5


class Throttle:
    """One process's share of the limits. Safe to use from several threads.

    Every call has a place among the calls at once (`enter`, `leave`), and starts when its turn comes (`acquire`). Its
    caller then records its outcome: `answered`, `refused` or `unanswered`.

    Tencent counts as down after _MAX_UNANSWERED calls got no answer, or were refused for their rate, while no other
    call was answered after they began. All refusals of one burst count as one. While Tencent is down, no call starts.
    """

    def __init__(self, parallel: int, per_second: float) -> None:
        self.parallel = parallel
        """The most calls that may run at once. The caller limits its threads to it."""
        self.down_reason = ""
        """Why Tencent counts as down; empty if it does not."""
        self._rate = Rate(parallel)
        self._pace = Pace(per_second)
        self._unanswered = 0
        self._last_answer = 0.0
        self._lock = threading.Lock()
        self._place_is_free = threading.Condition(self._lock)

    def open(self, *, cautious: bool) -> None:
        """Allow calls again, at the beginning of an invocation.

        Calls without an answer in the last invocation still count. If Tencent was down, or with `cautious`, one more
        makes it count as down again. In both cases, and after a pause, the number of calls at once starts low.
        """
        with self._lock:
            # The wall clock: a monotonic clock may stop while Lambda freezes the function.
            idle = time.time() - self._last_answer > _IDLE_SECONDS
            if cautious or self.down_reason or idle:
                self._rate.restart()
            self.down_reason = ""
            one_left = _MAX_UNANSWERED - 1
            self._unanswered = one_left if cautious else min(self._unanswered, one_left)

    def enter(self, timeout: float) -> bool:
        """Wait for a place among the calls at once; return whether there is one. Then `leave` must follow.

        There is none if the wait would exceed `timeout` seconds, or if Tencent is down.
        """
        with self._lock:
            if self._rate.free <= 0:
                self._place_is_free.wait_for(
                    lambda: self.down_reason or self._rate.free > 0, timeout
                )
            if self.down_reason or self._rate.free <= 0:
                return False
            self._rate.begin()
            return True

    def leave(self) -> None:
        """Give up a place among the calls at once."""
        with self._lock:
            self._rate.end()
            self._place_is_free.notify(max(0, self._rate.free))

    def acquire(self, timeout: float) -> int | None:
        """Wait until a call may start. Return its token for `unanswered` and `refused`.

        Return None, without waiting, if the call would not be allowed within `timeout` seconds or Tencent is down.
        """
        if self.down_reason or not self._pace.wait(timeout) or self.down_reason:
            return None
        return self._rate.token

    def answered(self) -> None:
        """Record that a call was answered."""
        with self._lock:
            self._rate.answered(time.monotonic())
            self._last_answer = time.time()
            self._unanswered = 0

    def unanswered(self, token: int, why: str) -> bool:
        """Record that a call got no answer; return whether this makes Tencent count as down.

        The call does not count if another call was answered since `acquire` returned the token.
        """
        with self._lock:
            return self._is_down_after(token, why)

    def refused(self, token: int, why: str, seconds: float) -> bool:
        """Record a refusal for the rate of calls; return whether it makes Tencent count as down.

        The first refusal of a burst halves the calls at once. The second in which the call began was full, so no call
        starts before that second is over; the answer took `seconds` of it. The refusal counts like a call without an
        answer, unless it belongs to a burst that has been counted.
        """
        with self._lock:
            now, pause = time.monotonic(), SECOND
            if not self._rate.answered_since(token):
                # Perhaps other functions use up each second, and Tencent is not down. At another time within a second,
                # the next call has a better chance.
                pause += SECOND * random.random()  # noqa: S311 -- to spread calls, not for secrecy
            self._pace.rest(now - seconds + pause)
            if not self._rate.refused(token, now):
                return False
            at_once = self._rate.limit
            is_down = self._is_down_after(token, why)
        log.warning("Tencent refuses the rate of calls", extra={"why": why, "at_once": at_once})
        return is_down

    def _is_down_after(self, token: int, why: str) -> bool:
        if not self._rate.answered_since(token):
            self._unanswered += 1
        if self.down_reason or self._unanswered < _MAX_UNANSWERED:
            return False
        self.down_reason = why
        self._place_is_free.notify_all()
        return True


class Pace:
    """Limits calls to `per_second`, evenly spaced. Safe to use from several threads."""

    def __init__(self, per_second: float) -> None:
        self._interval = 1 / per_second
        self._next = 0.0
        self._rest_until = 0.0
        self._lock = threading.Lock()

    def wait(self, timeout: float) -> bool:
        """Wait for the caller's turn; return True. Return False at once if it is more than `timeout` seconds away.

        A turn that falls into a rest that began meanwhile is exchanged for a later one.
        """
        while True:
            with self._lock:
                now = time.monotonic()
                turn = max(now, self._next)
                if turn - now > timeout:
                    return False
                self._next = turn + self._interval
            if turn > now:
                time.sleep(turn - now)
                timeout -= turn - now
            if turn >= self._rest_until:
                return True

    def rest(self, until: float) -> None:
        """Give out no turn before `until`, a time of the monotonic clock."""
        with self._lock:
            self._rest_until = max(self._rest_until, until)
            self._next = max(self._next, until)


def throttle(functions: int, *, cautious: bool) -> Throttle:
    """Return this process's throttle, opened for another invocation.

    `functions` is the number of concurrent functions, which share the configured limits equally.
    """
    configured = settings.load()
    own = _throttle(
        min(configured.tencent_parallel_calls // functions, MAX_PARALLEL),
        configured.tencent_calls_per_second / functions,
    )
    own.open(cautious=cautious)
    return own


@functools.cache
def _throttle(parallel: int, per_second: float) -> Throttle:
    return Throttle(parallel, per_second)
