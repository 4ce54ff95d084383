"""Calls that ask Tencent about one phone each: how `settle` and `inquire` ask, and when they stop."""

import threading
import time

from chalicelib.logs import log
from chalicelib.tencent.interface import Event, PullType, TencentApi
from chalicelib.tencent.throttle import Pace

TRIES = 3
"""Tries of a call that Tencent refuses for its rate."""
# Seconds between them.
_RATE_PAUSE = 1
# A run ends after this number of calls without an answer in a row.
_MAX_FAILURES = 10
# Tencent's clock may differ from this one by ten minutes (error code 1021).
_CLOCK_TOLERANCE_SECONDS = 600


class QueryRun:
    """The calls of one invocation, which end early when further ones would fail, too. Safe to use from several threads.

    `deadline` is the epoch at which Lambda ends the function. A call begins with at least `seconds_for_a_call` left.
    """

    def __init__(self, deadline: float, seconds_for_a_call: int) -> None:
        self.stopped = False
        """Whether the run ended early."""
        self._last_start = deadline - seconds_for_a_call
        self._failures = 0
        self._lock = threading.Lock()

    @property
    def seconds_left(self) -> float:
        """Return the seconds within which another call may begin."""
        return self._last_start - time.time()

    def answered(self) -> None:
        """Record that a call was answered."""
        with self._lock:
            self._failures = 0

    def unanswered(self, warning: str, **fields: str) -> None:
        """Record that a call got no answer; after too many in a row, end the run and log the warning."""
        with self._lock:
            self._failures += 1
            too_many = self._failures >= _MAX_FAILURES
        if too_many:
            self.stop(warning, **fields)

    def stop(self, warning: str, **fields: str) -> None:
        """End the run and log the warning. Only the first call does anything."""
        with self._lock:
            if self.stopped:
                return
            self.stopped = True
        log.warning(warning, extra=fields)


def rest(pace: Pace) -> None:
    """Give out no turn for a moment, because Tencent refused a call for its rate."""
    pace.rest(time.monotonic() + _RATE_PAUSE)


def statuses_since(client: TencentApi, phone: str, sent_at: int) -> list[Event]:
    """Ask for the statuses of a phone since the epoch of a send. Raises TencentError."""
    end = int(time.time()) + _CLOCK_TOLERANCE_SECONDS
    return client.events_of_phone(PullType.STATUSES, phone, sent_at - _CLOCK_TOLERANCE_SECONDS, end)
