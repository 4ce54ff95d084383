"""How many segments Tencent will probably bill for a text. What it bills in fact is the `fee` of its answers."""

import math

# A text of one segment, and each part of a longer one, in characters: in UCS-2, and in the GSM alphabet.
_UCS2, _UCS2_PART = 70, 67
_GSM, _GSM_PART = 160, 153
_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
# Characters of the GSM alphabet that count twice.
_EXTENDED = frozenset("^|€{}[]~\\")


def estimate(text: str, *, mainland: bool) -> int:
    """Return the segments of a text, its sign included, to a mainland number or to another one.

    Only international texts are counted in the GSM alphabet, if all their characters are in it.
    """
    if not mainland and all(letter in _BASIC or letter in _EXTENDED for letter in text):
        length = len(text) + sum(letter in _EXTENDED for letter in text)
        return 1 if length <= _GSM else math.ceil(length / _GSM_PART)
    return 1 if len(text) <= _UCS2 else math.ceil(len(text) / _UCS2_PART)
