"""Circuit breakers: while one is open, no function calls that side, except for one probe at a time.

                 ┌── the probe failed: the next pause is longer ───┐
                 ▼                                                 │
closed ─ trip ─▶ open ─ pause over ─▶ open, one caller probes it ──┴─ close ─▶ closed
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

Side = Literal["quickaudience", "tencent"]
"""The side that is not called."""

# Seconds from opening to the first probe. Each further pause is three times as long, up to a maximum. A probe of
# Quick Audience may be the failure that makes it block the address; one of Tencent costs at worst one recipient.
_FIRST_PAUSE = 10
_MAX_PAUSE: Mapping[Side, int] = {"quickaudience": 3600, "tencent": 60}
# A breaker that opens again within this time of being closed continues with the longer pauses.
_RELAPSE_SECONDS = 900
# How long the result of a probe may take; until then the breaker is checked at the shorter interval.
_PROBING_SECONDS = 30
_CHECK_INTERVAL = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Breaker:
    """A breaker as it is stored. Times are epochs; `probes` counts the probes since it opened.

    The field names are stored, so they must not change. Every write sets a new `token`.
    """

    name: Side
    why: str = ""
    opened_at: int = 0
    closed_at: int = 0
    probes: int = 0
    probed_at: int = 0
    probe_at: int = 0
    token: str = field(default_factory=lambda: uuid.uuid4().hex)

    def delay(self, now: int) -> int:
        """Return the seconds until the breaker should be checked again."""
        if now - self.probed_at < _PROBING_SECONDS:
            return _CHECK_INTERVAL
        return max(1, self.probe_at - now)

    def probed(self, now: int) -> "Breaker":
        """Return the breaker with a probe that starts now, and a longer pause until the next one."""
        probes = self.probes + 1
        probe_at = now + pause(self.name, probes)
        return replace(
            self, token=uuid.uuid4().hex, probes=probes, probed_at=now, probe_at=probe_at
        )

    def closed(self, now: int) -> "Breaker":
        """Return the breaker, closed."""
        return replace(self, token=uuid.uuid4().hex, closed_at=now)


def opened(name: Side, why: str, now: int, before: Breaker | None) -> Breaker:
    """Return a breaker that opens now. `before` is the closed breaker that it replaces, if there is one."""
    relapse = before is not None and now - before.closed_at < _RELAPSE_SECONDS
    probes = before.probes if before and relapse else 0
    probe_at = now + pause(name, probes)
    return Breaker(name=name, why=why, opened_at=now, probes=probes, probe_at=probe_at)


def pause(name: Side, probes: int) -> int:
    """Return the seconds until the next probe, given the number of probes so far."""
    return min(_MAX_PAUSE[name], int(_FIRST_PAUSE * 3 ** min(probes, 10)))
