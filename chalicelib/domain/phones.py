"""Phone numbers in three forms: as Quick Audience writes them, as Tencent expects them, and as they are stored.

The stored form is digits with the country code and without a plus (`8613900001111`, `85251234567`), so that the
keys of the table are the same whatever form a number arrived in.

`parse` is the only reader of recipients' numbers. It accepts these forms and no others, so that no number is ever
made of digits that belong to different things (docs/decisions/0007-numbers-that-nobody-wrote.md):

| form | examples |
|---|---|
| a mainland number of 11 digits, together or in groups of 3-4-4 | `13900001111`, `139 0000 1111`, `139-0000-1111` |
| the same after 86, +86 or 0086 | `8613900001111`, `+86 139-0000-1111`, `0086-13900001111` |
| a foreign number as digits with its country code | `85251234567` |
| the same after + or 00, also in groups | `+85251234567`, `+852 5123 4567`, `001-305-555-0123` |
| digits that became a fraction, if all of them are written | `13900001111.0`, `1.3900001111E10` |

Characters that can't be seen (Unicode's Cf and Cc, byte order marks among them) are dropped first.
"""

import functools
import re
from bisect import bisect_left
from collections.abc import Sequence

# A mainland number as the document defines it. Nearly all numbers arrive in this form.
PLAIN = re.compile(r"1[3-9][0-9]{9}")
_PLAIN_LINES = re.compile(r"1[3-9][0-9]{9}(?:\n1[3-9][0-9]{9})*")

# Unicode's categories Cf (format) and Cc (control), without the control characters that are white space.
_CF = (
    "\u00ad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064"
    "\u2066-\u206f\ufeff\ufff9-\ufffb\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0001\U000e0020-\U000e007f"
)
INVISIBLE = re.compile(rf"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f{_CF}]")
"""A character that can't be seen and is no white space."""

# Blanks of one line. A tab is none: it separates columns.
_BLANK = "[ \u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]"
_HYPHEN = "[-\u2010\u2011\u2013\uff0d]"
_GAP = f"(?:{_BLANK}+|{_BLANK}*{_HYPHEN}{_BLANK}*)"
MAINLAND = rf"(?:(?:\+|00)?86{_GAP}?)?(1[3-9][0-9])(?:([0-9]{{4}})([0-9]{{4}})|{_GAP}([0-9]{{4}}){_GAP}([0-9]{{4}}))"
"""The pattern of a mainland number in any customary form. Its groups are the number's parts."""
# After + or 00. No group but the last has more than six digits: what follows a longer one is something else.
_GROUPS = rf"(?:\+|00{_GAP}?)((?:[0-9]{{1,6}}{_GAP})*[0-9]+)"
# These two take as long to compile as all others together, and few requests need them.
_compiled = functools.cache(re.compile)
_NO_DIGIT = re.compile(r"[^0-9]+")
_FRACTION = re.compile(r"([0-9]+)\.0*")
_EXPONENT = re.compile(r"([1-9])\.([0-9]+)[eE]\+?([0-9]{1,2})")
# Including spaces and hyphens. No number is longer.
_MAX_CHARACTERS = 40
# Numbers with country code 1 (North America) have exactly 11 digits. Requiring that also keeps a mainland number with
# a missing digit from passing as a foreign one.
_DIGITS = r"1[2-9][0-9]{9}|[2-79][0-9]{6,14}|8(?!6)[0-9]{6,14}"
_INTERNATIONAL = re.compile(_DIGITS)
TOGETHER = re.compile(rf"\+?({_DIGITS})")
"""Digits together, with or without a plus, that are no mainland number with its country code. `parse` returns group 1
unchanged, except for PLAIN, which it takes for a mainland number."""
# Country codes by ITU-T E.164: 1 and 7 have one digit, those listed below two, all others three. The islands of North
# America share the 1; Tencent's price list names them by the 1 and their area code (1242, 1268, …).
_ISLANDS = (
    "242|246|264|268|284|340|345|441|473|649|658|664|670|671|684|721|758|767|784|787|809|829|849"
    "|868|869|876|939"
)
_COUNTRY = re.compile(
    rf"1(?:{_ISLANDS})|[17]|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|[0-9]{{3}}"
)


def visible(text: str) -> str:
    """Return a text without the characters that can't be seen, and without white space around it."""
    if text.isascii() and text.isprintable():
        return text.strip()
    return INVISIBLE.sub("", text).strip()


