"""Circuit breakers: while one is open, no function makes the calls that it stops, except for one probe at a time.

                 ┌── the probe failed: the next pause is longer ───┐
                 ▼                                                 │
closed ─ trip ─▶ open ─ pause over ─▶ open, one caller probes it ──┴─ close ─▶ closed
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, get_args

Hold = Literal["tencent-account", "tencent-mainland", "tencent-foreign"]
"""A breaker that Tencent opens by a refusal for the account's sake (`domain/holds.py`)."""
HOLDS: tuple[Hold, ...] = get_args(Hold)
BreakerName = Literal[
    "quickaudience", "tencent", "tencent-account", "tencent-mainland", "tencent-foreign"
]
"""A breaker: that of a side, which stops all calls to it, or a hold. Its gate (`store/waiting.py`) has its name."""
NAMES: tuple[BreakerName, ...] = get_args(BreakerName)

# Seconds from opening to the first probe, and the maximum. Each further pause is three times as long, up to that. A
# probe of Quick Audience may be the failure that makes it block the address; one of Tencent costs at worst one
# recipient; one of a hold costs nothing. `release` runs each minute, so pauses of a full minute would make every
# second probe late.
_SIDES: Mapping[BreakerName, tuple[int, int]] = {"quickaudience": (10, 3600), "tencent": (10, 60)}
_HOLD = (55, 55)
# A breaker that opens again within this time of being closed continues with the longer pauses.
_RELAPSE_SECONDS = 900
# How long the result of a probe may take; until then the breaker is checked at the shorter interval.
_PROBING_SECONDS = 30
_CHECK_INTERVAL = 5
# Seconds after which an outage is a long one, and how long a waiting message then waits for its next probe.
_LONG_OUTAGE_SECONDS = 3600
_LONG_OUTAGE_PAUSE = 360


@dataclass(frozen=True, slots=True, kw_only=True)
class Breaker:
    """A breaker as it is stored. Times are epochs; `probes` counts the probes since it opened.

    The field names are stored, so they must not change. Every write sets a new `token`. `code` is Tencent's code that
    opened a hold; 0 for the breaker of a side.
    """

    name: BreakerName
    why: str = ""
    code: int | str = 0
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

    @property
    def release_at(self) -> int:
        """Return when a message that waits is queued for the next probe.

        Each such probe moves a message out of the table and back. So in a long outage of Tencent, messages are queued
        less often than probes are due; otherwise one message would be moved 120 times in six hours. A chunk that is
        queued meanwhile probes by itself.
        """
        if self.name != "tencent" or self.probed_at - self.opened_at < _LONG_OUTAGE_SECONDS:
            return self.probe_at
        return max(self.probe_at, self.probed_at + _LONG_OUTAGE_PAUSE)

    def probed(self, now: int) -> "Breaker":
        """Return the breaker with a probe that starts now, and a longer pause until the next one."""
        probes = self.probes + 1
        probe_at = now + pause(self.name, probes)
        return replace(
            self, token=uuid.uuid4().hex, probes=probes, probed_at=now, probe_at=probe_at
        )

    def because(self, why: str, code: int | str) -> "Breaker":
        """Return the breaker with another reason why it is open."""
        return replace(self, token=uuid.uuid4().hex, why=why, code=code)

    def closed(self, now: int) -> "Breaker":
        """Return the breaker, closed."""
        return replace(self, token=uuid.uuid4().hex, closed_at=now)


def opened(
    name: BreakerName, why: str, now: int, before: Breaker | None, code: int | str = 0
) -> Breaker:
    """Return a breaker that opens now. `before` is the closed breaker that it replaces, if there is one."""
    relapse = before is not None and now - before.closed_at < _RELAPSE_SECONDS
    probes = before.probes if before and relapse else 0
    probe_at = now + pause(name, probes)
    return Breaker(name=name, why=why, code=code, opened_at=now, probes=probes, probe_at=probe_at)


def pause(name: BreakerName, probes: int) -> int:
    """Return the seconds until the next probe, given the number of probes so far."""
    first, longest = _SIDES.get(name, _HOLD)
    return min(longest, int(first * 3 ** min(probes, 10)))
