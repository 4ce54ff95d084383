"""A set of millions of texts that takes a few bytes for each.

It keeps 64 bits of a digest of each text, in one flat array with open addressing: 16 to 32 bytes per text,
where a Python set takes 80 and more. In a file of a million different texts, the chance that any two share a
digest is 1 in 37 million.
"""

from array import array
from hashlib import blake2b

_FIRST_CAPACITY = 1024


class DigestSet:
    """A set with a fixed capacity, which can only be added to."""

    def __init__(self, capacity: int) -> None:
        self._free = capacity
        size = 1 << (capacity * 2 - 1).bit_length() if capacity else 1
        self._slots = array("Q", [0]) * size
        self._mask = size - 1

    def add(self, text: str) -> bool:
        """Add a text; return whether it is new. Raises OverflowError if the set is full."""
        digest = _digest(text)
        slot = digest & self._mask
        while stored := self._slots[slot]:
            if stored == digest:
                return False
            slot = (slot + 1) & self._mask
        if not self._free:
            raise OverflowError("the set is full")
        self._free -= 1
        self._slots[slot] = digest
        return True

    def __contains__(self, text: str) -> bool:
        digest = _digest(text)
        slot = digest & self._mask
        while stored := self._slots[slot]:
            if stored == digest:
                return True
            slot = (slot + 1) & self._mask
        return False


class GrowingDigestSet(DigestSet):
    """A set whose capacity doubles whenever it is full. While it grows, it takes 1.5 times the memory."""

    def __init__(self) -> None:
        super().__init__(_FIRST_CAPACITY)
        self._capacity = _FIRST_CAPACITY

    def add(self, text: str) -> bool:
        """Add a text; return whether it is new."""
        if not self._free:
            self._grow()
        return super().add(text)

    def update(self, other: DigestSet) -> None:
        """Add the texts of another set."""
        for digest in filter(None, other._slots):
            if not self._free:
                self._grow()
            self._insert(digest)

    def _grow(self) -> None:
        old = self._slots
        self._capacity *= 2
        DigestSet.__init__(self, self._capacity)
        for digest in filter(None, old):
            self._insert(digest)

    def _insert(self, digest: int) -> None:
        slot = digest & self._mask
        while stored := self._slots[slot]:
            if stored == digest:
                return
            slot = (slot + 1) & self._mask
        self._slots[slot] = digest
        self._free -= 1


def _digest(text: str) -> int:
    # 0 marks a free slot, so a digest of 0 counts as 1.
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big") or 1
