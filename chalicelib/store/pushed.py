"""Which receipts Quick Audience has accepted."""

import hashlib
import time
from collections.abc import Iterator, Mapping, Sequence

from chalicelib.domain.periods import RETENTION_SECONDS
from chalicelib.store import table


def record_pushed(out_id: str, positions: Mapping[str, Sequence[int]]) -> None:
    """Record that Quick Audience accepted the receipts of these positions, given by bizId. Safe to repeat."""
    expires = int(time.time()) + RETENTION_SECONDS
    for biz_id, numbers in positions.items():
        text = ",".join(map(str, sorted(set(numbers))))
        digest = hashlib.sha256(text.encode()).hexdigest()[:16]
        table.put(
            table.key(f"OUT#{out_id}", f"PUSHED#{biz_id}#{digest}")
            | {"positions": text, "expires": expires}
        )


def count(out_id: str, biz_id: str, max_items: int) -> int | None:
    """Return how many receipts of a request Quick Audience has accepted; None if more than `max_items` items say it."""
    items = list(table.query(f"OUT#{out_id}", f"PUSHED#{biz_id}#", limit=max_items + 1))
    if len(items) > max_items:
        return None
    return len({position for item in items for position in item["positions"].split(",")})


def pushed_positions(out_id: str, biz_id: str) -> set[int]:
    """Return the positions of a request whose receipts Quick Audience has accepted."""
    return set(each_position(out_id, biz_id))


def each_position(out_id: str, biz_id: str) -> Iterator[int]:
    """Yield what `pushed_positions` returns, in no particular order; a position may come several times."""
    for item in table.query(f"OUT#{out_id}", f"PUSHED#{biz_id}#"):
        yield from map(int, item["positions"].split(","))
