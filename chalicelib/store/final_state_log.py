"""The log of final states: a row for each message with a receipt, in the order in which the receipts were known.

§12 pages through it. Each request has a log without gaps to which rows are only appended, so that a page is found by
its number. Rows are written in slots: the item `DETAIL#<bizId>#<n>` has the rows from row n on, and the next slot
begins where it ends. A counter, `DETAILS#<bizId>`, holds the number of rows.

An appender first claims the next slot by a conditional write, then moves the counter. If it dies in between, the
counter is behind until the next appender moves it, so no row is lost or skipped.

No row is there twice, although work is repeated after a crash. The appender knows the log's length from before its
receipts were stored, and looks for its rows in every slot from there on. A row can only be further back if its receipt
was stored earlier than that. Then the work is a repetition, and the appender looks there, too.
"""

import time
from collections.abc import Iterable, Iterator, Sequence

from chalicelib.domain import periods
from chalicelib.domain.messages import Message
from chalicelib.store import messages, table
from chalicelib.store.packing import pack, unpack
from chalicelib.store.table import Item

Row = tuple[str, str]
"""The key of a message: its phone and its sort key. Where a message has several rows, `_FORM` and a number follow."""

# Between a message's sort key and the ordinal of one of its other forms. No key of a message contains it.
_FORM = "\0"

# Few functions append to one request at the same time, and each loses at most one race to each of the others.
_MAX_TRIES = 50


def length(out_id: str, biz_id: str) -> int:
    """Return the length of a request's log, for `append`. Read it before the receipts are stored.

    A writer that died may have left a slot beyond it.
    """
    counter = table.get(f"OUT#{out_id}", f"DETAILS#{biz_id}", consistent=True)
    return counter["rows"] if counter else 0


def append(settled: Sequence[Message], since: int, *, repeated: bool) -> None:
    """Append messages of one request, all with receipts, unless they have a row.

    `since` is the log's length from before their receipts were stored. `repeated` means that some of the receipts may
    have been stored earlier.
    """
    origin = settled[0].origin
    log = _Log(origin.out_id, origin.biz_id)
    missing = dict.fromkeys(row for message in settled for row in rows_of(message))
    times = [message.origin.sent_at for message in settled]
    sent = min(times), max(times)
    if repeated and since:
        _drop(missing, log.rows(0, since))
    end = since
    for _ in range(_MAX_TRIES):
        if not missing:
            break
        existing = log.put_slot(end, list(missing), sent)
        if existing is None:
            end += len(missing)
            break
        # Others append at the same time, or this work was done before.
        for first, slot in [(end, existing), *log.slots(end + existing["rows"])]:
            _drop(missing, _rows(slot))
            end = first + slot["rows"]
    else:
        raise TimeoutError(f"the log of {origin.biz_id} was too busy to append {len(missing)} rows")
    log.move_counter(since, end)


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
    return _Log(out_id, biz_id).rows(first, count)


def was_sent_within(out_id: str, biz_id: str, start: int, end: int) -> bool:
    """Return whether messages of a request were sent between two epochs, as far as their final states are known.

    The cost is that of the slots that were written since the start.
    """
    for slot in _Log(out_id, biz_id).newest_slots():
        if slot["expires"] - periods.RETENTION_SECONDS < start:
            # What was sent later has its final state later.
            return False
        # Slots of the first release have no times.
        first, last = slot.get("sent", (end + 1, start - 1))
        if first <= end and last >= start:
            return True
    return False


class _Log:
    """The items of one request's log."""

    def __init__(self, out_id: str, biz_id: str) -> None:
        self._pk = f"OUT#{out_id}"
        self._prefix = f"DETAIL#{biz_id}#"
        self._counter = f"DETAILS#{biz_id}"
        self._expires = int(time.time()) + periods.RETENTION_SECONDS

    def put_slot(self, first: int, rows: Sequence[Row], sent: tuple[int, int]) -> Item | None:
        """Write a slot unless one exists at that row; return the existing one.

        `sent` holds the times at which the first and the last of its messages were sent, as epochs.
        """
        slot = table.key(self._pk, self._sort(first)) | {
            "packed": pack(rows),
            "rows": len(rows),
            "sent": list(sent),
            "expires": self._expires,
        }
        return table.put_new_or_get(slot)

    def move_counter(self, known: int, end: int) -> None:
        """Set the number of rows to `end`, unless it is larger already. `known` is its last known value."""
        item = table.key(self._pk, self._counter) | {"rows": end, "expires": self._expires}
        while known < end:
            existing = (
                table.replace_or_get(item, "rows", known) if known else table.put_new_or_get(item)
            )
            if existing is None:
                return
            known = existing.get("rows", 0)

    def rows(self, first: int, count: int) -> Iterator[Row]:
        """Yield `count` rows from row `first` on."""
        last = self._sort(first + count - 1)
        start = table.query(
            self._pk,
            self._prefix,
            until=self._sort(first),
            newest_first=True,
            limit=1,
            consistent=True,
        )
        # Without a slot before it, the first slots have expired.
        since = next((str(slot["sk"]) for slot in start), self._sort(first))
        for slot in table.query(self._pk, since, until=last, consistent=True):
            for at, row in enumerate(_rows(slot), self._first(slot)):
                if first <= at < first + count:
                    yield row

    def slots(self, first: int) -> Iterator[tuple[int, Item]]:
        """Yield the slots from row `first` on, each with the number of its first row."""
        found = table.query(self._pk, self._sort(first), until=self._prefix + "~", consistent=True)
        return ((self._first(slot), slot) for slot in found)

    def newest_slots(self) -> Iterator[Item]:
        """Yield the slots, newest first."""
        return table.query(self._pk, self._prefix, newest_first=True, consistent=True)

    def _sort(self, first: int) -> str:
        return f"{self._prefix}{first:08d}"

    def _first(self, slot: Item) -> int:
        return int(str(slot["sk"]).removeprefix(self._prefix))


def _rows(slot: Item) -> Iterator[Row]:
    return ((phone, sort) for phone, sort in unpack(slot["packed"]))


def _drop(missing: dict[Row, None], found: Iterable[Row]) -> None:
    for row in found:
        missing.pop(row, None)
