"""The number of calls that one function makes at once: it follows Tencent's answers, below a ceiling.

It grows once in a round trip, and a refusal for the rate of calls halves it. Until the first refusal it doubles. Then
each step goes half the way to a target, nine tenths of what was refused, and from there on by one. A refusal below the
target lowers that by a tenth, too.

All calls that were under way at a halving belong to one burst: their refusals halve the limit no further. This module
has no clock and no threads; its caller passes the time (`throttle`).
"""

START = 4
"""The number of calls at once after a start, after a pause and after a breaker."""
SECOND = 1.0
"""Tencent counts calls by the second. Once it has refused one, a round lasts at least this many seconds."""


class Rate:
    """The number of calls at once (`limit`), of which `calls` are under way.

    A round ends when as many answers have arrived as calls were under way at its start. The limit grows only if the
    calls of the round reached it: a lower number of calls shows nothing about a higher limit.

    One counter counts answers and halvings. A call remembers the count at its start, its token, and thereby what
    has happened since.
    """

    def __init__(self, ceiling: int) -> None:
        self.calls = 0
        self._ceiling = ceiling
        self._events = 0
        self._last_answer = 0
        self._last_halving = 0
        self.restart()

    def restart(self) -> None:
        """Begin with few calls, and forget what was refused."""
        self.limit = min(START, self._ceiling)
        # Up to here the limit grows quickly. None before the first refusal.
        self._target: int | None = None
        self._new_round(0.0)

    @property
    def free(self) -> int:
        """Return how many calls may begin now; negative if the limit has fallen below those under way."""
        return self.limit - self.calls

    def begin(self) -> None:
        """Record that a call is under way. The caller has checked `free`."""
        self.calls += 1
        if self.calls >= self.limit:
            self._reached = True

    def end(self) -> None:
        """Record that a call is no longer under way."""
        self.calls -= 1

    @property
    def token(self) -> int:
        """Return the token of a call that starts now."""
        return self._events

    def answered_since(self, token: int) -> bool:
        """Return whether a call was answered after the call with this token started."""
        return self._last_answer > token

    def answered(self, now: float) -> None:
        """Record an answer, at a time in seconds."""
        self._events += 1
        self._last_answer = self._events
        self._awaited -= 1
        if self._awaited > 0 or (self._target is not None and now < self._round_until):
            return
        if self._reached:
            self.limit = min(self._ceiling, self._grown())
        self._new_round(now)

    def refused(self, token: int, now: float) -> bool:
        """Record a refusal for the rate of calls, at a time in seconds; return whether it halved the limit.

        It does not if the call started before the last halving.
        """
        if self._last_halving > token:
            return False
        self._events += 1
        self._last_halving = self._events
        self._target = max(self.limit, self._target or 0) * 9 // 10
        self.limit = max(1, self.limit // 2)
        self._new_round(now)
        return True

    def _grown(self) -> int:
        if self._target is None:
            return self.limit * 2
        return self.limit + max(1, (self._target - self.limit) // 2)

    def _new_round(self, now: float) -> None:
        self._awaited = self.calls
        self._round_until = now + SECOND
        self._reached = False
