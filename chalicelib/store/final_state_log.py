"""Whose final state is known, in the order in which it became known: what §12 pages through.

A log per request, dense and only appended to, so that a page is found by its number alone: the rows
from n on stand in the item `DETAIL#<bizId>#<n>` or in the one before it. A counter says how many rows
there are. Slots are taken by a conditional write and the counter follows; whoever finds the counter
behind (its writer died) moves it on, so that no row is lost and none is skipped.
"""

import time
from collections.abc import Iterator, Sequence

from chalicelib.domain import periods
from chalicelib.domain.messages import Message
from chalicelib.store import messages, table
from chalicelib.store.packing import pack, unpack

Row = tuple[str, str]
"""A message's key: its phone and its sort key there."""

# Appenders of one request at once are few; each loses at most one race to each of the others.
_MAX_TRIES = 50


def append(told: Sequence[Message]) -> None:
    """Add messages of one request, which have their receipts. After a crash, some may stand there twice."""
    origin = told[0].origin
    pk, head = f"OUT#{origin.out_id}", f"DETAILS#{origin.biz_id}"
    expires = int(time.time()) + periods.RETENTION_SECONDS
    packed = pack([messages.key(message) for message in told])
    for _ in range(_MAX_TRIES):
        found = table.get(pk, head, consistent=True)
        rows = found["rows"] if found else 0
        slot = table.key(pk, f"DETAIL#{origin.biz_id}#{rows:08d}")
        slot |= {"packed": packed, "rows": len(told), "expires": expires}
        ours = table.put_new(slot)
        there = slot if ours else table.get(slot["pk"], slot["sk"], consistent=True) or {}
        counter = table.key(pk, head) | {"rows": rows + there["rows"], "expires": expires}
        if found is None:
            table.put_new(counter)
        else:
            table.replace(counter, "rows", rows)
        if ours:
            return
    raise TimeoutError(f"the log of {origin.biz_id} was too busy to add {len(told)} rows")


def counts(out_id: str) -> dict[str, int]:
    """How many rows the logs of an outId's requests have, by bizId."""
    items = table.query(f"OUT#{out_id}", "DETAILS#", consistent=True)
    return {str(item["sk"]).removeprefix("DETAILS#"): item["rows"] for item in items}


def rows(out_id: str, biz_id: str, first: int, count: int) -> Iterator[Row]:
    """Some rows of a request's log: the cost does not depend on where they stand."""
    pk, prefix = f"OUT#{out_id}", f"DETAIL#{biz_id}#"
    [start] = table.query(pk, prefix, until=f"{prefix}{first:08d}", newest_first=True, limit=1)
    for item in table.query(pk, start["sk"], until=f"{prefix}{first + count - 1:08d}"):
        position = int(str(item["sk"]).removeprefix(prefix))
        for offset, (phone, sort) in enumerate(unpack(item["packed"]), position):
            if first <= offset < first + count:
                yield phone, sort
