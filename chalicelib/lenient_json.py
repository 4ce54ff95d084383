"""The one reader of JSON that others wrote: requests, callbacks, answers of both sides, and lines of files.

Parsers and producers of JSON disagree in practice, so `loads` also reads:

- bytes in UTF-8, UTF-16 or GB18030, whatever the content type says, and UTF-8 with a broken character in it
- byte order marks and white space around the JSON, and NUL characters behind it
- raw control characters inside strings, such as line feeds

What can be neither stored nor sent (half of a surrogate pair, a broken byte) becomes a question mark. Everything else
that is not JSON is refused. NaN and Infinity are refused, too, where a number may be a text (requests and files); in
callbacks and answers they are null, so that one of them does not hold up the events beside it.
"""

import gc
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

MAX_DEPTH = 100
"""Levels of nested lists and objects that are read, the same in every version of Python."""

# Characters from which parsing is faster without the garbage collector.
_LONG = 100_000
# What may stand around JSON.
_PADDING = "\ufeff\0 \t\r\n"
# Characters of three bytes or more in UTF-8, as Chinese ones.
_LONG_CHARACTER = re.compile("[^\0-\u07ff\ufffd]")
_CONTAINERS = (dict, list)
# A decimal number, in groups: sign, digits before the point, digits after it, exponent.
_DECIMAL = re.compile(r"\s*([+-]?)([0-9]+)(?:\.([0-9]*))?(?:[eE]([+-]?[0-9]{1,3}))?\s*", re.ASCII)
# Digits of an integer that is read from a text. Every documented number is shorter.
_MAX_DIGITS = 40


class NestedTooDeeplyError(ValueError):
    """JSON of more than MAX_DEPTH levels."""


def loads(content: str | bytes, *, integers: bool = False) -> Any:
    """Parse JSON, from bytes of any customary encoding.

    A fraction is returned as its text, so that the 5.0 of a recipient's variable does not become 5. With `integers`,
    which is for messages whose numbers are all integers, 200.0 and 2e2 are returned as 200, and NaN as None.

    Raises ValueError for anything that is not JSON.
    """
    text = _whole_characters(content) if isinstance(content, str) else _decode(content)
    decoder = _INTEGERS if integers else _FRACTIONS
    with _without_garbage_collection() if len(text) > _LONG else nullcontext():
        try:
            value = _parse(decoder, text)
        except json.JSONDecodeError:
            stripped = text.strip(_PADDING)
            if len(stripped) == len(text):
                raise
            value = _parse(decoder, stripped)
    # Without this many brackets, no depth has to be measured.
    if text.count("[") + text.count("{") > MAX_DEPTH:
        _check_depth(value)
    # Most texts have no escape at all, which is found out much faster.
    if "\\" in text and ("\\ud" in text or "\\uD" in text):
        return _without_half_characters(value)
    return value


def is_blank(content: bytes) -> bool:
    """Return whether bytes hold nothing: no text, or only white space and byte order marks."""
    return not content.strip(b"\xef\xbb\xbf \t\r\n")


def objects(value: Any) -> list[dict[str, Any]]:
    """Return the objects in a list; none if the value is null or no list."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def integer(value: Any) -> int | None:
    """Return the integer that a value from foreign JSON stands for, or None.

    It may be a number or a text: 200, 200.0, "200", " 200.0 ", "2e2". Booleans, other fractions and texts with
    anything else in them stand for none.
    """
    if isinstance(value, int):
        return None if isinstance(value, bool) else value
    if isinstance(value, float):
        return int(value) if value.is_integer() else None
    match = _DECIMAL.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return None
    sign, whole, fraction, exponent = match.groups("")
    digits, shift = whole + fraction, int(exponent or 0) - len(fraction)
    if shift < 0:
        digits, rest = digits[:shift], digits[shift:]
        if rest.strip("0"):
            return None
    significant = digits.lstrip("0")
    if not significant:
        return 0
    if len(significant) + max(shift, 0) > _MAX_DIGITS:
        return None
    return int(f"{sign}{significant}{'0' * shift}")


def _integer_or_text(text: str) -> int | str:
    """Return a JSON fraction as an integer if it is one, else as its text."""
    value = integer(text)
    return text if value is None else value


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


# `strict=False` allows raw control characters inside strings.
_FRACTIONS = json.JSONDecoder(strict=False, parse_float=str, parse_constant=_no_constant)
_INTEGERS = json.JSONDecoder(
    strict=False, parse_float=_integer_or_text, parse_constant=lambda _: None
)


def _parse(decoder: json.JSONDecoder, text: str) -> Any:
    try:
        return decoder.decode(text)
    except RecursionError:
        raise NestedTooDeeplyError(f"nested more than {MAX_DEPTH} levels deep") from None


def encoding_of(raw: bytes) -> str:
    """Return the encoding of a text: UTF-8 unless it looks like another one.

    The bytes may not be valid in it.
    """
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        text = "\0"
    # A NUL among the first bytes means two or four bytes for each character.
    if "\0" not in text[:4]:
        return "utf-8"
    # By byte order marks, and by the NUL bytes that UTF-16 has in JSON's first characters.
    encoding = json.detect_encoding(raw)
    if not encoding.startswith("utf-8"):
        return encoding
    try:
        raw.decode("gb18030")
    except UnicodeDecodeError:
        return "utf-8"
    # A Chinese text in GB18030 may hold short characters that are correct in UTF-8, but hardly ever a long one. UTF-8
    # that was cut off in the middle of a character is mostly correct.
    damaged = raw.decode("utf-8", "replace")
    long_characters = len(_LONG_CHARACTER.findall(damaged))
    return "gb18030" if long_characters <= damaged.count("\ufffd") else "utf-8"


def _decode(raw: bytes) -> str:
    """Return the text of bytes. Raises ValueError if they are no text in any encoding."""
    encoding = encoding_of(raw)
    if encoding != "utf-8":
        return raw.decode(encoding)
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("utf-8", "replace").replace("\ufffd", "?")


def _check_depth(value: Any) -> None:
    """Raise NestedTooDeeplyError if a parsed value has more than MAX_DEPTH levels."""
    level = [value] if type(value) in _CONTAINERS else []
    for _ in range(MAX_DEPTH):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if type(outer) is dict else outer)
            if type(inner) in _CONTAINERS
        ]
        if not level:
            return
    raise NestedTooDeeplyError(f"nested more than {MAX_DEPTH} levels deep")


def _without_half_characters(value: Any) -> Any:
    """Return a parsed value with a question mark for each escaped half of a surrogate pair."""
    text = json.dumps(value, ensure_ascii=False)
    whole = _whole_characters(text)
    return value if whole is text else json.loads(whole)


def _whole_characters(text: str) -> str:
    """Return a text with a question mark for each half of a surrogate pair."""
    try:
        if not text.isascii():
            text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode()
    return text


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """Switch the garbage collector off: it would scan millions of lists while they are being created."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
