"""How receipts and replies are joined into calls of §13 and §14: one outId to each."""

from collections.abc import Iterable, Iterator
from typing import Any, Literal, TypeVar

# §13 names no limit; its first note allows only one outId in a call.
MOST_PER_CALL = 100

Kind = Literal["details", "reply"]
T = TypeVar("T")


def pack(kind: Kind, out_id: str, entries: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Queue messages for entries of one outId: none has more entries than a call may have."""
    for first in range(0, len(entries), MOST_PER_CALL):
        yield {"kind": kind, "outId": out_id, "entries": entries[first : first + MOST_PER_CALL]}


def calls(messages: Iterable[tuple[T, Kind, str, int]]) -> Iterator[tuple[Kind, list[T]]]:
    """Join queue messages, each given with its kind, outId and number of entries, into calls.

    A call has one kind, one outId and at most MOST_PER_CALL entries. A message is never split, so
    that it is done when its one call is.
    """
    groups: dict[tuple[Kind, str], list[tuple[T, int]]] = {}
    for message, kind, out_id, size in messages:
        groups.setdefault((kind, out_id), []).append((message, size))
    for (kind, _), group in groups.items():
        call: list[T] = []
        total = 0
        for message, size in group:
            if call and total + size > MOST_PER_CALL:
                yield kind, call
                call, total = [], 0
            call.append(message)
            total += size
        yield kind, call
