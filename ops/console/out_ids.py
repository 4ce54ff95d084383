"""The outIds of campaigns as an operator sees and types them. They may hold any characters, even invisible ones."""

import hashlib
import unicodedata

from chalicelib.domain.sign_names import INVISIBLE

_MAX_TYPED = 60


def shown(out_id: str) -> str:
    """Return an outId in which invisible characters, and white space that HTML would change, are written out."""
    last = len(out_id) - 1
    return "".join(
        one
        if _is_visible(one)
        or (one == " " and 0 < at < last and " " not in (out_id[at - 1], out_id[at + 1]))
        else f"⟨U+{ord(one):04X}⟩"
        for at, one in enumerate(out_id)
    )


def confirmation(out_id: str) -> str:
    """Return the text that an operator types to confirm an action on this campaign.

    It is the outId, or a short code that belongs to it alone if the outId is too long or can't be typed.
    """
    normal = unicodedata.normalize("NFC", out_id)
    if len(out_id) <= _MAX_TYPED and shown(out_id) == out_id == normal:
        return out_id
    return hashlib.sha256(out_id.encode("utf-8", "surrogatepass")).hexdigest()[:8]


def is_typed(text: str, expected: str) -> bool:
    """Return whether an operator typed the expected text. Outer white space and composition of accents don't count."""
    return unicodedata.normalize("NFC", text.strip()) == expected


def _is_visible(one: str) -> bool:
    return unicodedata.category(one)[0] not in "CZ" and not INVISIBLE.match(one)
