"""The breakers (`domain/breaker.py`) as items of the table, which is the only state that all functions share."""

from dataclasses import asdict

from chalicelib.domain.breaker import NAMES, Breaker, BreakerName, opened
from chalicelib.store import table


def get_open(name: BreakerName) -> Breaker | None:
    """Return a breaker if it is open, else None."""
    breaker = get(name)
    return breaker if breaker and not breaker.closed_at else None


def get(name: BreakerName) -> Breaker | None:
    """Return a breaker, open or closed; None if it never opened."""
    item = table.get("BREAKER", name, consistent=True)
    return table.read_as(Breaker, item) if item else None


def all_open(*, consistent: bool = True) -> dict[BreakerName, Breaker]:
    """Return the open breakers by name, in one read. Those of a newer release are left out.

    Unless `consistent`, they are those of a second ago.
    """
    items = table.query("BREAKER", consistent=consistent)
    found = (table.read_as(Breaker, item) for item in items)
    return {one.name: one for one in found if one.name in NAMES and not one.closed_at}


def trip(name: BreakerName, why: str, now: int, code: int | str = 0) -> Breaker:
    """Open a breaker unless it is already open; return the open breaker.

    If a hold is open for another code, its reason changes and nothing else.
    """
    while True:
        current = get(name)
        if current is None or current.closed_at:
            breaker = opened(name, why, now, current, code)
        elif code == current.code:
            return current
        else:
            breaker = current.because(why, code)
        if _put(breaker, current):
            return breaker


def take_probe(breaker: Breaker, now: int) -> bool:
    """Claim the right to probe; return whether this caller got it. After each pause, only one caller does."""
    return now >= breaker.probe_at and _put(breaker.probed(now), breaker)


def close(name: BreakerName, now: int) -> None:
    """Close a breaker, even while another caller probes, so that every function makes its calls again."""
    while (current := get_open(name)) and not _put(current.closed(now), current):
        pass


def _put(breaker: Breaker, previous: Breaker | None) -> bool:
    """Store a breaker unless another caller wrote it since `previous` was read; return whether it was stored."""
    item = table.key("BREAKER", breaker.name) | asdict(breaker)
    return table.replace(item, "token", previous.token) if previous else table.put_new(item)
