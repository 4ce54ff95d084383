"""Breakers: an open one keeps every function from calling a side that is best left alone.

    closed ─ trip ─▶ open ─ take_probe ─▶ open, one caller tries ─ close ─▶ closed
                      ▲                        │
                      └── the try failed: the pause until the next one is longer already

Kept in the table, since the functions share nothing else. Whoever finds one open calls nothing, or
tries, as the only one; so a failed try is followed by a pause whatever becomes of who tried.
"""

import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Literal

from chalicelib.store import table

Name = Literal["quickaudience", "tencent"]
"""The side that is left alone."""

# Seconds from opening to the first try, and from try to try: three times as long each time, to a most. A
# try at Quick Audience may be one too many; one at Tencent is at worst a single recipient's.
_FIRST_PAUSE = 10
_MOST_PAUSE: Mapping[Name, int] = {"quickaudience": 3600, "tencent": 60}
# Opened again so soon after it was closed, a breaker goes on with the longer pauses.
_RELAPSE_SECONDS = 900
# While somebody tries, so many seconds are worth waiting for what comes of it.
_TRYING_SECONDS = 30
_LOOK_AGAIN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Breaker:
    """A breaker as it was seen. Times are epochs; `probes` counts the tries since it opened."""

    name: Name
    why: str = ""
    opened_at: int = 0
    closed_at: int = 0
    probes: int = 0
    probed_at: int = 0
    probe_at: int = 0
    token: str = field(default_factory=lambda: uuid.uuid4().hex)

    def delay(self, now: int) -> int:
        """In how many seconds to look at it again."""
        if now - self.probed_at < _TRYING_SECONDS:
            return _LOOK_AGAIN
        return max(1, self.probe_at - now)


def look(name: Name) -> Breaker | None:
    """The breaker, if it is open."""
    breaker = last(name)
    return breaker if breaker and not breaker.closed_at else None


def last(name: Name) -> Breaker | None:
    """The breaker as it stands, closed or open; None where it never opened."""
    item = table.get("BREAKER", name, consistent=True)
    if item is None:
        return None
    return Breaker(**{key: item[key] for key in Breaker.__dataclass_fields__ if key in item})


def trip(name: Name, why: str, now: int) -> Breaker:
    """Open a breaker, unless it is open; answers it as it stands."""
    while True:
        there = last(name)
        if there and not there.closed_at:
            return there
        relapse = there is not None and now - there.closed_at < _RELAPSE_SECONDS
        probes = there.probes if there and relapse else 0
        probe_at = now + pause(name, probes)
        opened = Breaker(name=name, why=why, opened_at=now, probes=probes, probe_at=probe_at)
        if _put(opened, there):
            return opened


def take_probe(breaker: Breaker, now: int) -> bool:
    """Take the right to try, given to one at a time, once the pause is over."""
    if now < breaker.probe_at:
        return False
    probes = breaker.probes + 1
    probe_at = now + pause(breaker.name, probes)
    return _put(_next(breaker, probes=probes, probed_at=now, probe_at=probe_at), breaker)


def close(name: Name, now: int) -> None:
    """Let everybody call again, whoever may be trying at this moment."""
    while (there := look(name)) and not _put(_next(there, closed_at=now), there):
        pass


def pause(name: Name, probes: int) -> int:
    """Seconds until the next try, after so many."""
    return min(_MOST_PAUSE[name], int(_FIRST_PAUSE * 3 ** min(probes, 10)))


def _next(breaker: Breaker, **changes: int) -> Breaker:
    return replace(breaker, token=uuid.uuid4().hex, **changes)  # type: ignore[arg-type]


def _put(breaker: Breaker, seen: Breaker | None) -> bool:
    """Write it, unless somebody else has written it since it was seen."""
    item = table.key("BREAKER", breaker.name) | asdict(breaker)
    return table.replace(item, "token", seen.token) if seen else table.put_new(item)
