"""Pages of digital messages: one to each revision of a template, for ever.

A page is written before Tencent is given its link, and never changed or deleted: whoever got a message
finds the page that was sent, whatever became of the template. A page whose revision never came to be
stays too; nobody knows its code.
"""

import re
import secrets
import string
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from chalicelib.domain.digital_message import Part
from chalicelib.store import table

_ALPHABET = string.ascii_letters + string.digits
# 62 to the power of 11 is more than 65 bits: short in a message that is paid by its length, and nobody
# finds a page by trying.
_LENGTH = 11
_CODE = re.compile(rf"[A-Za-z0-9]{{{_LENGTH}}}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What a page shows, its variables masked already; `made_at` is an epoch."""

    code: str
    theme: str
    parts: tuple[Part, ...]
    made_at: int


def new_code() -> str:
    """A code that nobody can guess, of letters and digits alone: phones end a link at anything else."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))


def put(page: Page) -> None:
    """Keep a page."""
    table.put(
        table.key(f"PAGE#{page.code}", "-")
        | {"theme": page.theme, "parts": _items(page.parts), "made_at": page.made_at}
    )


def get(code: str) -> Page | None:
    """A page; None for an unknown code, and for what is none."""
    if not _CODE.fullmatch(code):
        return None
    item = table.get(f"PAGE#{code}", "-")
    if item is None:
        return None
    shown = tuple(Part(**part) for part in item["parts"])
    return Page(code=code, theme=item["theme"], parts=shown, made_at=item["made_at"])


def _items(parts: Sequence[Part]) -> list[table.Item]:
    return [asdict(part) for part in parts]
