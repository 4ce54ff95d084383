"""Breakers (`domain/breaker.py`) as items of the table, the only state that the functions share."""

from dataclasses import asdict

from chalicelib.domain.breaker import Breaker, Side, opened
from chalicelib.store import table


def get_open(name: Side) -> Breaker | None:
    """Return the breaker if it is open."""
    breaker = get(name)
    return breaker if breaker and not breaker.closed_at else None


def get(name: Side) -> Breaker | None:
    """Return the breaker as it stands, closed or open; None if it never opened."""
    item = table.get("BREAKER", name, consistent=True)
    if item is None:
        return None
    return Breaker(**{key: item[key] for key in Breaker.__dataclass_fields__ if key in item})


def trip(name: Side, why: str, now: int) -> Breaker:
    """Open a breaker unless it is open; return it as it stands."""
    while True:
        there = get(name)
        if there and not there.closed_at:
            return there
        breaker = opened(name, why, now, there)
        if _put(breaker, there):
            return breaker


def take_probe(breaker: Breaker, now: int) -> bool:
    """Take the right to probe, which is given to one caller at a time once the pause is over."""
    return now >= breaker.probe_at and _put(breaker.probed(now), breaker)


def close(name: Side, now: int) -> None:
    """Let every function call again, whoever may be probing at this moment."""
    while (there := get_open(name)) and not _put(there.closed(now), there):
        pass


def _put(breaker: Breaker, seen: Breaker | None) -> bool:
    """Write it, unless another caller has written it since it was read."""
    item = table.key("BREAKER", breaker.name) | asdict(breaker)
    return table.replace(item, "token", seen.token) if seen else table.put_new(item)
