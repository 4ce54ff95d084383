"""Put Tencent's events, and entries for Quick Audience, into bodies: as many as one message of a queue carries."""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from chalicelib.domain.push_batches import Entry, PushKind, batches
from chalicelib.queues.bodies import CallbackBody, Event, ReceiptBody

# Tencent pushes up to 100 statuses at once. More are accepted, in several messages.
_STATUSES_PER_MESSAGE = 100
BYTES_PER_MESSAGE = 200 * 1024
"""Bytes of events in one message: leaves room below SQS's 256 KiB."""


def of_events(statuses: Iterable[Event], replies: Iterable[Event]) -> list[CallbackBody]:
    """Return the bodies that carry Tencent's events: up to 100 statuses in one body, each reply in its own.

    Empty objects, with which the document's own example pads its array, are left out. An unpaired surrogate, such
    as a truncated text may end with, can't be queued and becomes a question mark.
    """
    packed: list[CallbackBody] = []
    size = 0
    for status in filter(None, statuses):
        text = encoded(status)
        last = packed[-1].statuses if packed else []
        if not last or len(last) == _STATUSES_PER_MESSAGE or size + len(text) > BYTES_PER_MESSAGE:
            packed.append(CallbackBody())
            last, size = packed[-1].statuses, 0
        last.append(json.loads(text))
        size += len(text)
    return packed + [
        CallbackBody(replies=[json.loads(encoded(one))]) for one in filter(None, replies)
    ]


def of_entries(kind: PushKind, out_id: str, entries: Sequence[Entry]) -> Iterator[ReceiptBody]:
    """Return the bodies that carry entries of one outId. None has more entries than one call may push."""
    return (ReceiptBody(kind, out_id, batch) for batch in batches(entries))


def encoded(event: Any) -> bytes:
    """Return an event as JSON in UTF-8, with a question mark for an unpaired surrogate."""
    return json.dumps(event, ensure_ascii=False).encode("utf-8", "replace")
