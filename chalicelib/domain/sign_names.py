"""The names of signs: how they are compared, and how they are sent.

One name is written in many ways: in NFC by one system and in NFD by another, in letters of full width, between
brackets that Quick Audience or Tencent adds, with characters that can't be seen. So names are compared in a normal
form, and messages are sent under the name as Tencent has it.
"""

import re
import unicodedata

MAX_LENGTH = 200
"""Characters of a normal form. A longer name, which no sign has, is cut: its form still fits a key of the table."""

# The categories of characters that can't be seen: control, format, half of a surrogate pair.
_INVISIBLE_CATEGORIES = ("Cc", "Cf", "Cs")
INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0000-\U000e0fff]"
)
"""Characters of other categories that fonts show as nothing: joiners, fillers, vowels, variation selectors."""

_PAIRS = ("[]", "［］")


def normal(name: str) -> str:
    """Return the form in which the names of signs are compared; "" for a name without any other character.

    It is NFKC, without white space and brackets around the name, and without characters that can't be seen. Any
    white space within the name is one blank.
    """
    # Twice: NFKC turns some letters into characters that are dropped, or into white space.
    text = unicodedata.normalize("NFKC", _visible(name))
    text = unicodedata.normalize("NFKC", _visible(text))
    first, end = 0, len(text)
    while first < end and (text[first] == " " or _is_bracket(text[first])):
        first += 1
    while first < end and (text[end - 1] == " " or _is_bracket(text[end - 1])):
        end -= 1
    text = text[first:end]
    return text if len(text) <= MAX_LENGTH else f"{text[:MAX_LENGTH]}…"


def without_brackets(name: str) -> str:
    """Return a name as it is, but without the brackets that Quick Audience or Tencent puts around it."""
    name = name.strip().strip("【】").strip()
    while len(name) > 1 and name[0] + name[-1] in _PAIRS:
        name = name[1:-1].strip().strip("【】").strip()
    return name


def _visible(text: str) -> str:
    words = " ".join(text.split())
    return "".join(
        one
        for one in INVISIBLE.sub("", words)
        if unicodedata.category(one) not in _INVISIBLE_CATEGORIES
    )


def _is_bracket(one: str) -> bool:
    # Ps and Pe are Unicode's opening and closing brackets of every kind.
    return unicodedata.category(one) in ("Ps", "Pe") or one in "<>"
