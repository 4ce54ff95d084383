"""The file of §5: one number per line, followed by a JSON object if the template has variables.

The document specifies neither the encoding, nor the separator, nor the line ending. The bridge reads what programs
and spreadsheets write:

| part | what is read |
|---|---|
| encoding | UTF-8, GB18030 (GBK), UTF-16 and UTF-32, with or without a byte order mark (`file_encoding`) |
| line ends | all of Unicode's (`file_lines`) |
| separators | spaces, tabs, commas, semicolons, bars, their full-width forms, or nothing |
| quotes | as CSV has them, around any cell; JSON as a JSON text; Excel's `="…"` and leading apostrophe |
| numbers | the forms of `phones.parse`; invisible characters are dropped |

A row without content is blank and does not count. A line is good if its first cell is a number and its only other
cell, if any, is a JSON object. Every other line is bad, fails by itself and does not affect the others; each number
that stands in it gets a failure receipt, so that nobody is left out in silence.
"""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from chalicelib.domain import phones
from chalicelib.domain.file_lines import MAX_LINE
from chalicelib.domain.planning import Failure
from chalicelib.lenient_json import loads

_ILLEGAL = "isv.MOBILE_NUMBER_ILLEGAL"
_NO_OBJECT = Failure("isv.INVALID_JSON_PARAM", "手机号后的变量不是正确的 JSON 对象")
_SEPARATORS = " \t,;|，；\u3000"
_DELIMITERS = "\t,;|，；"
_QUOTES = "\"'‘’“”`＂＇"
# Nearly all lines.
_USUAL = re.compile(rf"(1[3-9][0-9]{{9}})[{_SEPARATORS}]*(\{{.*\}})?[{_SEPARATORS}\r]*")
# Whatever is no separator, quote, blank or invisible character.
CONTENT = re.compile(rf"[^\s{_SEPARATORS}{_QUOTES}={phones.INVISIBLE.pattern[1:-1]}]")
"""A character that makes a line more than blank."""
# The numbers of a bad line that are reported. What belongs to a longer text, such as a masked number
# (`1390000****`), is not: Quick Audience could not match it to a recipient, and might refuse the whole call of §13.
_CUSTOMARY = re.compile(
    rf"(?<![0-9A-Za-z_*+@-])(?:{phones.MAINLAND}|\+[0-9]{{7,15}})(?![0-9A-Za-z_*@-]|\.[0-9]*[1-9])"
)
_LIKE_A_NUMBER = re.compile(r"\+?[0-9]{5,20}(?![0-9*])")
_LONG_NUMBER = re.compile(r"(?<![0-9A-Za-z_*+@-])[0-9]{10,13}(?![0-9A-Za-z_*@-])")
_OBJECT = re.compile(r"\{.*\}|\{.*$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class RecipientLine:
    """A line that names a recipient: the stored form of the number, the number as written, and the parameters."""

    phone: str
    original_form: str
    params: dict[str, Any]


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that can't be sent to. `original_form` is the first number in it, or ""; `others` are further ones."""

    original_form: str
    failure: Failure
    others: tuple[str, ...] = ()


def parse(raw: bytes, encoding: str) -> RecipientLine | BadLine | None:
    """Parse a line of a file with this encoding; return None if it is blank."""
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError:
        return _bad_line(raw.decode("ascii", "replace"), "isv.INVALID_PARAMETERS", "该行编码错误")
    if len(raw) > MAX_LINE:
        return _bad_line(text, "isv.PARAM_LENGTH_LIMIT", f"该行超过 {MAX_LINE} 字节")
    match = _USUAL.fullmatch(text)
    if match is None:
        return _parse_unusual(text)
    number, params = match.groups()
    if params is None:
        return RecipientLine("86" + number, number, {})
    try:
        return RecipientLine("86" + number, number, _object(params))
    except ValueError:
        return BadLine(number, _NO_OBJECT)


def _parse_unusual(text: str) -> RecipientLine | BadLine | None:
    head, brace, rest = text.partition("{")
    # Invisible characters within a value are left to `parameters.clean`.
    text = phones.INVISIBLE.sub("", head) + brace + rest
    if not CONTENT.search(text):
        return None
    first = ""
    for cells in _readings(text):
        filled = [cell for cell in cells if CONTENT.search(cell)]
        if not filled or len(filled) > 2:
            continue
        number = _number(filled[0])
        try:
            phone = phones.parse(number)
        except ValueError:
            continue
        first = first or number
        if len(filled) == 1 or filled[1].strip() == "null":
            return RecipientLine(phone, number, {})
        try:
            return RecipientLine(phone, number, _object(filled[1]))
        except ValueError:
            continue
    if first and brace:
        others = [form for form in _numbers_in(text) if form != first]
        return BadLine(first, _NO_OBJECT, tuple(others))
    if first:
        return _bad_line(text, _ILLEGAL, "手机号后有其他内容, 不是 JSON 对象")
    found = _bad_line(text, _ILLEGAL, "手机号格式错误")
    if found.original_form and not _begins_with(text, found.original_form):
        column = re.split(f"[{_SEPARATORS}]", text.strip(_SEPARATORS), maxsplit=1)[0][:20]
        return BadLine(
            found.original_form, Failure(_ILLEGAL, f"首列“{column}”不是手机号"), found.others
        )
    return found


def _readings(text: str) -> Iterator[list[str]]:
    """Yield the ways to divide a line into cells, likeliest first."""
    head, brace, rest = text.partition("{")
    if brace:
        yield [head.strip(_SEPARATORS), brace + rest.rstrip(_SEPARATORS)]
    else:
        yield [head.strip(_SEPARATORS)]
    for delimiter in [*_DELIMITERS, " "]:
        if delimiter != "," and delimiter not in text:
            continue
        # Quotes within a quoted cell are doubled, or preceded by a backslash.
        for escape in [None, "\\"] if '\\"' in text else [None]:
            try:
                yield from csv.reader(
                    [text.strip()],
                    delimiter=delimiter,
                    doublequote=escape is None,
                    escapechar=escape,
                    skipinitialspace=True,
                )
            except csv.Error:
                continue


def _number(cell: str) -> str:
    """Return the number in a cell, without quotes and without Excel's marks of a text."""
    return phones.visible(cell.strip(_SEPARATORS).removeprefix("=").strip(_QUOTES + _SEPARATORS))


def _object(cell: str) -> dict[str, Any]:
    """Return the JSON object in a cell, which may be a JSON text again. Raises ValueError if there is none."""
    text = cell.strip()
    if text.startswith("'"):
        text = text.strip("'")
    found = loads(text)
    if isinstance(found, str):
        found = loads(found)
    if not isinstance(found, dict):
        raise ValueError("not an object")
    return found


def _bad_line(text: str, code: str, message: str) -> BadLine:
    forms = _numbers_in(text)
    return BadLine(forms[0] if forms else "", Failure(code, message), tuple(forms[1:]))


def _numbers_in(text: str) -> list[str]:
    """Return the numbers that stand in a bad line outside of its parameters, each once."""
    shown = _OBJECT.sub(" ", phones.INVISIBLE.sub("", text[:MAX_LINE]))
    start = shown.lstrip(_SEPARATORS + _QUOTES + "=")
    forms = [match[0].strip() for match in _CUSTOMARY.finditer(shown)]
    if match := _LIKE_A_NUMBER.match(start):
        first = match[0]
        if not forms:
            forms = [first]
        elif not any(form.startswith(first) for form in forms) and _is_number(first):
            forms.insert(0, first)
    if not forms:
        forms = [one for one in _LONG_NUMBER.findall(shown) if _is_number(one)]
    return list(dict.fromkeys(forms))


def _is_number(text: str) -> bool:
    try:
        phones.parse(text)
    except ValueError:
        return False
    return True


def _begins_with(text: str, form: str) -> bool:
    return text.lstrip(_SEPARATORS + _QUOTES + "=").startswith(form)
