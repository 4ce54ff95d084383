"""Linked signs. Quick Audience identifies a sign by its name, Tencent by an id, and v5 has no query by name.

So an operator links the two once (`ops sign link NAME SIGN_ID`). With API 3.0 this is needed only if the names differ,
because Tencent lists signs by name (`sign_list`); a link wins over that list. A sign is stored under the normal form
of the name that Quick Audience uses (`domain/sign_names.py`), together with the name as Tencent has it.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass

from chalicelib.domain.sign_names import normal
from chalicelib.store import table


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """A linked sign. The field names are stored. `status` is Tencent's: 0 approved, 1 pending, 2 rejected.

    `name` is the sign's text at Tencent. `alias` is the name that Quick Audience uses, if that is another one.
    """

    name: str
    sign_id: int
    status: int
    reply: str
    created_at: int
    checked_at: int
    alias: str = ""

    @property
    def called(self) -> str:
        """The name that Quick Audience uses."""
        return self.alias or self.name


def get(name: str) -> Sign | None:
    """Return a sign by its name, in any spelling that has the same normal form; None if it is not linked."""
    wanted = normal(name)
    if not wanted:
        return None
    if item := table.get(f"SIGN#{wanted}", "-", consistent=True):
        return _sign(item)
    return _moved(wanted)


def put(sign: Sign) -> None:
    """Store a sign, and its name in the list of all signs."""
    key = normal(sign.called)
    table.put(table.key(f"SIGN#{key}", "-") | asdict(sign))
    table.put(table.key("SIGNS", key))


def delete(name: str) -> None:
    """Delete a sign, by the name that Quick Audience uses."""
    _delete(normal(name))


def all_signs() -> Iterator[Sign]:
    """Yield every linked sign, sorted by name."""
    names = [normal(name) for name in _listed()]
    for name in dict.fromkeys(names):
        if sign := get(name):
            yield sign


def _moved(wanted: str) -> Sign | None:
    """Return a sign that an earlier version stored under another form of its name, after moving it to its place."""
    for name in _listed():
        if normal(name) != wanted or name == wanted:
            continue
        if item := table.get(f"SIGN#{name}", "-", consistent=True):
            sign = _sign(item)
            put(sign)
            _delete(name)
            return sign
    return None


def _listed() -> list[str]:
    return [str(entry["sk"]) for entry in table.query("SIGNS", consistent=True)]


def _delete(key: str) -> None:
    table.delete("SIGNS", key)
    table.delete(f"SIGN#{key}", "-")


def _sign(item: table.Item) -> Sign:
    return table.read_as(Sign, item)
