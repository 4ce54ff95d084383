"""The only clock: it stands still until a test moves it."""

import time
from datetime import datetime, timedelta, timezone

from time_machine import Traveller

BEIJING = timezone(timedelta(hours=8))
START = datetime(2026, 3, 2, 10, 0, 0, tzinfo=BEIJING)


class Clock:
    """Moves time, forward only but for a world that is put back."""

    def __init__(self, traveller: Traveller) -> None:
        self._traveller = traveller

    def pass_(self, *, seconds: float = 0, hours: float = 0) -> None:
        self.move_to(time.time() + seconds + hours * 3600)

    def move_to(self, epoch: float) -> None:
        assert epoch >= time.time()
        self._traveller.move_to(epoch, tick=False)

    def go_back_to(self, epoch: float) -> None:
        """For a world that goes back as a whole."""
        self._traveller.move_to(epoch, tick=False)


def beijing(epoch: float) -> str:
    """As both sides write dates."""
    return datetime.fromtimestamp(epoch, BEIJING).strftime("%Y-%m-%d %H:%M:%S")
