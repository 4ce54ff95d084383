"""Mobile-originated replies, under the outId of the message that they answer, and their number (docs/decisions/0057).

Each reply is stored in one transaction with the counter of its day (Beijing time), `REPLIES#<day>`. Counters expire
with the replies that they count.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib import dates
from chalicelib.domain.periods import RETENTION_SECONDS
from chalicelib.store import table
from chalicelib.store.table import Item

# A reply without a time is the same as an earlier one if it arrived within these seconds. Tencent's repetitions of a
# failed push come within minutes.
_SAME_WITHIN_SECONDS = 600
# Few functions count replies of one outId at the same time, and each loses at most one race to each of the others.
_MAX_TRIES = 50


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
    expires = now + RETENTION_SECONDS
    item = (
        table.key(pk, f"REPLY#{identity.key}")
        | dict(reply)
        | {"by": by, "arrived": identity.arrived, "expires": expires}
    )
    for _ in range(_MAX_TRIES):
        counter, before = _counter(pk, now)
        counter |= {"count": (before or 0) + 1, "expires": expires}
        if table.put_new_and(item, counter, "count", before):
            return True
        if stored := table.get(item["pk"], item["sk"], consistent=True):
            return bool(stored["by"] == by)
        # Another reply was counted meanwhile.
    raise TimeoutError("the count of today's replies was too busy")


def _counter(pk: str, now: int) -> tuple[Item, int | None]:
    """Return the counter of today, and what it says; None if it does not exist yet.

    It is marked as `partial` if an older release has stored replies, which no counter counts.
    """
    key = table.key(pk, f"REPLIES#{dates.to_beijing(now)[:10]}")
    if stored := table.get(key["pk"], key["sk"], consistent=True):
        return stored, stored["count"]
    # In this order: a reply of this release has its counter as soon as it is there.
    has_replies = any(table.query(pk, "REPLY#", limit=1, consistent=True))
    has_counters = any(table.query(pk, "REPLIES#", limit=1, consistent=True))
    return key | {"partial": True if has_replies and not has_counters else None}, None


def count(out_id: str) -> int | None:
    """Return the number of replies to the messages of an outId, as it was a second ago.

    Return None if an older release stored some of them, so that they have to be counted.
    """
    counters = list(table.query(f"OUT#{out_id}", "REPLIES#"))
    if counters:
        is_partial = any(counter.get("partial") for counter in counters)
        return None if is_partial else sum(counter["count"] for counter in counters)
    return None if any(table.query(f"OUT#{out_id}", "REPLY#", limit=1)) else 0


def of_out_id(out_id: str) -> list[Item]:
    """Return the replies to the messages of an outId."""
    return list(table.query(f"OUT#{out_id}", "REPLY#"))
