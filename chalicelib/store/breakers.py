"""The breakers (`domain/breaker.py`) as items of the table, which is the only state that all functions share."""

from dataclasses import asdict

from chalicelib.domain.breaker import Breaker, Side, opened
from chalicelib.store import table


def get_open(name: Side) -> Breaker | None:
    """Return the breaker of a side if it is open, else None."""
    breaker = get(name)
    return breaker if breaker and not breaker.closed_at else None


def get(name: Side) -> Breaker | None:
    """Return the breaker of a side, open or closed; None if it never opened."""
    item = table.get("BREAKER", name, consistent=True)
    return table.read_as(Breaker, item) if item else None


def trip(name: Side, why: str, now: int) -> Breaker:
    """Open the breaker of a side unless it is already open; return the open breaker."""
    while True:
        current = get(name)
        if current and not current.closed_at:
            return current
        breaker = opened(name, why, now, current)
        if _put(breaker, current):
            return breaker


def take_probe(breaker: Breaker, now: int) -> bool:
    """Claim the right to probe; return whether this caller got it. After each pause, only one caller does."""
    return now >= breaker.probe_at and _put(breaker.probed(now), breaker)


def close(name: Side, now: int) -> None:
    """Close a breaker, even while another caller probes, so that every function calls that side again."""
    while (current := get_open(name)) and not _put(current.closed(now), current):
        pass


def _put(breaker: Breaker, previous: Breaker | None) -> bool:
    """Store a breaker unless another caller wrote it since `previous` was read; return whether it was stored."""
    item = table.key("BREAKER", breaker.name) | asdict(breaker)
    return table.replace(item, "token", previous.token) if previous else table.put_new(item)
