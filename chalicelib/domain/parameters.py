"""Recipients' named parameters as Tencent's positional ones."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import repeat
from operator import itemgetter
from typing import Any

from chalicelib.compact_json import COMPACT_JSON
from chalicelib.domain import text_lists
from chalicelib.domain.planning import Failure

# Sign, text and values together may have 500 characters (Tencent, 1017): values alone never more.
MAX_CHARACTERS = 500

Object = Mapping[str, Any]
Values = tuple[str, ...] | Failure
"""The value of each of the template's numbers, in order; or why there can be none."""

_SORTED_JSON = json.JSONEncoder(sort_keys=True, check_circular=False)


def values(given: Object, names: Sequence[str]) -> Values:
    """One recipient's values of the template's variables.

    Values may be numbers, null or nested JSON: Quick Audience's table says "string", its example
    shows integers. Keys that the template does not use are ignored.
    """
    try:
        found = tuple([_text(given[name]) for name in names])
    except KeyError as missing:
        return _missing(missing.args[0])
    return _short(found)


def collect(objects: Sequence[Object]) -> "Objects | Columns":
    """The objects of a request's recipients, one at least."""
    names = sorted(objects[0])
    if len(objects) == 1 or set(map(len, objects)) != {len(names)}:
        return Objects(objects)
    try:
        columns = {name: list(map(itemgetter(name), objects)) for name in names}
    except KeyError:
        return Objects(objects)
    if any(set(map(type, column)) != {str} for column in columns.values()):
        return Objects(objects)
    return Columns(columns, len(objects))


class Objects:
    """Objects of any kind."""

    def __init__(self, objects: Sequence[Object]) -> None:
        self._objects = objects

    def __len__(self) -> int:
        return len(self._objects)

    def key(self, place: int) -> bytes:
        """What sorts the objects of one number."""
        return _json(self._objects[place])

    def in_order(self, order: Iterable[int]) -> "Objects":
        """The same, rearranged."""
        return Objects([self._objects[place] for place in order])

    def text(self) -> bytes:
        """Equal for equal objects alone, but for one that is the same for all: it counts once."""
        objects = self._objects
        first, every = _json(objects[0]), _json(objects)
        # The last and the lengths first: what is multiplied is then no longer than what came.
        for_all = (
            objects[-1] == objects[0]
            and len(every) == len(objects) * (len(first) + 2)
            and every == b"[" + b", ".join([first] * len(objects)) + b"]"
        )
        return first if for_all else every

    def values(self, names: Sequence[str]) -> Iterator[Values]:
        """The values of each."""
        return (values(one, names) for one in self._objects)


class Columns:
    """Objects with equal names and nothing but texts, as nearly all are: kept as a list of texts for each name.

    A hundred thousand of them take a quarter of the time that `Objects` take.
    """

    def __init__(self, columns: Mapping[str, list[str]], count: int) -> None:
        self._columns = columns
        self._count = count

    def __len__(self) -> int:
        return self._count

    def key(self, place: int) -> list[str]:
        """As `Objects` has it."""
        return [column[place] for column in self._columns.values()]

    def in_order(self, order: Sequence[int]) -> "Columns":
        """As `Objects` has it."""
        columns = {
            name: text_lists.copy_contiguous([column[place] for place in order])
            for name, column in self._columns.items()
        }
        return Columns(columns, self._count)

    def text(self) -> bytes:
        """As `Objects` has it, and the same where one object is the same for all."""
        for column in self._columns.values():
            if column[-1] != column[0] or column.count(column[0]) < self._count:
                return _json(["columns", self._columns])
        return _json({name: column[0] for name, column in self._columns.items()})

    def values(self, names: Sequence[str]) -> Iterable[Values]:
        """The values of each."""
        try:
            columns = [self._columns[name] for name in names]
        except KeyError as missing:
            return repeat(_missing(missing.args[0]), self._count)
        if not columns:
            return repeat((), self._count)
        short = sum([max(map(len, column)) for column in columns]) <= MAX_CHARACTERS
        rows = zip(*columns, strict=True)
        return rows if short else map(_short, rows)


def _missing(name: str) -> Failure:
    return Failure("isv.TEMPLATE_MISSING_PARAMETERS", f"模板变量 {name} 没有取值")


def _short(found: tuple[str, ...]) -> Values:
    """The values, if they are short enough."""
    if sum(map(len, found)) > MAX_CHARACTERS:
        return Failure("isv.PARAM_LENGTH_LIMIT", f"模板变量取值合计超过 {MAX_CHARACTERS} 个字符")
    return found


def _json(value: Any) -> bytes:
    return _SORTED_JSON.encode(value).encode()


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if not isinstance(value, list | dict):
        return json.dumps(value)
    text = ""
    for piece in COMPACT_JSON.iterencode(value):
        text += piece
        if len(text) > MAX_CHARACTERS:
            # Too long already: there may be megabytes more.
            break
    return text
