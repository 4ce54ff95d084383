"""Mobile-originated replies, under the outId of the message that they answer."""

import hashlib
from collections.abc import Mapping
from typing import Any

from chalicelib.domain.periods import RETENTION_SECONDS
from chalicelib.store import table
from chalicelib.store.table import Item


def reply_key(phone: str, content: str, time: int) -> str:
    """What makes two replies the same one."""
    return hashlib.sha256(f"{phone}\n{time}\n{content}".encode()).hexdigest()[:24]


def record_reply(out_id: str, key: str, reply: Mapping[str, Any], by: str, now: int) -> bool:
    """Keep a reply, unless it is kept already; answers whether it is for `by` to tell.

    `by` names the piece of work, which finds its own name there when it is repeated after a crash.
    """
    item = table.key(f"OUT#{out_id}", f"REPLY#{key}") | dict(reply) | {"by": by}
    if table.put_new(item | {"expires": now + RETENTION_SECONDS}):
        return True
    there = table.get(item["pk"], item["sk"], consistent=True)
    return there is not None and there["by"] == by


def of_out_id(out_id: str) -> list[Item]:
    """The replies to an outId's messages."""
    return list(table.query(f"OUT#{out_id}", "REPLY#"))
