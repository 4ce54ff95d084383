"""What was pulled from Tencent but could not be queued, because SQS was not available.

Reading Tencent's queue empties it, so what was read exists nowhere else. The next run queues it first.
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
    """Store messages that are meant for the `callbacks` queue. If stored twice, they are queued twice."""
    now = int(time.time())
    table.put(
        table.key(_PK, f"{now:012d}#{uuid.uuid4().hex}")
        | {
            "bodies": pack(bodies),
            "expires": now + periods.RETENTION_SECONDS,
        }
    )


def saved() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Yield the stored messages, oldest first, each with the name to pass to `delete`."""
    for item in table.query(_PK, consistent=True):
        yield item["sk"], unpack(item["bodies"])


def delete(name: str) -> None:
    """Delete messages that have been queued."""
    table.delete(_PK, name)
