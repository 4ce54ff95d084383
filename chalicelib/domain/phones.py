"""Phone numbers: as Quick Audience writes them, as Tencent wants them, and as we keep them.

Kept as digits with the country code and without a plus (`8613900001111`, `85251234567`): one form
for the table's keys, whatever form a number arrived in.
"""

import re
from bisect import bisect_left

# As the document has a mainland number, and nearly all of them are given.
PLAIN = re.compile(r"1[3-9][0-9]{9}")
_PLAIN_LINES = re.compile(r"1[3-9][0-9]{9}(?:\n1[3-9][0-9]{9})*")
_MAINLAND = re.compile(r"(?:(?:\+|00)?86)?(1[3-9][0-9]{9})")
_PLUS_OR_00 = re.compile(r"\+|00")
# With all its spaces and hyphens; nobody's number is longer.
_MAX_CHARACTERS = 40
# Country codes 1 (North America) have exactly 11 digits, which also keeps a mainland number with a
# digit missing from passing as a foreign one.
_INTERNATIONAL = re.compile(r"1[2-9][0-9]{9}|[2-79][0-9]{6,14}|8(?!6)[0-9]{6,14}")
# Country codes by ITU-T E.164: 1 and 7 have one digit, these two, all others three. North America's
# islands share the 1, and Tencent's price list gives them their area code with it (1242, 1268, …).
_ISLANDS = (
    "242|246|264|268|284|340|345|441|473|649|658|664|670|671|684|721|758|767|784|787|809|829|849"
    "|868|869|876|939"
)
_COUNTRY = re.compile(
    rf"1(?:{_ISLANDS})|[17]|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|[0-9]{{3}}"
)


def parse(text: str) -> str:
    """Read a recipient's number as §5/§6 allow it: 11 digits, or area code + number.

    `+86`, `0086` and `86` before a mainland number are dropped, spaces and hyphens too. A number of
    eleven digits from 13… to 19… without a plus is a mainland number, as the document has it; with a plus it
    is North American. Raises ValueError for anything else, masked numbers included.
    """
    if PLAIN.fullmatch(text):
        return "86" + text
    if len(text) > _MAX_CHARACTERS:
        raise ValueError("not a phone number")
    compact = re.sub(r"(?<=[0-9])[\s-]+(?=[0-9])", "", text.strip())
    explicit = _PLUS_OR_00.match(compact)
    if match := _MAINLAND.fullmatch(compact):
        return "86" + match[1]
    digits = compact[explicit.end() :] if explicit else compact
    if _INTERNATIONAL.fullmatch(digits):
        return digits
    raise ValueError("not a phone number")


def parse_all(given: list[str]) -> list[str | None]:
    """Read recipients' numbers as `parse` does; None for what is no number."""
    plain = _all_plain(given)
    return [*plain] if plain else list(map(_parsed, given))


def parse_plain(given: list[str]) -> tuple[list[str], list[str]]:
    """The numbers in plain form as they are kept, and the others as they were given."""
    if plain := _all_plain(given):
        return plain, []
    return (
        ["86" + number for number in given if PLAIN.fullmatch(number)],
        [number for number in given if not PLAIN.fullmatch(number)],
    )


def _parsed(text: str) -> str | None:
    try:
        return parse(text)
    except ValueError:
        return None


def _all_plain(given: list[str]) -> list[str]:
    """The numbers as they are kept, if all of them match PLAIN, or none of them.

    Together, as one text: a hundred thousand take half of the time.
    """
    lines = "\n".join(given)
    if not _PLAIN_LINES.fullmatch(lines) or lines.count("\n") != len(given) - 1:
        return []
    return ("86" + lines.replace("\n", "\n86")).split("\n")


def is_mainland(phone: str) -> bool:
    """Whether a kept number is of mainland China: Tencent's bulk calls never mix the two."""
    return phone.startswith("86")


def split_mainland(kept: list[str]) -> tuple[list[str], list[str]]:
    """Sorted numbers, taken apart: those of mainland China, which stand together, and the others."""
    first, last = bisect_left(kept, "86"), bisect_left(kept, "87")
    return kept[first:last], kept[:first] + kept[last:]


def to_quick_audience(phone: str) -> str:
    """A kept number as Quick Audience knows it: mainland numbers have 11 digits there."""
    return phone.removeprefix("86") if is_mainland(phone) else phone


def to_tencent(phone: str) -> tuple[str, str]:
    """A kept number as Tencent's two fields: nationcode and mobile."""
    country = _COUNTRY.match(phone)
    length = country.end() if country else 0
    return phone[:length], phone[length:]


def stored_form(given: str) -> str:
    """A refused recipient as it is kept: a number of anybody's as all numbers, what is none as it was given."""
    try:
        return parse(given)
    except ValueError:
        return given


def from_tencent(nationcode: str, mobile: str) -> str:
    """A kept number from a callback's two fields; a missing nationcode means mainland."""
    code = nationcode.strip().lstrip("+").removeprefix("00") or "86"
    return code + mobile.strip().lstrip("+")
