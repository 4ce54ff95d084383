"""§5's file: a number on each line, where the template has variables with a JSON object after it.

The document names neither encoding nor separator nor line end. So UTF-8 and GBK are read, with or
without a byte order mark; LF and CRLF; blanks, commas, semicolons, bars or nothing between number and
JSON. Blank lines don't count. A line that can't be meant is bad by itself and spoils no other.
"""

import codecs
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from chalicelib.domain import phones
from chalicelib.domain.planning import Failure
from chalicelib.lenient_json import loads

# Bytes of a line: more than the longest parameters of a message need by far.
MAX_LINE = 8192
_SEPARATORS = " \t,;|，；\u3000"
# What is told of in a failure receipt, though it be no valid number. A masked one (`1390000****`) is
# nobody's: a call of §13 that holds what Quick Audience can't match might be refused as a whole.
_LIKE_A_NUMBER = re.compile(r"\+?[0-9]{5,20}(?![0-9*])")


@dataclass(frozen=True, slots=True)
class Line:
    """A line by its number from 1; `end` is the offset of the byte after it."""

    number: int
    end: int
    raw: bytes


@dataclass(frozen=True, slots=True)
class RecipientLine:
    """A line that names a recipient: the number as it is kept, as it was given, and named parameters."""

    phone: str
    original_form: str
    params: dict[str, Any]


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that doesn't; `given` is what looks like a number in it, or ""."""

    original_form: str
    failure: Failure


@dataclass(frozen=True, slots=True)
class Survey:
    """What a file is, seen from afar: how many lines it has that aren't blank, and their encoding.

    The encoding is "" where it is none that can be read.
    """

    lines: int
    encoding: str


def split(parts: Iterable[bytes]) -> Iterator[Line]:
    """The lines of a file that comes in parts. Of a line longer than MAX_LINE, the beginning."""
    number = end = dropped = 0
    rest = b""
    for part in parts:
        *whole, rest = (rest + part).split(b"\n")
        for raw in whole:
            number += 1
            end += len(raw) + 1 + dropped
            dropped = 0
            yield _line(number, end, raw)
        if len(rest) > MAX_LINE + 1:
            dropped += len(rest) - (MAX_LINE + 1)
            rest = rest[: MAX_LINE + 1]
    if rest:
        yield _line(number + 1, end + len(rest) + dropped, rest)


def _line(number: int, end: int, raw: bytes) -> Line:
    return Line(number, end, raw.removeprefix(codecs.BOM_UTF8) if number == 1 else raw)


def survey(parts: Iterable[bytes]) -> Survey:
    """Look at a whole file.

    The encoding is one for all lines, by their majority: many a short text in GBK is valid UTF-8 and
    says something else there; and a single broken line must not turn all others into gibberish.
    """
    count = utf8 = other = 0
    for line in split(parts):
        if line.number == 1 and line.raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return Survey(0, "")
        if not line.raw.strip():
            continue
        count += 1
        if line.raw.isascii():
            continue
        try:
            line.raw.decode()
            utf8 += 1
        except UnicodeDecodeError:
            other += 1
    return Survey(count, "gb18030" if other > utf8 else "utf-8")


def parse(raw: bytes, encoding: str) -> RecipientLine | BadLine | None:
    """Read a line; None where it is blank."""
    if not raw.strip():
        return None
    try:
        text = raw.decode(encoding).strip()
    except UnicodeDecodeError:
        return _bad(raw.decode("ascii", "replace"), "isv.INVALID_PARAMETERS", "该行编码错误")
    if len(raw) > MAX_LINE:
        return _bad(text, "isv.PARAM_LENGTH_LIMIT", f"该行超过 {MAX_LINE} 字节")
    head, brace, rest = text.partition("{")
    given = head.strip(_SEPARATORS)
    try:
        phone = phones.parse(given)
    except ValueError:
        return _bad(text, "isv.MOBILE_NUMBER_ILLEGAL", "手机号格式错误")
    if not brace:
        return RecipientLine(phone, given, {})
    try:
        return RecipientLine(phone, given, loads("{" + rest.rstrip(_SEPARATORS)))
    except (ValueError, RecursionError):
        return BadLine(
            given, Failure("isv.INVALID_JSON_PARAM", "手机号后的变量不是正确的 JSON 对象")
        )


def _bad(text: str, code: str, message: str) -> BadLine:
    match = _LIKE_A_NUMBER.match(text.lstrip("\ufeff" + _SEPARATORS))
    return BadLine(match[0] if match else "", Failure(code, message))
