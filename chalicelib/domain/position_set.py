"""A set of positions of a request's recipients that takes a bit for each."""

import struct
import zlib
from typing import Self

# Bytes of a page, for eight positions each. Pages without positions take nothing.
_PAGE = 1024
_NUMBER = struct.Struct("<q")


class PositionSet:
    """A set of positions, which can only be added to."""

    def __init__(self) -> None:
        self._pages: dict[int, bytearray] = {}

    def add(self, position: int) -> None:
        """Add a position."""
        number, bit = divmod(position, _PAGE * 8)
        page = self._pages.setdefault(number, bytearray(_PAGE))
        page[bit // 8] |= 1 << bit % 8

    def __contains__(self, position: int) -> bool:
        number, bit = divmod(position, _PAGE * 8)
        page = self._pages.get(number)
        return page is not None and bool(page[bit // 8] & 1 << bit % 8)

    @property
    def kilobytes(self) -> int:
        """Return the size of what `encode` returns, at most."""
        return len(self._pages)

    def encode(self) -> bytes:
        """Return the set as bytes."""
        pages = (_NUMBER.pack(number) + page for number, page in sorted(self._pages.items()))
        return zlib.compress(b"".join(pages), zlib.Z_BEST_SPEED)

    @classmethod
    def decode(cls, encoded: bytes) -> Self:
        """Read what `encode` returned."""
        decoded = cls()
        pages = zlib.decompress(encoded)
        for start in range(0, len(pages), _NUMBER.size + _PAGE):
            [number] = _NUMBER.unpack_from(pages, start)
            first = start + _NUMBER.size
            decoded._pages[number] = bytearray(pages[first : first + _PAGE])
        return decoded
