"""What stands in the place of a number that was erased."""

import re
import secrets
from collections.abc import Iterable

FORM = "*" * 11
"""What Quick Audience and operators see in place of the number and of its other forms."""

_DIGITS = 19
# No number is stored like this: numbers are digits. In `packing.pack_numbers`, the letter is one more hex digit.
_PLACEHOLDER = re.compile(rf"e[0-9]{{{_DIGITS}}}")


def placeholder() -> str:
    """Return a random text for the place of a stored number."""
    return f"e{secrets.randbelow(10**_DIGITS):0{_DIGITS}d}"


def is_erased(phone: str) -> bool:
    """Return whether a stored number was erased, and its placeholder is stored instead."""
    return _PLACEHOLDER.fullmatch(phone) is not None


def without(text: str, forms: Iterable[str]) -> str:
    """Return a text with FORM in place of each of these forms of a number."""
    for form in sorted(filter(None, forms), key=len, reverse=True):
        text = text.replace(form, FORM)
    return text
