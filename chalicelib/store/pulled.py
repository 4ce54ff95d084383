"""Pulled from Tencent and not yet queued: the last resort where SQS takes nothing.

Tencent's queue is emptied by reading it, so what was read exists nowhere else. The next run queues
it first.
"""

import time
import uuid
from collections.abc import Iterator, Sequence
from typing import Any

from chalicelib.domain import periods
from chalicelib.store import table
from chalicelib.store.packing import pack, unpack

_PK = "PULLED"


def save(bodies: Sequence[dict[str, Any]]) -> None:
    """Keep messages that were meant for the `callbacks` queue. Kept twice, they are queued twice."""
    now = int(time.time())
    table.put(
        table.key(_PK, f"{now:012d}#{uuid.uuid4().hex}")
        | {
            "bodies": pack(bodies),
            "expires": now + periods.RETENTION_SECONDS,
        }
    )


def saved() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """What is kept, oldest first, each with the name to forget it by."""
    for item in table.query(_PK, consistent=True):
        yield item["sk"], unpack(item["bodies"])


def delete(name: str) -> None:
    """Forget what was queued by now."""
    table.delete(_PK, name)
