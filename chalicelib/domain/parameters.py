"""Recipients' named parameters (Quick Audience) and their conversion to positional values (Tencent)."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import repeat
from operator import itemgetter
from typing import Any

from chalicelib.compact_json import COMPACT_JSON
from chalicelib.domain import text_lists
from chalicelib.domain.planning import Failure

# Tencent limits the sign, the text and the values together to 500 characters (1017). Values alone have at most that.
MAX_CHARACTERS = 500

Object = Mapping[str, Any]
"""The parameters of one recipient by name, as Quick Audience sends them."""

Values = tuple[str, ...] | Failure
"""The values of a template's numbered variables, in order, or the reason why a recipient has none."""

# What a carrier takes for a sign, and a receiver for the sender's name.
_BRACKETS = str.maketrans("【】", "〔〕")
# White space that breaks a line or a column: line ends in Windows' form count once.
_BREAK = re.compile(r"\r\n|[\t-\r\x1c-\x1f\x85\u2028\u2029]")
# Other control characters, and format characters that turn the direction of a text or can't be seen. Joiners
# (U+200C, U+200D) stay: emoji and several scripts need them.
_HIDING = (
    "\x00-\x08\x0e-\x1b\x7f-\x9f\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f"
    "\ufeff\ufff9-\ufffb"
)
_HIDDEN = re.compile(f"[{_HIDING}]")
# All of the above. JSON's own encoder has escaped those below U+0020.
_UNSAFE = re.compile(f"[【】\x85\u2028\u2029{_HIDING}]")

_SORTED_JSON = json.JSONEncoder(sort_keys=True, check_circular=False)


def values(parameters: Object, names: Sequence[str]) -> Values:
    """Return one recipient's values for the template's variables.

    A value may be a number, null or nested JSON: Quick Audience's table says "string", but its example shows
    integers. Parameters that the template does not use are ignored.
    """
    try:
        texts = tuple([_text(parameters[name]) for name in names])
    except KeyError as missing:
        return _missing(missing.args[0])
    return _limited(texts)


def collect(objects: Sequence[Object]) -> "Objects | Columns":
    """Collect the parameter objects of a request's recipients. There is at least one."""
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
    """Parameter objects of any kind."""

    def __init__(self, objects: Sequence[Object]) -> None:
        self._objects = objects

    def __len__(self) -> int:
        return len(self._objects)

    def key(self, index: int) -> bytes:
        """Return the sort key of an object, for recipients with the same number."""
        return _json(self._objects[index])

    def in_order(self, order: Iterable[int]) -> "Objects":
        """Return the objects in another order, given by their indices."""
        return Objects([self._objects[index] for index in order])

    def encoded(self) -> bytes:
        """Encode the objects, for a digest: different objects have different encodings.

        If all objects are equal, only one of them is encoded, as if it had been given once for all recipients.
        """
        objects = self._objects
        first, all_objects = _json(objects[0]), _json(objects)
        # The cheap comparisons come first; they also keep the repeated text from being longer than the request.
        all_equal = (
            objects[-1] == objects[0]
            and len(all_objects) == len(objects) * (len(first) + 2)
            and all_objects == b"[" + b", ".join([first] * len(objects)) + b"]"
        )
        return first if all_equal else all_objects

    def values(self, names: Sequence[str]) -> Iterator[Values]:
        """Yield the values of each recipient."""
        return (values(parameters, names) for parameters in self._objects)


class Columns:
    """Parameter objects that all have the same names and only texts as values, kept as one list for each name.

    Nearly all requests are of this kind. A hundred thousand of them take a quarter of the time of `Objects`.
    """

    def __init__(self, columns: Mapping[str, list[str]], count: int) -> None:
        self._columns = columns
        self._count = count

    def __len__(self) -> int:
        return self._count

    def key(self, index: int) -> list[str]:
        """Return the sort key of an object, as `Objects.key` does."""
        return [column[index] for column in self._columns.values()]

    def in_order(self, order: Sequence[int]) -> "Columns":
        """Return the objects in another order, as `Objects.in_order` does."""
        columns = {
            name: text_lists.copy_contiguous([column[index] for index in order])
            for name, column in self._columns.items()
        }
        return Columns(columns, self._count)

    def encoded(self) -> bytes:
        """Encode the objects; if all of them are equal, the encoding is the one of `Objects.encoded`."""
        for column in self._columns.values():
            if column[-1] != column[0] or column.count(column[0]) < self._count:
                return _json(["columns", self._columns])
        return _json({name: column[0] for name, column in self._columns.items()})

    def values(self, names: Sequence[str]) -> Iterable[Values]:
        """Return the values of each recipient."""
        try:
            columns = [self._columns[name] for name in names]
        except KeyError as missing:
            return repeat(_missing(missing.args[0]), self._count)
        if not columns:
            return repeat((), self._count)
        columns = [column if _all_clean(column) else list(map(clean, column)) for column in columns]
        all_short = sum([max(map(len, column)) for column in columns]) <= MAX_CHARACTERS
        rows = zip(*columns, strict=True)
        return rows if all_short else map(_limited, rows)


def clean(text: str) -> str:
    """Return a value as it may be sent: nothing in it imitates a sign or hides (docs/decisions/0008).

    Values are often a stranger's input, such as a nickname. 【】 become 〔〕, line breaks and tabs a space; other
    control characters and characters that turn the text's direction are dropped.
    """
    if text.isprintable() and "【" not in text and "】" not in text:
        return text
    return _HIDDEN.sub("", _BREAK.sub(" ", text.translate(_BRACKETS)))


def _all_clean(texts: Sequence[str]) -> bool:
    """Return whether `clean` changes none of the texts. They are looked at as one, which is much faster."""
    joined = "".join(texts)
    return joined.isprintable() and "【" not in joined and "】" not in joined


def _missing(name: str) -> Failure:
    return Failure("isv.TEMPLATE_MISSING_PARAMETERS", f"模板变量 {name} 没有取值")


def _limited(texts: tuple[str, ...]) -> Values:
    """Return the values if they are short enough, and a failure otherwise."""
    if sum(map(len, texts)) > MAX_CHARACTERS:
        return Failure("isv.PARAM_LENGTH_LIMIT", f"模板变量取值合计超过 {MAX_CHARACTERS} 个字符")
    return texts


def _json(value: Any) -> bytes:
    return _SORTED_JSON.encode(value).encode()


def _text(value: Any) -> str:
    if isinstance(value, str):
        return clean(value)
    if value is None:
        return ""
    if not isinstance(value, list | dict):
        return json.dumps(value)
    text = ""
    for piece in COMPACT_JSON.iterencode(value):
        text += piece
        if len(text) > MAX_CHARACTERS:
            # It is already too long, and may have megabytes more.
            break
    # Nested values keep their meaning as JSON.
    return _UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
