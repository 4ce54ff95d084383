"""The chain of a request's attempts that have a result, with the sums of what they sent (docs/decisions/0057).

Each slot, `SENT#<bizId>#<n>`, names the attempts that it accounts for, and holds the sums up to and including itself.
So one conditional write adds attempts and moves the sums, and the newest slot shows them.

No attempt is accounted for twice, although work is repeated after a crash. A function that stores a result has read the
newest slot before (`SendChain`), and looks for its attempts in every slot that was added since. An attempt can only be
further back if its result was stored earlier than that. Then the work is a repetition, and the whole chain is read,
once.
"""

import time
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from chalicelib.domain import periods
from chalicelib.domain.chunks import SendSums
from chalicelib.store import batches, table
from chalicelib.store.packing import pack, unpack
from chalicelib.store.table import Item

AttemptKey = tuple[int, int]
"""The start of a chunk, and the number of an attempt at it."""

# Few functions append to one request at the same time, and each loses at most one race to each of the others.
_MAX_TRIES = 50


def sums(out_id: str, biz_id: str) -> SendSums:
    """Return what a request's attempts sent, as far as their invocations had ended a second ago."""
    newest = table.query(f"OUT#{out_id}", f"SENT#{biz_id}#", newest_first=True, limit=1)
    return next((_sums(slot) for slot in newest), SendSums())


class Sample(NamedTuple):
    """A slot of a chain: its number, the epoch at which its attempts began, and the sums up to and including it."""

    number: int
    at: int
    sums: SendSums


def sampled(out_id: str, biz_id: str, count: int) -> list[Sample]:
    """Return at most `count` slots of a request's chain at equal distances, the first and the newest included.

    With a `count` of 1, only the newest is read.
    """
    pk, prefix = f"OUT#{out_id}", f"SENT#{biz_id}#"
    newest = next(iter(table.query(pk, prefix, newest_first=True, limit=1)), None)
    if newest is None:
        return []
    last = int(str(newest["sk"]).removeprefix(prefix))
    numbers = sorted({round(last * step / (count - 1)) for step in range(count - 1)} - {last})
    found = batches.get([(pk, f"{prefix}{number:08d}") for number in numbers])
    return sorted(
        Sample(
            int(str(slot["sk"]).removeprefix(prefix)),
            slot["expires"] - periods.RETENTION_SECONDS,
            _sums(slot),
        )
        for slot in (*found.values(), newest)
    )


class SendChain:
    """The chain of one request, as it was when this object was made. Make it before a result is stored."""

    def __init__(self, out_id: str, biz_id: str) -> None:
        self._pk = f"OUT#{out_id}"
        self._prefix = f"SENT#{biz_id}#"
        self._expires = int(time.time()) + periods.RETENTION_SECONDS
        self._count = 0
        self.sums = SendSums()
        self._known: set[AttemptKey] = set()
        self._is_known_from = 0
        # If what is read is a second old, `_read_on` reads more.
        for slot in table.query(self._pk, self._prefix, newest_first=True, limit=1):
            self._pass(slot)
        self._is_known_from = self._count

    def append(self, attempts: Mapping[AttemptKey, SendSums], *, repeated: bool) -> None:
        """Add attempts, each with what it sent, unless they are in the chain.

        `repeated` means that the results of some of them may have been stored before this object was made.
        """
        if repeated and self._is_known_from:
            self._read_the_beginning()
        if self._has_all(attempts):
            return
        self._read_on()
        for _ in range(_MAX_TRIES):
            missing = {key: sent for key, sent in attempts.items() if key not in self._known}
            if not missing:
                return
            added = self.sums
            for sent in missing.values():
                added = added.plus(sent)
            slot = table.key(self._pk, self._sort(self._count)) | {
                "attempts": pack(sorted(missing)),
                "sums": list(added),
                "expires": self._expires,
            }
            self._pass(table.put_new_or_get(slot) or slot)
        raise TimeoutError(f"the chain of {self._prefix} was too busy to append to")

    def attempts(self) -> frozenset[AttemptKey]:
        """Return the attempts that are in the chain."""
        self._read_the_beginning()
        self._read_on()
        return frozenset(self._known)

    def _has_all(self, attempts: Mapping[AttemptKey, SendSums]) -> bool:
        return all(key in self._known for key in attempts)

    def _read_the_beginning(self) -> None:
        """Read the slots from before this object was made."""
        if not self._is_known_from:
            return
        last = self._sort(self._is_known_from - 1)
        for slot in table.query(self._pk, self._sort(0), until=last, consistent=True):
            self._known.update(_attempts(slot))
        self._is_known_from = 0

    def _read_on(self) -> None:
        """Read the slots that were added since. A failed write would cost more than this."""
        first, last = self._sort(self._count), self._prefix + "~"
        for slot in table.query(self._pk, first, until=last, consistent=True):
            self._pass(slot)

    def _pass(self, slot: Item) -> None:
        self._count = int(str(slot["sk"]).removeprefix(self._prefix)) + 1
        self.sums = _sums(slot)
        self._known.update(_attempts(slot))

    def _sort(self, number: int) -> str:
        return f"{self._prefix}{number:08d}"


def _sums(slot: Item) -> SendSums:
    return SendSums(*slot["sums"][: len(SendSums._fields)])


def _attempts(slot: Item) -> Iterator[AttemptKey]:
    return ((start, number) for start, number in unpack(slot["attempts"]))
