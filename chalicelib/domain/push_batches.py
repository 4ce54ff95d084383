"""How receipts and replies are joined into calls of §13 and §14. All entries of a call have the same outId."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

# §13 names no limit. Its first note allows only one outId per call.
MAX_PER_CALL = 100

PushKind = Literal["details", "reply"]
"""The kind of call: delivery receipts (§13) or replies (§14)."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a call.

    `fields` are the documented fields, as Quick Audience receives them. `at` is the bizId of the message's request
    and the recipient's position in it, for the bridge's own records; queue messages of older releases lack it.
    `failed_phone` is the stored form of the phone, in a receipt of a failure: under it, another message may have
    been delivered. It is empty in every other entry.
    """

    fields: dict[str, Any]
    at: tuple[str, int] | None = None
    failed_phone: str = field(default="", compare=False)


def positions(entries: Iterable[Entry]) -> dict[str, list[int]]:
    """Return the positions of the entries' recipients by bizId. Entries without one are left out."""
    found: dict[str, list[int]] = {}
    for biz_id, position in (entry.at for entry in entries if entry.at):
        found.setdefault(biz_id, []).append(position)
    return found


def batches(entries: Sequence[Entry]) -> Iterator[Sequence[Entry]]:
    """Split entries into batches that each fit into one call."""
    for first in range(0, len(entries), MAX_PER_CALL):
        yield entries[first : first + MAX_PER_CALL]


def calls(messages: Iterable[tuple[T, PushKind, str, int]]) -> Iterator[tuple[PushKind, list[T]]]:
    """Join queue messages into calls. Each message comes with its kind, its outId and its number of entries.

    A call has one kind, one outId and at most MAX_PER_CALL entries. A message is never split between calls, so
    that it is done as soon as its call is done. A message with more entries than that gets a call of its own.
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
