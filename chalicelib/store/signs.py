"""Signs. Quick Audience identifies a sign by its name, Tencent by an id, and Tencent has no query by name.

So an operator links the two once (`ops sign link NAME SIGN_ID`).
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass

from chalicelib.domain.sign_names import normal
from chalicelib.store import table


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """A linked sign. The field names are stored. `status` is Tencent's: 0 approved, 1 pending, 2 rejected."""

    name: str
    sign_id: int
    status: int
    reply: str
    created_at: int
    checked_at: int


def get(name: str) -> Sign | None:
    """Return a sign by its name, with or without brackets; None if it is not linked."""
    if not normal(name):
        return None
    item = table.get(f"SIGN#{normal(name)}", "-", consistent=True)
    return _sign(item) if item else None


def put(sign: Sign) -> None:
    """Store a sign, and its name in the list of all signs."""
    table.put(table.key(f"SIGN#{sign.name}", "-") | asdict(sign))
    table.put(table.key("SIGNS", sign.name))


def delete(name: str) -> None:
    """Delete a sign."""
    table.delete("SIGNS", normal(name))
    table.delete(f"SIGN#{normal(name)}", "-")


def all_signs() -> Iterator[Sign]:
    """Yield every linked sign, sorted by name."""
    for entry in table.query("SIGNS", consistent=True):
        if sign := get(str(entry["sk"])):
            yield sign


def _sign(item: table.Item) -> Sign:
    return table.read_as(Sign, item)
