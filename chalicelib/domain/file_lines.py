"""The lines of a recipient file, with the offsets at which reading may go on.

A line ends with LF, CRLF, CR, VT, FF, one of the separators U+001C to U+001E, U+0085, U+2028 or U+2029. The last
three may also stand in a text: between the quotes of a JSON value they end no line.

The bytes are divided as they are, because decoding each line by itself lets a broken line cost itself alone.
"""

import codecs
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from chalicelib.domain import file_encoding

# Bytes of a line, far more than the longest parameters of a message need.
MAX_LINE = 8192
# The line ends besides LF and CRLF that each encoding has.
_RARE = {
    "utf-8": (b"\xc2\x85", b"\xe2\x80\xa8", b"\xe2\x80\xa9"),
    "gb18030": (b"\x810\x815", b"\x816\xa65", b"\x816\xa66"),
}
_CONTROLS = (b"\x0b", b"\x0c", b"\x1c", b"\x1d", b"\x1e")
_ENDS = {
    encoding: re.compile(rb"\r\n|[\n\r\x0b\x0c\x1c-\x1e]|" + b"|".join(map(re.escape, rare)))
    for encoding, rare in _RARE.items()
}
# The longest line end, without its last byte.
_PARTIAL = 3
_ESCAPED = re.compile(rb"\\.")


class Line(NamedTuple):
    """A line of the file. `number` counts from 1, `end` is the offset of the byte after the line and its end.

    Offsets of a file in UTF-16 or UTF-32 are those in its conversion to UTF-8.
    """

    number: int
    end: int
    raw: bytes


def split(parts: Iterable[bytes], encoding: str = "utf-8") -> Iterator[Line]:
    """Yield the lines of a file that is read in parts. A line longer than MAX_LINE may be cut off after it."""
    number = 0
    for lines in split_blocks(parts, encoding):
        for end, raw in lines:
            number += 1
            yield Line(number, end, raw if number > 1 else raw.removeprefix(codecs.BOM_UTF8))


def split_blocks(
    parts: Iterable[bytes], encoding: str = "utf-8"
) -> Iterator[list[tuple[int, bytes]]]:
    """Yield the lines of a file in blocks, each line as its end and its bytes."""
    if encoding in file_encoding.WIDE:
        parts, encoding = file_encoding.to_utf8(parts, encoding), "utf-8"
    offset = 0
    rest = b""
    for part in parts:
        buffer = rest + part
        lines, used, offset = _split_off(buffer, offset, encoding)
        rest = buffer[used:]
        if len(rest) > MAX_LINE + _PARTIAL + 1:
            # The end of a line may be divided between two parts, so the last bytes are kept.
            offset += len(rest) - (MAX_LINE + _PARTIAL + 1)
            rest = rest[: MAX_LINE + 1] + rest[-_PARTIAL:]
        if lines:
            yield lines
    if rest:
        # A CR at the very end was kept in case that an LF follows.
        yield [(offset + len(rest), rest.removesuffix(b"\r"))]


def encoding_of_lines(encoding: str) -> str:
    """Return the encoding of the lines that `split` yields for a file in this encoding."""
    return "utf-8" if encoding in file_encoding.WIDE else encoding


def has_rare_ends(block: bytes, encoding: str) -> bool:
    """Return whether bytes contain a line end that depends on the encoding."""
    return any(end in block for end in _RARE[encoding])


def _split_off(
    buffer: bytes, offset: int, encoding: str
) -> tuple[list[tuple[int, bytes]], int, int]:
    """Return the complete lines of a buffer that begins at `offset`, how many bytes they take, and the next offset.

    Nearly all files have one kind of line end, LF or CRLF, and are divided much faster than by a pattern.
    """
    end = _only_end(buffer, encoding)
    if not end:
        return _split_by_pattern(buffer, offset, encoding)
    *whole, rest = buffer.split(end)
    lines = []
    for raw in whole:
        offset += len(raw) + len(end)
        lines.append((offset, raw))
    return lines, len(buffer) - len(rest), offset


def _only_end(buffer: bytes, encoding: str) -> bytes:
    """Return the only line end in a buffer, LF or CRLF; b"" if it may contain others."""
    if any(control in buffer for control in _CONTROLS) or has_rare_ends(buffer, encoding):
        return b""
    returns = buffer.count(b"\r")
    if not returns:
        return b"\n"
    # A CR at the end may be the first half of a CRLF.
    pairs = buffer.count(b"\r\n") + buffer.endswith(b"\r")
    feeds = buffer.count(b"\n") + buffer.endswith(b"\r")
    return b"\r\n" if returns == pairs == feeds else b""


def _split_by_pattern(
    buffer: bytes, offset: int, encoding: str
) -> tuple[list[tuple[int, bytes]], int, int]:
    lines = []
    start = 0
    for match in _ENDS[encoding].finditer(buffer):
        if match.end() == len(buffer) and match[0] == b"\r":
            break
        raw = buffer[start : match.start()]
        if match[0] in _RARE[encoding] and _in_quotes(raw):
            continue
        offset += match.end() - start
        start = match.end()
        lines.append((offset, raw))
    return lines, start, offset


def _in_quotes(raw: bytes) -> bool:
    """Return whether the text after these bytes is still within a quoted JSON value."""
    if b"{" not in raw or len(raw) > MAX_LINE:
        return False
    # In a cell that CSV quotes, quotes are doubled, and a backslash is a character like any other.
    quotes = raw if b'{""' in raw else _ESCAPED.sub(b"", raw)
    return quotes.count(b'"') % 2 == 1
