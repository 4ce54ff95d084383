"""Breakers: while one is open, no function calls that side, except for one probe at a time.

closed ─ open ─▶ open ─ probe ─▶ open, one caller tries ─ close ─▶ closed
▲                       │
└─ the probe failed: the pause until the next one is longer already
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

Side = Literal["quickaudience", "tencent"]
"""The side that is not called."""

# Seconds from opening to the first probe, and from probe to probe: three times as long each time, up to a
# maximum. A probe at Quick Audience may be one call too many; one at Tencent costs at worst one recipient.
_FIRST_PAUSE = 10
_MAX_PAUSE: Mapping[Side, int] = {"quickaudience": 3600, "tencent": 60}
# A breaker that opens again this soon after it was closed goes on with the longer pauses.
_RELAPSE_SECONDS = 900
# While a probe is under way, its result is worth waiting for, for this long.
_PROBING_SECONDS = 30
_LOOK_AGAIN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Breaker:
    """A breaker as it was read. Times are epochs; `probes` counts the probes since it opened.

    Its field names are stored, so they must not change. `token` is new with every write.
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
        """Return in how many seconds to look at it again."""
        if now - self.probed_at < _PROBING_SECONDS:
            return _LOOK_AGAIN
        return max(1, self.probe_at - now)

    def probed(self, now: int) -> "Breaker":
        """Return it with a probe that begins now; the pause until the next one is longer."""
        probes = self.probes + 1
        probe_at = now + pause(self.name, probes)
        return replace(
            self, token=uuid.uuid4().hex, probes=probes, probed_at=now, probe_at=probe_at
        )

    def closed(self, now: int) -> "Breaker":
        """Return it closed."""
        return replace(self, token=uuid.uuid4().hex, closed_at=now)


def opened(name: Side, why: str, now: int, before: Breaker | None) -> Breaker:
    """Return a breaker that opens now. `before` is the closed one that it replaces."""
    relapse = before is not None and now - before.closed_at < _RELAPSE_SECONDS
    probes = before.probes if before and relapse else 0
    probe_at = now + pause(name, probes)
    return Breaker(name=name, why=why, opened_at=now, probes=probes, probe_at=probe_at)


def pause(name: Side, probes: int) -> int:
    """Return the seconds until the next probe, after this number of probes."""
    return min(_MAX_PAUSE[name], int(_FIRST_PAUSE * 3 ** min(probes, 10)))
