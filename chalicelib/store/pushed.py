"""Which receipts Quick Audience has accepted."""

import hashlib
import time
from collections.abc import Mapping, Sequence

from chalicelib.domain.periods import RETENTION_SECONDS
from chalicelib.store import table


def record_pushed(out_id: str, positions: Mapping[str, Sequence[int]]) -> None:
    """Keep which positions of which requests Quick Audience has taken the receipts of."""
    expires = int(time.time()) + RETENTION_SECONDS
    for biz_id, numbers in positions.items():
        text = ",".join(map(str, sorted(set(numbers))))
        digest = hashlib.sha256(text.encode()).hexdigest()[:16]
        table.put(
            table.key(f"OUT#{out_id}", f"PUSHED#{biz_id}#{digest}")
            | {"positions": text, "expires": expires}
        )


def pushed_positions(out_id: str, biz_id: str) -> set[int]:
    """The positions of a request whose receipts Quick Audience has."""
    return {
        int(position)
        for item in table.query(f"OUT#{out_id}", f"PUSHED#{biz_id}#")
        for position in item["positions"].split(",")
    }
