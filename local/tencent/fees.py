"""How many messages a text is billed as."""

import math

_GSM_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_EXTENDED = frozenset("^|€{}[]~\\")


def fee(text: str, *, mainland: bool) -> int:
    """Return the number of messages that a text is billed as.

    A mainland message has 70 characters, or 67 in each part of a longer text. An international
    one whose characters are all in the GSM alphabet has 160 or 153; extended characters count
    twice.
    """
    if not mainland and all(letter in _GSM_BASIC or letter in _GSM_EXTENDED for letter in text):
        length = len(text) + sum(letter in _GSM_EXTENDED for letter in text)
        return 1 if length <= 160 else math.ceil(length / 153)
    return 1 if len(text) <= 70 else math.ceil(len(text) / 67)
