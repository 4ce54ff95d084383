"""Mobile-originated replies, under the outId of the message that they answer."""

import hashlib
from collections.abc import Mapping
from typing import Any

from chalicelib.domain.periods import RETENTION_SECONDS
from chalicelib.store import table
from chalicelib.store.table import Item


def reply_key(phone: str, content: str, time: int) -> str:
    """Return the key of a reply. Replies with the same phone, time and content are the same reply."""
    return hashlib.sha256(f"{phone}\n{time}\n{content}".encode()).hexdigest()[:24]


def record_reply(out_id: str, key: str, reply: Mapping[str, Any], by: str, now: int) -> bool:
    """Store a reply unless it is stored already; return whether the work item `by` has to report it.

    A work item that is repeated after a crash finds its own id in the stored reply, and reports it again.
    """
    item = table.key(f"OUT#{out_id}", f"REPLY#{key}") | dict(reply) | {"by": by}
    if table.put_new(item | {"expires": now + RETENTION_SECONDS}):
        return True
    stored = table.get(item["pk"], item["sk"], consistent=True)
    return stored is not None and stored["by"] == by


def of_out_id(out_id: str) -> list[Item]:
    """Return the replies to the messages of an outId."""
    return list(table.query(f"OUT#{out_id}", "REPLY#"))