def parse(text: str) -> str:
    """Parse a recipient's number as §5 and §6 allow it: 11 digits, or area code + number. Return its stored form.

    Eleven digits from 13… to 19… are a mainland number without a plus, as the document says, and a North American
    one with a plus. Raises ValueError for anything that has none of the forms above, including masked numbers.
    """
    if PLAIN.fullmatch(text):
        return "86" + text
    shown = visible(text)
    if len(shown) > _MAX_CHARACTERS:
        raise ValueError("not a phone number")
    if match := _compiled(MAINLAND).fullmatch(shown):
        return "86" + "".join(filter(None, match.groups()))
    if match := _compiled(_GROUPS).fullmatch(shown):
        digits = _NO_DIGIT.sub("", match[1])
    else:
        digits = _whole(shown)
        if (mainland := _compiled(MAINLAND).fullmatch(digits)) and digits != shown:
            return "86" + "".join(filter(None, mainland.groups()))
        if digits == shown and shown not in text:
            # A control character may stand between two numbers, and a foreign number has no length that would show it.
            raise ValueError("not a phone number")
    if _INTERNATIONAL.fullmatch(digits):
        return digits
    raise ValueError("not a phone number")


def is_explicit(text: str) -> bool:
    """Return whether a number is written with its country code: after + or 00, or as 86 and a mainland number."""
    shown = visible(text)
    return shown.startswith(("+", "00", "86"))


def _whole(text: str) -> str:
    """Return the digits of a whole number that is written as a fraction (`13900001111.0`, `1.3900001111E10`).

    Any other text is returned unchanged, a rounded number (`1.39E+10`) too: its other digits are not written.
    """
    if match := _FRACTION.fullmatch(text):
        return match[1]
    if match := _EXPONENT.fullmatch(text):
        first, rest, exponent = match[1], match[2], int(match[3])
        if len(rest) >= exponent and not rest[exponent:].strip("0"):
            return first + rest[:exponent]
    return text


def parse_all(numbers: list[str]) -> list[str | None]:
    """Parse recipients' numbers as `parse` does. An invalid number becomes None."""
    plain = all_plain(numbers)
    return [*plain] if plain else list(map(_parsed, numbers))


def parse_plain(numbers: list[str]) -> tuple[list[str], list[str]]:
    """Return the numbers that match PLAIN, in stored form, and all other numbers unchanged."""
    if plain := all_plain(numbers):
        return plain, []
    return (
        ["86" + number for number in numbers if PLAIN.fullmatch(number)],
        [number for number in numbers if not PLAIN.fullmatch(number)],
    )


def _parsed(text: str) -> str | None:
    try:
        return parse(text)
    except ValueError:
        return None


def all_plain(numbers: Sequence[str]) -> list[str]:
    """Return the stored form of all numbers if every one of them matches PLAIN; otherwise an empty list.

    All numbers are matched as one text, which halves the time for a hundred thousand of them.
    """
    lines = "\n".join(numbers)
    if not _PLAIN_LINES.fullmatch(lines) or lines.count("\n") != len(numbers) - 1:
        return []
    return ("86" + lines.replace("\n", "\n86")).split("\n")


def is_mainland(phone: str) -> bool:
    """Return whether a stored number belongs to mainland China. Tencent's bulk calls never mix the two kinds."""
    return phone.startswith("86")


def split_mainland(phones: list[str]) -> tuple[list[str], list[str]]:
    """Split sorted stored numbers into those of mainland China, which are adjacent, and the others."""
    first, last = bisect_left(phones, "86"), bisect_left(phones, "87")
    return phones[first:last], phones[:first] + phones[last:]


def to_quick_audience(phone: str) -> str:
    """Return a stored number as Quick Audience writes it: mainland numbers have 11 digits there."""
    return phone.removeprefix("86") if is_mainland(phone) else phone


def to_tencent(phone: str) -> tuple[str, str]:
    """Return a stored number as Tencent's two fields, nationcode and mobile."""
    country = _COUNTRY.match(phone)
    length = country.end() if country else 0
    return phone[:length], phone[length:]


def stored_form(number: str) -> str:
    """Return the number of a refused recipient as it is stored; an invalid number is stored unchanged."""
    try:
        return parse(number)
    except ValueError:
        return number
