"""Which receipts Quick Audience has accepted, and how many (docs/decisions/0057).

Each slot, `PUSHED#<bizId>#!<n>`, has positions that no slot before it has, and the number of the positions of all slots
up to and including itself. So one conditional write records a push and moves the count, and the newest slot shows it.

A receipt may be pushed again, at any time later, and counts once. So a writer knows the positions of the whole chain. A
process remembers them, and reads only the slots that others have added since. A new process reads the saved set,
`PUSHED_SET#<bizId>`, and the slots after it. A set is saved each time that the chain has grown enough to pay for it.

Older releases wrote `PUSHED#<bizId>#<digest>`, without a count. Their items sort after the slots, so the newest item
also shows whether there are any. They read the positions of slots as they read those of their own items.
"""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from threading import Lock

from chalicelib.domain.periods import RETENTION_SECONDS
from chalicelib.domain.position_set import PositionSet
from chalicelib.logs import log
from chalicelib.store import table
from chalicelib.store.table import Item

# Before a slot's number. It sorts before the digests of older releases.
_SLOT = "!"
# A set is saved after at least this number of slots, and after this number for each kilobyte of it, so that saving it
# costs at most a quarter of a write unit for each slot.
_MIN_SLOTS = 64
_SLOTS_PER_KILOBYTE = 4
# A larger set may not fit into an item, which has 400 KB at most.
_MAX_KILOBYTES = 380
# Requests whose positions a process remembers, in up to some hundred kilobytes each.
_REMEMBERED = 16
# After this number of slots in a row that no other process came between, none is expected: the process appends without
# reading first. If it is wrong, its write fails, and costs more than reading.
_QUIET_SLOTS = 3
# Few functions append to one chain at the same time, and each loses at most one race to each of the others.
_MAX_TRIES = 50


def record_pushed(out_id: str, positions: Mapping[str, Sequence[int]]) -> None:
    """Record that Quick Audience accepted the receipts of these positions, given by bizId. Safe to repeat."""
    for biz_id, numbers in positions.items():
        _chain(out_id, biz_id).append(numbers)


def count(out_id: str, biz_id: str) -> int | None:
    """Return the number of a request's receipts that Quick Audience has accepted, as it was a second ago.

    Return None if an older release recorded some of them, so that they have to be counted.
    """
    newest = table.query(f"OUT#{out_id}", f"PUSHED#{biz_id}#", newest_first=True, limit=1)
    return next((slot.get("total") for slot in newest), 0)


def of_few_items(out_id: str, biz_id: str, max_items: int) -> set[int] | None:
    """Return what `pushed_positions` returns; None if more than `max_items` items say it."""
    items = list(table.query(f"OUT#{out_id}", f"PUSHED#{biz_id}#", limit=max_items + 1))
    if len(items) > max_items:
        return None
    return {int(position) for item in items for position in item["positions"].split(",")}


def pushed_positions(out_id: str, biz_id: str) -> set[int]:
    """Return the positions of a request whose receipts Quick Audience has accepted."""
    return set(each_position(out_id, biz_id))


def each_position(out_id: str, biz_id: str) -> Iterator[int]:
    """Yield what `pushed_positions` returns, in no particular order; a position may come several times."""
    for item in table.query(f"OUT#{out_id}", f"PUSHED#{biz_id}#"):
        yield from map(int, item["positions"].split(","))


class _Chain:
    """The chain of one request, as far as this process has read it. Safe to use from several threads."""

    def __init__(self, out_id: str, biz_id: str) -> None:
        self._pk = f"OUT#{out_id}"
        self._prefix = f"PUSHED#{biz_id}#{_SLOT}"
        self._saved_key = f"PUSHED_SET#{biz_id}"
        self._lock = Lock()
        self._forget()

    def _forget(self) -> None:
        self._known = PositionSet()
        self._newest: Item | None = None
        self._count = 0
        self._total = 0
        # The number of slots when a set was saved last.
        self._saved = 0
        # Slots of this process since one of another.
        self._quiet = 0

    def append(self, positions: Sequence[int]) -> None:
        """Add the positions that are not in the chain."""
        with self._lock:
            if self._quiet < _QUIET_SLOTS:
                self._read_on()
            for _ in range(_MAX_TRIES):
                missing = sorted({one for one in positions if one not in self._known})
                if not missing:
                    return
                slot = self._slot(missing)
                existing = table.put_new_or_get(slot)
                if existing is None:
                    self._pass(slot)
                    self._quiet += 1
                    if self._saved == self._count:
                        self._save()
                    return
                self._pass_of_others([existing])
                self._read_on()
        raise TimeoutError(f"the chain {self._prefix} was too busy to append to")

    def _slot(self, missing: Sequence[int]) -> Item:
        end = self._count + 1
        size = self._known.kilobytes
        is_due = end - self._saved >= max(_MIN_SLOTS, _SLOTS_PER_KILOBYTE * size)
        saved = end if is_due and size <= _MAX_KILOBYTES else self._saved
        return table.key(self._pk, self._sort(self._count)) | {
            "positions": ",".join(map(str, missing)),
            "total": self._total + len(missing),
            "saved": saved or None,
            "expires": int(time.time()) + RETENTION_SECONDS,
        }

    def _save(self) -> None:
        """Save the set. If this fails, a new process has to read more, and nothing else happens."""
        item = table.key(self._pk, self._saved_key) | {
            "slots": self._count,
            "set": self._known.encode(),
            "expires": int(time.time()) + RETENTION_SECONDS,
        }
        try:
            table.put(item)
        except Exception:
            log.exception("the set of pushed positions was not saved", extra={"key": item["sk"]})

    def _read_on(self) -> None:
        """Read the slots that were added since. A failed write would cost more than this."""
        if self._newest is None:
            self._read_all()
            return
        found = self._slots(self._newest["sk"], self._prefix + "~")
        first = next(found, {})
        if any(first.get(name) != self._newest[name] for name in ("positions", "total")):
            # The table was restored to an earlier state.
            self._forget()
            self._read_all()
            return
        self._pass_of_others(found)

    def _read_all(self) -> None:
        found = table.query(self._pk, self._prefix, newest_first=True, limit=1, consistent=True)
        newest = next(found, None)
        if newest is None:
            return
        start, end = 0, self._number(newest)
        saved = table.get(self._pk, self._saved_key) if newest.get("saved") else None
        if saved:
            start = saved["slots"]
            self._known = PositionSet.decode(saved["set"])
        if start < end:
            self._pass_of_others(self._slots(self._sort(start), self._sort(end - 1)))
        self._pass_of_others([newest])

    def _slots(self, first: str, last: str) -> Iterator[Item]:
        return table.query(self._pk, first, until=last, consistent=True)

    def _pass_of_others(self, slots: Iterable[Item]) -> None:
        for slot in slots:
            self._pass(slot)
            self._quiet = 0

    def _pass(self, slot: Item) -> None:
        for position in slot["positions"].split(","):
            self._known.add(int(position))
        self._newest = slot
        self._count = self._number(slot) + 1
        self._total = slot["total"]
        self._saved = slot.get("saved") or 0

    def _number(self, slot: Item) -> int:
        return int(str(slot["sk"]).removeprefix(self._prefix))

    def _sort(self, number: int) -> str:
        return f"{self._prefix}{number:08d}"


@lru_cache(maxsize=_REMEMBERED)
def _chain(out_id: str, biz_id: str) -> _Chain:
    return _Chain(out_id, biz_id)
