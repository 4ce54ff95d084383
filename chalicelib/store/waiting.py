"""Queue messages that wait in the table instead of their queue, until a gate opens or until they are due.

A message that was queued again and again instead would cost a request and an invocation each time, and after about 16
times Lambda's recursive loop detection would stop it.

Each message is stored under a name that its caller chooses: the same name if the same message is stored again after a
crash, another name if it was queued and has come back. Otherwise `release`, which queues a message first and deletes
it second, could delete one that was stored again in between.
"""

import hashlib
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib.domain.periods import RETENTION_SECONDS
from chalicelib.domain.queue_names import QueueName
from chalicelib.store import batches, table
from chalicelib.store.packing import pack, unpack

TIME = "time"
"""The gate that opens for each message separately, when it is due."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A message that waits. `since` is the epoch since which its work waits, `due` the one at which it is queued again.

    `since` is earlier than the message itself if it was queued before. `due` is 0 at every gate except TIME.
    """

    gate: str
    sort: str
    queue: QueueName
    text: str
    since: int
    due: int


def put(
    gate: str,
    queue: QueueName,
    texts: Mapping[str, str],
    due: int = 0,
    since: Mapping[str, int] | None = None,
) -> None:
    """Store messages of a queue at a gate: their texts by their names. Safe to repeat.

    `since` has the epochs since which their work waits, by name, where that is not from now on.
    """
    now = int(time.time())
    since = since or {}
    items = [
        table.key(partition(gate), f"{due:012d}#{name}")
        | {
            "queue": queue,
            "body": pack(text),
            "since": since.get(name, now),
            "due": due,
            "expires": now + RETENTION_SECONDS,
        }
        for name, text in texts.items()
    ]
    batches.put(items)


def put_until(
    due: int, queue: QueueName, texts: Iterable[str], *, since: int | None = None
) -> None:
    """Store messages of a queue until they are due, each under a digest of its text. Safe to repeat."""
    named = _named(queue, texts)
    put(TIME, queue, named, due, since=_for_all(named, since))


def put_at(gate: str, queue: QueueName, texts: Iterable[str], *, since: int | None = None) -> None:
    """Store messages that were never queued at a gate, each under a digest of its text. Safe to repeat."""
    named = _named(queue, texts)
    put(gate, queue, named, since=_for_all(named, since))


def _for_all(names: Iterable[str], since: int | None) -> dict[str, int]:
    return {} if since is None else dict.fromkeys(names, since)


def _named(queue: QueueName, texts: Iterable[str]) -> dict[str, str]:
    return {hashlib.sha256(f"{queue} {text}".encode()).hexdigest()[:32]: text for text in texts}


def at(gate: str, limit: int | None = None) -> Iterator[Waiting]:
    """Yield the messages at a gate, in no particular order."""
    return map(_waiting, table.query(partition(gate), consistent=True, limit=limit))


def due(now: int) -> Iterator[Waiting]:
    """Yield the messages at the gate TIME that are due, the earliest first."""
    found = table.query(partition(TIME), "0", until=f"{now:012d}~", consistent=True)
    return map(_waiting, found)


def remove(messages: Sequence[Waiting]) -> None:
    """Delete messages that have been queued again."""
    batches.delete([(partition(message.gate), message.sort) for message in messages])


def partition(gate: str) -> str:
    """Return the partition key of the messages at a gate."""
    return f"WAITING#{gate}"


def _waiting(item: dict[str, Any]) -> Waiting:
    return Waiting(
        gate=str(item["pk"]).partition("#")[2],
        sort=item["sk"],
        queue=item["queue"],
        text=unpack(item["body"]),
        since=item["since"],
        due=item["due"],
    )
