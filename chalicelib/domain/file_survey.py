"""What is known of a recipient file once it was read from end to end: its encoding and the number of its lines."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from chalicelib.domain import file_encoding, file_lines
from chalicelib.domain.recipient_file import CONTENT

_USUAL_LINE = re.compile(rb"1[3-9][0-9]{9}(?:[ \t\r,;|]*\Z|[ \t,;|]*\{)")
_USUAL_BLOCK = re.compile(rb"(?:1[3-9][0-9]{9}\n)+")
_SEVEN_DIGITS = re.compile(rb"(?:[0-9][^0-9]*){7}")


@dataclass(frozen=True, slots=True)
class Survey:
    """What is known of a file that was read once.

    - `lines` is the number of lines that aren't blank, and `encoding` theirs.
    - `unusual` is how many of them have a number in another form than the documented one, and `other_ends` whether
      a second survey, with this encoding, may find other lines.
    - `problem` is why the file can't be sent from, "" if it can.
    """

    lines: int
    encoding: str
    unusual: int = field(default=0, compare=False)
    other_ends: bool = field(default=False, compare=False)
    problem: str = ""


def survey(parts: Iterable[bytes], encoding: str = "") -> Survey:
    """Count the lines of a whole file and detect its encoding, unless it is known.

    All lines have the same encoding, decided by the majority of them. Decoding each line by itself would misread
    short GBK texts that are also valid UTF-8. Expecting all lines to be valid UTF-8 would let one broken line garble
    the others.
    """
    head, parts = file_encoding.peek(parts)
    if problem := file_encoding.problem(head):
        return Survey(0, "", problem=problem)
    encoding = encoding or file_encoding.wide(head)
    count = utf8 = other = unusual = 0
    other_ends = False
    for lines in file_lines.split_blocks(parts, encoding or "utf-8"):
        block = b"\n".join([*(raw for _, raw in lines), b""])
        count += len(lines)
        if _USUAL_BLOCK.fullmatch(block):
            continue
        other_ends = other_ends or file_lines.has_rare_ends(block, "gb18030")
        for _, raw in lines:
            ascii_only = raw.isascii()
            if not ascii_only:
                try:
                    raw.decode()
                    utf8 += 1
                except UnicodeDecodeError:
                    other += 1
            if not _USUAL_LINE.match(raw):
                unusual += bool(_SEVEN_DIGITS.search(raw))
                count -= _is_blank(raw)
    if encoding:
        return Survey(count, encoding, unusual)
    if other > utf8:
        return Survey(count, "gb18030", unusual, other_ends)
    return Survey(count, "utf-8", unusual)


def _is_blank(raw: bytes) -> bool:
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        text = raw.decode("gb18030", "replace")
    return not CONTENT.search(text)
