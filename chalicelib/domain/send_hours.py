"""The hours of the day in which promotional messages are sent (SEND_HOURS), in Beijing time.

Beijing time has no summer time, so every day has the same 86,400 seconds.
"""

from dataclasses import dataclass

MARGIN_SECONDS = 5
"""Sending ends this much before the end of the hours: a call takes a moment to begin."""
_DAY = 24 * 3600
_BEIJING = 8 * 3600


@dataclass(frozen=True, slots=True)
class SendHours:
    """The time from one minute of the day to another. If the end is not after the start, they span midnight."""

    start: int
    end: int

    def opens_in(self, now: float) -> float:
        """Return the seconds until calls may begin; 0 if they may begin now."""
        if self.end - self.start == _DAY // 60:
            return 0
        start = self.start * 60
        since = (now + _BEIJING - start) % _DAY
        open_for = (self.end * 60 - start) % _DAY - MARGIN_SECONDS
        return 0 if since < open_for else _DAY - since

    def __str__(self) -> str:
        """Return the hours as they are written in the setting."""
        return f"{_clock(self.start)}-{_clock(self.end)}"


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"
