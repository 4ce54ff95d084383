"""Phone numbers as Tencent reports them, in the fields nationcode and mobile, and what they may mean.

The document writes them as `86` and `13900001111`. Gateways also repeat the country code in the mobile, leave one of
the fields empty, add a plus, zeros or separators, or mask digits.
"""

import re
import unicodedata

from chalicelib.domain import phones

_CHINA = "86"
# A nationcode: digits, perhaps after a plus or zeros.
_CODE = re.compile(r"\+?0*([1-9][0-9]{0,3})")
# A mobile: digits, perhaps with separators, after a plus or zeros.
_MOBILE = re.compile(r"(?:tel:)?(\+|00(?=[1-9]))?([0-9 ()./-]*[0-9])", re.IGNORECASE)
# Characters of the longest mobile that is read.
_MAX_CHARACTERS = 40
# Digits of the longest number, with its country code (E.164).
_MAX_DIGITS = 15
# Digits that at least follow a country code.
_MIN_NATIONAL = 6
_MAINLAND = re.compile(r"861[3-9][0-9]{9}")
# Characters in place of masked digits.
_MASK = re.compile("[*xX#•●?]+")
_PREFIX = re.compile(r"^(?:\+|00)")


def readings(nationcode: str, mobile: str) -> list[str]:
    """Return the stored forms that Tencent's two fields may mean, likeliest first. There is at least one.

    A missing nationcode means mainland China, or that the mobile includes it. If either field is no number, they are
    joined as they are.
    """
    if nationcode == _CHINA and phones.PLAIN.fullmatch(mobile):
        return [_CHINA + mobile]
    code, number = _cleaned(nationcode), _cleaned(mobile)
    matched_code = _CODE.fullmatch(code)
    matched = _MOBILE.fullmatch(number) if len(number) <= _MAX_CHARACTERS else None
    if not matched or (code and not matched_code):
        return [(code.lstrip("+").removeprefix("00") or _CHINA) + number.lstrip("+")]
    prefix, rest = matched.groups("")
    digits = re.sub("[^0-9]", "", rest)
    # Zeros may be an international prefix, a trunk prefix, or a part of the number.
    national = prefix.lstrip("+") + digits
    country = matched_code[1] if matched_code else ""
    joined = [(country or _CHINA) + one for one in (national, national.lstrip("0"))]
    on_mainland = any(map(_MAINLAND.fullmatch, joined))
    complete = _begins_with(country, digits)
    # Without a prefix, a mobile hardly ever includes another country code than the one beside it.
    alone = prefix or complete or not country or (country == _CHINA and not on_mainland)
    found = [digits, *joined] if alone else joined
    if prefix and (complete or not (country or on_mainland)):
        found = [digits] if prefix == "+" else [digits, joined[0]]
    possible = [number for number in found if len(number) <= _MAX_DIGITS] or found
    return list(dict.fromkeys(sorted(possible, key=lambda one: not _MAINLAND.fullmatch(one))))


def may_be(phone: str, mobile: str) -> bool:
    """Return whether a masked or empty mobile may stand for a stored number, such as `139****1111`.

    A mobile without masked digits stands for no other number.
    """
    text = _PREFIX.sub("", _cleaned(mobile))
    if not text:
        return True
    parts = _MASK.split(text)
    if len(parts) == 1 or not all(part.isdecimal() for part in parts if part):
        return False
    pattern = re.compile("[0-9]+".join(parts))
    return bool(pattern.fullmatch(phone) or pattern.fullmatch(phones.to_tencent(phone)[1]))


def _cleaned(text: str) -> str:
    """Return a text in its compatible form, without blanks around it and without invisible characters."""
    text = text.strip()
    if (text.isascii() and text.isprintable()) or len(text) > _MAX_CHARACTERS:
        return text
    return phones.INVISIBLE.sub("", unicodedata.normalize("NFKC", text)).strip()


def _begins_with(country: str, digits: str) -> bool:
    return (
        bool(country) and digits.startswith(country) and len(digits) - len(country) >= _MIN_NATIONAL
    )
