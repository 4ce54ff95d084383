"""How receipts and replies are joined into calls of §13 and §14: one outId to each call."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

# §13 names no limit; its first note allows only one outId in a call.
MAX_PER_CALL = 100

PushKind = Literal["details", "reply"]
"""Which call: delivery receipts (§13) or replies (§14)."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a call.

    `fields` are the documented ones, as Quick Audience gets them; `at` is the bizId of the message's request and
    its position there, for the bridge's own records. Messages of older releases may lack it.
    """

    fields: dict[str, Any]
    at: tuple[str, int] | None = None


def batches(entries: Sequence[Entry]) -> Iterator[Sequence[Entry]]:
    """Cut entries into batches that fit into one call each."""
    for first in range(0, len(entries), MAX_PER_CALL):
        yield entries[first : first + MAX_PER_CALL]


def calls(messages: Iterable[tuple[T, PushKind, str, int]]) -> Iterator[tuple[PushKind, list[T]]]:
    """Join queue messages, each given with its kind, outId and number of entries, into calls.

    A call has one kind, one outId and at most MAX_PER_CALL entries. A message is never split, so that it is
    done when its one call is done.
    """
    groups: dict[tuple[PushKind, str], list[tuple[T, int]]] = {}
    for message, kind, out_id, size in messages:
        groups.setdefault((kind, out_id), []).append((message, size))
    for (kind, _), group in groups.items():
        call: list[T] = []
        total = 0
        for message, size in group:
            if call and total + size > MAX_PER_CALL:
                yield kind, call
                call, total = [], 0
            call.append(message)
            total += size
        yield kind, call
