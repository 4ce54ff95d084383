"""Schedules as asynchronous invocations: an event comes twice, overlaps with the next, comes again after an error."""

import threading
from collections.abc import Callable
from typing import Any

from .switches import Switch, Switches

_TWICE = 0.2
_RETRIES = 2
# AWS waits one minute, then two.
_FIRST_PAUSE = 10.0


class Schedules:
    """The switch `schedule-twice`. `call` calls a function with an event and returns whether it succeeded."""

    def __init__(self, switches: Switches, purpose: str, *, pause: float = _FIRST_PAUSE) -> None:
        self._on = Switch.SCHEDULE_TWICE in switches
        self._draws = switches.draws(Switch.SCHEDULE_TWICE, purpose, 2)
        self._pause = pause

    def deliver(
        self, call: Callable[[dict[str, Any]], bool], event: dict[str, Any], stop: threading.Event
    ) -> list[threading.Thread]:
        """Deliver an event. Return the threads in which that goes on; none where the switch is off.

        Set `stop` to end the waiting for another try.
        """
        if not self._on:
            call(event)
            return []
        times = 2 if self._draws.fails("twice", _TWICE) else 1
        threads = [
            threading.Thread(target=self._until_done, args=(call, event, stop))
            for _ in range(times)
        ]
        for thread in threads:
            thread.start()
        return threads

    def _until_done(
        self, call: Callable[[dict[str, Any]], bool], event: dict[str, Any], stop: threading.Event
    ) -> None:
        for tried in range(_RETRIES + 1):
            if call(event) or tried == _RETRIES or stop.wait(self._pause * (tried + 1)):
                return
