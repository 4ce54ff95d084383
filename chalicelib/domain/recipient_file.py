"""The file of §5: one number per line, followed by a JSON object if the template has variables.

The document specifies neither the encoding, nor the separator, nor the line ending. The bridge reads UTF-8 and GBK,
with or without a byte order mark; LF and CRLF; and spaces, tabs, commas, semicolons, bars or nothing between the
number and the JSON. Blank lines are skipped. An invalid line fails by itself and does not affect the others.
"""

import codecs
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from chalicelib.domain import phones
from chalicelib.domain.planning import Failure
from chalicelib.lenient_json import loads

# Bytes of a line, far more than the longest parameters of a message need.
MAX_LINE = 8192
_SEPARATORS = " \t,;|，；\u3000"
# An invalid number that is still reported in a failure receipt. A masked number (`1390000****`) is not reported: Quick
# Audience could not match it to a recipient, and might refuse the whole call of §13 that contains it.
_LIKE_A_NUMBER = re.compile(r"\+?[0-9]{5,20}(?![0-9*])")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the file. `number` counts from 1, `end` is the offset of the byte after the line."""

    number: int
    end: int
    raw: bytes


@dataclass(frozen=True, slots=True)
class RecipientLine:
    """A line that names a recipient: the stored form of the number, the number as written, and the parameters."""

    phone: str
    original_form: str
    params: dict[str, Any]


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that can't be sent to. `original_form` is the text in it that looks like a number, or ""."""

    original_form: str
    failure: Failure


@dataclass(frozen=True, slots=True)
class Survey:
    """The number of lines of a file that aren't blank, and their encoding; "" if the encoding is not supported."""

    lines: int
    encoding: str


def split(parts: Iterable[bytes]) -> Iterator[Line]:
    """Yield the lines of a file that is read in parts. A line longer than MAX_LINE may be cut off after it."""
    number = end = dropped = 0
    rest = b""
    for part in parts:
        *whole, rest = (rest + part).split(b"\n")
        for raw in whole:
            number += 1
            end += len(raw) + 1 + dropped
            dropped = 0
            yield _make_line(number, end, raw)
        if len(rest) > MAX_LINE + 1:
            dropped += len(rest) - (MAX_LINE + 1)
            rest = rest[: MAX_LINE + 1]
    if rest:
        yield _make_line(number + 1, end + len(rest) + dropped, rest)


def _make_line(number: int, end: int, raw: bytes) -> Line:
    return Line(number, end, raw.removeprefix(codecs.BOM_UTF8) if number == 1 else raw)


def survey(parts: Iterable[bytes]) -> Survey:
    """Count the lines of a whole file and detect its encoding.

    All lines have the same encoding, decided by the majority of them. Decoding each line by itself would misread
    short GBK texts that are also valid UTF-8. Expecting all lines to be valid UTF-8 would let one broken line garble
    the others.
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
    """Parse a line; return None if it is blank."""
    if not raw.strip():
        return None
    try:
        text = raw.decode(encoding).strip()
    except UnicodeDecodeError:
        return _bad_line(raw.decode("ascii", "replace"), "isv.INVALID_PARAMETERS", "该行编码错误")
    if len(raw) > MAX_LINE:
        return _bad_line(text, "isv.PARAM_LENGTH_LIMIT", f"该行超过 {MAX_LINE} 字节")
    head, brace, rest = text.partition("{")
    number = head.strip(_SEPARATORS)
    try:
        phone = phones.parse(number)
    except ValueError:
        return _bad_line(text, "isv.MOBILE_NUMBER_ILLEGAL", "手机号格式错误")
    if not brace:
        return RecipientLine(phone, number, {})
    try:
        return RecipientLine(phone, number, loads("{" + rest.rstrip(_SEPARATORS)))
    except (ValueError, RecursionError):
        return BadLine(
            number, Failure("isv.INVALID_JSON_PARAM", "手机号后的变量不是正确的 JSON 对象")
        )


def _bad_line(text: str, code: str, message: str) -> BadLine:
    match = _LIKE_A_NUMBER.match(text.lstrip("\ufeff" + _SEPARATORS))
    return BadLine(match[0] if match else "", Failure(code, message))
