"""The pages of digital messages: one for each revision of a template.

A page is stored before its link is submitted to Tencent, and its content is never changed: the recipient of a message
finds the page that was sent, whatever happened to the template. It expires KEPT_SECONDS after the last campaign that
used it, because the files that it links may belong to somebody else by then. An operator can take it down sooner.
If the revision is never created, its page stays, but nobody knows its code.
"""

import re
import secrets
import string
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from urllib.parse import unquote

from chalicelib.domain.digital_message import Part
from chalicelib.store import table

KEPT_SECONDS = 180 * 24 * 3600
"""How long a page is kept after the last campaign that used it."""

# A campaign extends a page's life only if this much of it has passed.
_EXTENDED_AFTER_SECONDS = 24 * 3600
_ALPHABET = string.ascii_letters + string.digits
# 62 to the power of 11 is more than 65 bits: too many for anybody to find a page by guessing, and still short in a
# message that is billed by its length.
_LENGTH = 11
_CODE = re.compile(rf"[A-Za-z0-9]{{{_LENGTH}}}(?![A-Za-z0-9])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """The content of a page, with its variables masked. `made_at` is an epoch."""

    code: str
    theme: str
    parts: tuple[Part, ...]
    made_at: int


def new_code() -> str:
    """Return a random code of letters and digits only, because phones end a link at any other character."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))


def put(page: Page) -> None:
    """Store a page."""
    table.put(
        table.key(f"PAGE#{page.code}", "-")
        | {"theme": page.theme, "parts": _items(page.parts), "made_at": page.made_at}
    )


def code_in(link_end: str) -> str:
    """Return the code in the last part of a link; "" if it has none.

    A phone takes punctuation and text behind a link as part of it, and may percent-encode any character.
    """
    for text in (link_end, unquote(link_end), unquote(unquote(link_end))):
        if match := _CODE.match(text):
            return match[0]
    return ""


def get(code: str) -> Page | None:
    """Return a page; None if the code is unknown or has the wrong format."""
    if not _CODE.fullmatch(code):
        return None
    item = table.get(f"PAGE#{code}", "-")
    if item is None:
        return None
    parts = tuple(table.read_as(Part, part) for part in item["parts"])
    return Page(code=code, theme=item["theme"], parts=parts, made_at=item["made_at"])


def keep(code: str) -> bool:
    """Extend the life of a page, because a campaign uses it. Return False if it has expired or was taken down."""
    now = int(time.time())
    item = table.get(f"PAGE#{code}", "-", consistent=True)
    if item is None or item.get("expires", now) < now:
        return False
    if item.get("expires", 0) < now + KEPT_SECONDS - _EXTENDED_AFTER_SECONDS:
        # Not if an operator has deleted it since.
        return table.replace(item | {"expires": now + KEPT_SECONDS}, "made_at", item["made_at"])
    return True


def delete(code: str) -> None:
    """Take a page down. Caches may show it for another hour."""
    table.delete(f"PAGE#{code}", "-")


def _items(parts: Sequence[Part]) -> list[table.Item]:
    return [asdict(part) for part in parts]
