"""The list of chunks by the hour in which each is due to be closed, 72 hours after its acceptance.

`sweep` reads it to close chunks, and `inquire` to find the chunks that were accepted in an hour.
"""

from collections.abc import Iterator

from chalicelib.domain.chunks import ChunkKey
from chalicelib.domain.periods import CLOSED_AFTER_SECONDS
from chalicelib.domain.send_request import SendRequest
from chalicelib.store import table
from chalicelib.store.table import Item, Key


def item(request: SendRequest, key: ChunkKey) -> Item:
    """Return the item that lists a chunk as due 72 hours after the acceptance of its request."""
    return table.key(*key_of(request.accepted_at, key)) | {
        "outId": key.out_id,
        "bizId": key.biz_id,
        "start": key.start,
        "expires": request.expires,
    }


def key_of(accepted_at: int, key: ChunkKey) -> Key:
    """Return the key of a chunk's item, by the acceptance of its request."""
    hour = _hour(accepted_at + CLOSED_AFTER_SECONDS)
    return f"DUE#{hour}", f"{key.biz_id}#{key.start:08d}"


def due(now: int, hours_back: int) -> Iterator[tuple[int, ChunkKey]]:
    """Yield the chunks that were due in the last `hours_back` full hours, oldest first, each with its hour."""
    for hour in range(_hour(now) - hours_back, _hour(now)):
        for entry in table.query(f"DUE#{hour}", consistent=True):
            yield hour, ChunkKey(entry["outId"], entry["bizId"], entry["start"])


def accepted_in(hour: int, after: str = "") -> Iterator[tuple[str, ChunkKey]]:
    """Yield the chunks that were accepted in an hour (epoch // 3600) and are not closed yet, each with its sort key.

    With `after`, only the chunks after that sort key.
    """
    due_hour = hour + CLOSED_AFTER_SECONDS // 3600
    for entry in table.query(f"DUE#{due_hour}", after=after, consistent=True):
        yield str(entry["sk"]), ChunkKey(entry["outId"], entry["bizId"], entry["start"])


def remove_due(hour: int, key: ChunkKey) -> None:
    """Remove a chunk from the list, once it is closed."""
    table.delete(f"DUE#{hour}", f"{key.biz_id}#{key.start:08d}")


def _hour(epoch: int) -> int:
    return epoch // 3600
