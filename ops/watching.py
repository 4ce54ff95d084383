"""Watching a campaign: its counts again and again, at the price of the sums that the functions keep."""

import math
import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

from chalicelib import dates
from ops import campaign

SECONDS = 3.0
"""The pause between two looks."""
# Rates are those of the last seconds.
_WINDOW_SECONDS = 30


def watch(out_id: str, sleep: Callable[[float], object] = time.sleep) -> Iterator[dict[str, Any]]:
    """Yield what `campaign.glance` returns, every few seconds, until everything of the campaign is final.

    Each look has the time (`at`), the recipients per second of the last half minute who were given to Tencent or
    refused (`sendsPerSecond`) and who got a final state (`finalPerSecond`), and, while the campaign is being sent, the
    seconds until all are sent to at that rate (`secondsLeft`). These are None where they are not known.
    """
    pace = _Pace()
    while True:
        found = campaign.glance(out_id)
        yield {"at": dates.to_beijing(time.time()), **found, **pace.of(found)}
        if found["complete"]:
            return
        sleep(SECONDS)


class _Pace:
    """How fast a campaign goes on."""

    def __init__(self) -> None:
        self._looks: deque[tuple[float, int, int]] = deque()

    def of(self, found: dict[str, Any]) -> dict[str, Any]:
        """Return the rates, and the time that is left."""
        now = time.time()
        tried = found["recipients"] - found["unsent"]
        final = found["delivered"] + found["failed"]
        self._looks.append((now, tried, final))
        while now - self._looks[0][0] > _WINDOW_SECONDS:
            self._looks.popleft()
        since, tried_then, final_then = self._looks[0]
        seconds = now - since
        sends = (tried - tried_then) / seconds if seconds > 0 else None
        finals = (final - final_then) / seconds if seconds > 0 else None
        # A status may be counted before its send is.
        left = None
        if found["state"] == "sending" and found["unsent"] and sends and sends > 0:
            left = math.ceil(found["unsent"] / sends)
        return {
            "sendsPerSecond": None if sends is None else round(max(0.0, sends), 1),
            "finalPerSecond": None if finals is None else round(max(0.0, finals), 1),
            "secondsLeft": left,
        }
