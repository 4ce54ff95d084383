"""The log of final states: a row for each message with a receipt, in the order in which the receipts were known.

§12 pages through it. Each request has a log without gaps to which rows are only appended, so that a page is found by
its number. Rows are written in slots: the item `DETAIL#<bizId>#<n>` has the rows from row n on, and the next slot
begins where it ends. The head, `DETAILS#<bizId>`, holds the number of rows.

An appender first claims the next slot by a conditional write, then moves the head. If it dies in between, the head is
behind until the next appender moves it, so no row is lost or skipped.

Each slot also holds the tally of its messages, `delta`, and the head the sum of these, `tally`. The appender that moves
the head has written or read every slot that the head passes, and adds their deltas in the same conditional write. So
the sum is exact (docs/decisions/0057). It is missing as soon as an older release has written a slot or the head.

No row is stored twice, although work is repeated after a crash. The appender knows the log's length from before its
receipts were stored, and looks for its rows in every slot from there on. A row can only be further back if its receipt
was stored earlier than that. Then the work is a repetition, and the appender looks there, too.
"""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from chalicelib.domain import periods, tally
from chalicelib.domain.messages import Message
from chalicelib.domain.tally import Tally
from chalicelib.store import batches, messages, table
from chalicelib.store.packing import pack, unpack
from chalicelib.store.table import Item

Row = tuple[str, str]
"""The key of a message: its phone and its sort key. Where a message has several rows, `_FORM` and a number follow."""

# Between a message's sort key and the ordinal of one of its other forms. No key of a message contains it.
_FORM = "\0"

# Bytes of a slot's delta, and of a head: below 1 KB, so that writing it costs one write unit.
_MAX_DELTA = 400
_MAX_HEAD = 1000
# Bytes of the head that are neither its keys nor its tally: the names and the two numbers.
_HEAD_REST = 50

# Few functions append to one request at the same time, and each loses at most one race to each of the others.
_MAX_TRIES = 50


class Head(NamedTuple):
    """The head of a log: its number of rows, and the tally of their messages, None if that is not known."""

    rows: int
    tally: Tally | None


class _Passed(NamedTuple):
    """What the head has to know of a slot that it passes: its number of rows, and its delta if it has one."""

    rows: int
    delta: bytes | None


def head(out_id: str, biz_id: str, *, consistent: bool = True) -> Head:
    """Return the head of a request's log, for `append`. Read it before the receipts are stored.

    A writer that died may have left a slot beyond it.
    """
    return _head(table.get(f"OUT#{out_id}", f"DETAILS#{biz_id}", consistent=consistent))


def heads(requests: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Head]:
    """Return the heads of many logs, by outId and bizId, as they were a second ago."""
    keys = {one: (f"OUT#{one[0]}", f"DETAILS#{one[1]}") for one in requests}
    found = batches.get(keys.values())
    return {one: _head(found.get(key)) for one, key in keys.items()}


def length(out_id: str, biz_id: str) -> int:
    """Return the number of rows of a request's log."""
    return head(out_id, biz_id).rows


def append(settled: Sequence[Message], since: Head, *, repeated: bool, alongside: int = 0) -> Head:
    """Append messages of one request, all with receipts, unless they have a row; return the log's head after that.

    `since` is the log's head from before their receipts were stored. `repeated` means that some of the receipts may
    have been stored earlier. `alongside` is the number of messages that Tencent accepted at the same time.
    """
    origin = settled[0].origin
    log = _Log(origin.out_id, origin.biz_id)
    # The first row of a message counts it.
    missing: dict[Row, Message | None] = {}
    for message in settled:
        first_row, *others = rows_of(message)
        missing[first_row] = message
        missing.update(dict.fromkeys(others))
    times = [message.origin.sent_at for message in settled]
    sent = min(times), max(times)
    if repeated and since.rows:
        _drop(missing, log.rows(0, since.rows))
    end = since.rows
    passed: dict[int, _Passed] = {}
    for _ in range(_MAX_TRIES):
        if not missing:
            break
        slot = log.slot(end, missing, sent, alongside)
        existing = table.put_new_or_get(slot)
        if existing is None:
            passed[end] = _Passed(slot["rows"], slot["delta"])
            end += len(missing)
            break
        # Others append at the same time, or this work was done before.
        for first, found in [(end, existing), *log.slots(end + existing["rows"])]:
            _drop(missing, _rows(found))
            passed[first] = _Passed(found["rows"], found.get("delta"))
            end = first + found["rows"]
    else:
        raise TimeoutError(f"the log of {origin.biz_id} was too busy to append {len(missing)} rows")
    return log.move_head(since, end, passed)


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
        self._head = f"DETAILS#{biz_id}"
        self._expires = int(time.time()) + periods.RETENTION_SECONDS

    def slot(
        self,
        first: int,
        missing: Mapping[Row, Message | None],
        sent: tuple[int, int],
        alongside: int,
    ) -> Item:
        """Return a slot with these rows, from row `first` on.

        `sent` holds the times at which the first and the last of its messages were sent, as epochs.
        """
        counted = [message for message in missing.values() if message]
        return table.key(self._pk, self._sort(first)) | {
            "packed": pack(list(missing)),
            "rows": len(missing),
            "delta": tally.of_messages(counted, int(time.time()), _MAX_DELTA, alongside).encode(),
            "sent": list(sent),
            "expires": self._expires,
        }

    def move_head(self, known: Head, end: int, passed: Mapping[int, _Passed]) -> Head:
        """Move the head to row `end`, unless it is further already; return it.

        `known` is the head as it was read last. `passed` are the slots from there on, by their first rows.
        """
        while known.rows < end:
            summed = self._sum(known, end, passed)
            item = table.key(self._pk, self._head) | {
                "rows": end,
                "tally": summed.encode() if summed else None,
                "expires": self._expires,
            }
            existing = (
                table.replace_or_get(item, "rows", known.rows)
                if known.rows
                else table.put_new_or_get(item)
            )
            known = _head(existing) if existing else Head(end, summed)
        return known

    def _sum(self, known: Head, end: int, passed: Mapping[int, _Passed]) -> Tally | None:
        """Return the tally of the rows up to `end`, None if it is not known.

        The deltas are added in the order of the slots, one at a time, so that each writer folds them in the same way.
        """
        if known.tally is None:
            return None
        summed = tally.decode(known.tally.encode())
        room = _MAX_HEAD - _HEAD_REST - len((self._pk + self._head).encode())
        at = known.rows
        while at < end:
            slot = passed.get(at)
            if slot is None or slot.delta is None:
                return None
            summed.add(tally.decode(slot.delta), room)
            at += slot.rows
        return summed

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


def _head(item: Item | None) -> Head:
    if not item:
        return Head(0, Tally())
    stored = item.get("tally")
    return Head(item["rows"], tally.decode(stored) if stored else None)


def _rows(slot: Item) -> Iterator[Row]:
    return ((phone, sort) for phone, sort in unpack(slot["packed"]))


def _drop(missing: dict[Row, Message | None], found: Iterable[Row]) -> None:
    for row in found:
        missing.pop(row, None)
