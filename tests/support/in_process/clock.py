"""The clock of the tests: it stands still until a test moves it."""

import time
from datetime import datetime, timedelta, timezone

from time_machine import Traveller

BEIJING = timezone(timedelta(hours=8))
START = datetime(2026, 3, 2, 10, 0, 0, tzinfo=BEIJING)


class Clock:
    """Moves the time: forward only, unless a snapshot is restored."""

    def __init__(self, traveller: Traveller) -> None:
        self._traveller = traveller

    def advance(self, *, seconds: float = 0, hours: float = 0) -> None:
        self.move_to(time.time() + seconds + hours * 3600)

    def move_to(self, epoch: float) -> None:
        assert epoch >= time.time()
        self._traveller.move_to(epoch, tick=False)

    def rewind_to(self, epoch: float) -> None:
        """Go back in time together with the whole state."""
        self._traveller.move_to(epoch, tick=False)


def beijing(epoch: float) -> str:
    """Return an epoch as a date in the format of both sides."""
    return datetime.fromtimestamp(epoch, BEIJING).strftime("%Y-%m-%d %H:%M:%S")
