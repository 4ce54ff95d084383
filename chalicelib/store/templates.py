"""Templates and their revisions.

A template keeps its code for life; each change is a new revision, which may be a new template at
Tencent (approved ones can't be modified). The names that fill `{1}`, `{2}`, … belong to the revision.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

from chalicelib.store import table


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """One revision. `status` is Tencent's: 0 approved, 1 pending, 2 rejected; `kind` Quick Audience's type.

    `content` is as the marketer wrote it, `text` as Tencent has it; times are epochs in seconds. `page`
    is the code of a digital template's page (§7), which a text template has none of.
    """

    code: str
    number: int
    tpl_id: int
    name: str
    remark: str
    kind: int
    content: str
    text: str
    names: tuple[str, ...]
    status: int
    reply: str
    author: str
    created_at: int
    checked_at: int
    page: str = ""


def revisions(code: str) -> list[Revision]:
    """A template's revisions, newest first; none where the code is unknown."""
    items = table.query(f"TEMPLATE#{code}", "REVISION#", newest_first=True, consistent=True)
    return [_revision(item) for item in items]


def find(code: str) -> tuple[list[Revision], bool]:
    """A template's revisions, newest first, and whether it was deleted, in one reading."""
    items = list(table.query(f"TEMPLATE#{code}", newest_first=True, consistent=True))
    found = [_revision(item) for item in items if item["sk"] != "DELETED"]
    return found, len(found) < len(items)


def get(code: str, number: int) -> Revision | None:
    """One revision."""
    item = table.get(f"TEMPLATE#{code}", f"REVISION#{number:06d}", consistent=True)
    return _revision(item) if item else None


def add(revision: Revision) -> bool:
    """Keep a new revision; answers False where another took its number meanwhile."""
    if not table.put_new(_item(revision)):
        return False
    if revision.number == 1:
        table.put(table.key("TEMPLATES", revision.code))
    return True


def remove(revision: Revision) -> None:
    """Take out a revision that never came to be."""
    table.delete(f"TEMPLATE#{revision.code}", f"REVISION#{revision.number:06d}")


def update(revisions: Sequence[Revision]) -> None:
    """Keep what Tencent says of revisions by now."""
    table.batch_put([_item(revision) for revision in revisions])


def delete(code: str, now: int) -> None:
    """Keep that a template was deleted. Its revisions stay: what was sent with them is still on its way."""
    table.put(table.key(f"TEMPLATE#{code}", "DELETED") | {"at": now})
    table.delete("TEMPLATES", code)


def is_deleted(code: str) -> bool:
    """Whether a template was deleted."""
    return find(code)[1]


def codes() -> Iterator[str]:
    """The codes of all templates."""
    for entry in table.query("TEMPLATES", consistent=True):
        yield str(entry["sk"])


def _item(revision: Revision) -> table.Item:
    fields = asdict(revision) | {"names": list(revision.names)}
    return table.key(f"TEMPLATE#{revision.code}", f"REVISION#{revision.number:06d}") | fields


def _revision(item: table.Item) -> Revision:
    # Items that were written before pages were have no code of one.
    fields = {name: item[name] for name in Revision.__dataclass_fields__ if name in item}
    return Revision(**fields | {"names": tuple(item["names"])})
