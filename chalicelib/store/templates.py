"""Templates and their revisions.

A template keeps its code for its whole life. Each change is a new revision, which may be a new template at Tencent,
because approved ones can't be modified. The variable names that fill `{1}`, `{2}`, … belong to the revision.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

from chalicelib.store import table


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """A revision of a template. The field names are stored, so they must not change.

    `status` is Tencent's review state: 0 approved, 1 pending, 2 rejected. `kind` is Quick Audience's template type.
    `content` is the text as the marketer wrote it, `text` as it was submitted to Tencent. Times are epochs in
    seconds. `page` is the code of a digital template's page (§7); text templates have none. `anywhere` says that the
    template may be international or not: it was created in Tencent's console, and Tencent does not say.
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
    anywhere: bool = False


def revisions(code: str) -> list[Revision]:
    """Return the revisions of a template, newest first; an empty list if the code is unknown."""
    items = table.query(f"TEMPLATE#{code}", "REVISION#", newest_first=True, consistent=True)
    return [_revision(item) for item in items]


def find(code: str) -> tuple[list[Revision], bool]:
    """Return the revisions of a template, newest first, and whether it was deleted, in one query."""
    items = list(table.query(f"TEMPLATE#{code}", newest_first=True, consistent=True))
    found = [_revision(item) for item in items if item["sk"] != "DELETED"]
    return found, len(found) < len(items)


def get(code: str, number: int) -> Revision | None:
    """Return a revision; None if there is none with this number."""
    item = table.get(f"TEMPLATE#{code}", f"REVISION#{number:06d}", consistent=True)
    return _revision(item) if item else None


def add(revision: Revision) -> bool:
    """Store a new revision; return False if another revision has taken its number."""
    if not table.put_new(_item(revision)):
        return False
    if revision.number == 1:
        table.put(table.key("TEMPLATES", revision.code))
    return True


def remove(revision: Revision) -> None:
    """Delete a revision that could not be submitted to Tencent."""
    table.delete(f"TEMPLATE#{revision.code}", f"REVISION#{revision.number:06d}")


def update(fresh: Sequence[tuple[Revision, Revision]]) -> None:
    """Store revisions with the review states that Tencent returned, each with the revision as it was read before.

    A revision that was changed or removed since then is left as it is: another request may have removed it and stored
    another one under its number.
    """
    for read, revision in fresh:
        expected = ("tpl_id", "text", "created_at", "status", "reply", "checked_at")
        stored = asdict(read)
        table.replace_where(_item(revision), {name: stored[name] for name in expected})


def delete(code: str, now: int) -> None:
    """Mark a template as deleted. Its revisions stay, because messages sent with them may be under way."""
    table.put(table.key(f"TEMPLATE#{code}", "DELETED") | {"at": now})
    table.delete("TEMPLATES", code)


def is_deleted(code: str) -> bool:
    """Return whether a template was deleted."""
    return find(code)[1]


def codes() -> Iterator[str]:
    """Yield the codes of all templates that are not deleted."""
    for entry in table.query("TEMPLATES", consistent=True):
        yield str(entry["sk"])


def _item(revision: Revision) -> table.Item:
    fields = asdict(revision) | {"names": list(revision.names)}
    return table.key(f"TEMPLATE#{revision.code}", f"REVISION#{revision.number:06d}") | fields


def _revision(item: table.Item) -> Revision:
    return table.read_as(Revision, item, names=tuple(item["names"]))
