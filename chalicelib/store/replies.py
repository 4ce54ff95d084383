"""Mobile-originated replies, under the outId of the message that they answer."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.domain.periods import RETENTION_SECONDS
from chalicelib.store import table
from chalicelib.store.table import Item

# A reply without a time is the same as an earlier one if it arrived within these seconds. Tencent's repetitions of a
# failed push come within minutes.
_SAME_WITHIN_SECONDS = 600


@dataclass(frozen=True, slots=True)
class ReplyIdentity:
    """The phone, content and time of a reply: replies that are equal in these are the same reply.

    `time` and `arrived` are epochs. If Tencent names no time, `time` is None, and the time of arrival counts.
    """

    phone: str
    content: str
    time: int | None
    arrived: int

    @property
    def key(self) -> str:
        """Return the key under which the reply is stored."""
        return self._key(self.time if self.time is not None else self._slot(0))

    @property
    def earlier_key(self) -> str | None:
        """Return the key of the same reply if it arrived earlier; None if it is the same key."""
        return self._key(self._slot(-1)) if self.time is None else None

    def _key(self, time: int | str) -> str:
        text = f"{self.phone}\n{time}\n{self.content}"
        return hashlib.sha256(text.encode()).hexdigest()[:24]

    def _slot(self, offset: int) -> str:
        return f"slot {self.arrived // _SAME_WITHIN_SECONDS + offset}"


def record_reply(
    out_id: str, identity: ReplyIdentity, reply: Mapping[str, Any], by: str, now: int
) -> bool:
    """Store a reply unless it is stored already; return whether the work item `by` has to report it.

    A work item that is repeated after a crash finds its own id in the stored reply, and reports it again.
    """
    pk = f"OUT#{out_id}"
    if identity.earlier_key:
        earlier = table.get(pk, f"REPLY#{identity.earlier_key}", consistent=True)
        if earlier and identity.arrived - earlier["arrived"] < _SAME_WITHIN_SECONDS:
            return False
    item = (
        table.key(pk, f"REPLY#{identity.key}")
        | dict(reply)
        | {"by": by, "arrived": identity.arrived}
    )
    if table.put_new(item | {"expires": now + RETENTION_SECONDS}):
        return True
    stored = table.get(item["pk"], item["sk"], consistent=True)
    return stored is not None and stored["by"] == by


def count(out_id: str, max_replies: int) -> int | None:
    """Return the number of replies to the messages of an outId; None if there are more than `max_replies`."""
    items = list(table.query(f"OUT#{out_id}", "REPLY#", limit=max_replies + 1))
    return len(items) if len(items) <= max_replies else None


def of_out_id(out_id: str) -> list[Item]:
    """Return the replies to the messages of an outId."""
    return list(table.query(f"OUT#{out_id}", "REPLY#"))
