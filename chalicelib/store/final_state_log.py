"""The log of final states: a row for each message with a receipt, in the order in which the receipts were known.

§12 pages through it. Each request has a log without gaps to which rows are only appended, so that a page is found by
its number: row n is in the item `DETAIL#<bizId>#<n>` or in the last one before it. A counter holds the number of
rows. An appender first claims a slot by a conditional write, then moves the counter. If it dies in between, the next
appender finds the counter behind and moves it, so that no row is lost or skipped.
"""

import time
from collections.abc import Iterator, Sequence

from chalicelib.domain import periods
from chalicelib.domain.messages import Message
from chalicelib.store import messages, table
from chalicelib.store.packing import pack, unpack

Row = tuple[str, str]
"""The key of a message: its phone and its sort key. Where a message has several rows, `_FORM` and a number follow."""

# Between a message's sort key and the ordinal of one of its other forms. No key of a message contains it.
_FORM = "\0"

# Few functions append to one request at the same time, and each loses at most one race to each of the others.
_MAX_TRIES = 50


def append(settled: Sequence[Message]) -> None:
    """Append messages of one request, all with receipts. After a crash, some of them may be in the log twice."""
    origin = settled[0].origin
    pk, head = f"OUT#{origin.out_id}", f"DETAILS#{origin.biz_id}"
    expires = int(time.time()) + periods.RETENTION_SECONDS
    keys = [key for message in settled for key in rows_of(message)]
    packed = pack(keys)
    for _ in range(_MAX_TRIES):
        counter = table.get(pk, head, consistent=True)
        rows = counter["rows"] if counter else 0
        slot = table.key(pk, f"DETAIL#{origin.biz_id}#{rows:08d}")
        slot |= {"packed": packed, "rows": len(keys), "expires": expires}
        appended = table.put_new(slot)
        stored = slot if appended else table.get(slot["pk"], slot["sk"], consistent=True) or {}
        moved = table.key(pk, head) | {"rows": rows + stored["rows"], "expires": expires}
        if counter is None:
            table.put_new(moved)
        else:
            table.replace(moved, "rows", rows)
        if appended:
            return
    raise TimeoutError(f"the log of {origin.biz_id} was too busy to append {len(keys)} rows")


def rows_of(message: Message) -> list[Row]:
    """Return the rows of a message: one for each form in which its request names the number."""
    phone, sort = messages.key(message)
    others = range(1, len(message.other_forms) + 1)
    return [(phone, sort), *((phone, f"{sort}{_FORM}{number}") for number in others)]


def message_of(row: Row) -> tuple[Row, int]:
    """Return the key of a row's message, and which of its forms the row is about; 0 is the first."""
    phone, sort = row
    key, _, number = sort.rpartition(_FORM)
    return ((phone, key), int(number)) if key and number.isdecimal() else (row, 0)


def counts(out_id: str) -> dict[str, int]:
    """Return the number of rows in the logs of an outId's requests, by bizId."""
    items = table.query(f"OUT#{out_id}", "DETAILS#", consistent=True)
    return {str(item["sk"]).removeprefix("DETAILS#"): item["rows"] for item in items}


def rows(out_id: str, biz_id: str, first: int, count: int) -> Iterator[Row]:
    """Yield `count` rows of a request's log, from row `first` on. The cost does not depend on `first`.

    Rows that have expired are left out.
    """
    pk, prefix = f"OUT#{out_id}", f"DETAIL#{biz_id}#"
    starts = table.query(
        pk, prefix, until=f"{prefix}{first:08d}", newest_first=True, limit=1, consistent=True
    )
    start = next((str(item["sk"]) for item in starts), prefix)
    until = f"{prefix}{first + count - 1:08d}"
    for item in table.query(pk, start, until=until, consistent=True):
        position = int(str(item["sk"]).removeprefix(prefix))
        for offset, (phone, sort) in enumerate(unpack(item["packed"]), position):
            if first <= offset < first + count:
                yield phone, sort
