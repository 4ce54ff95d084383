"""Pushes that Quick Audience has not accepted: one item for each message of the queue `receipts` whose push failed.

Nothing is written while pushes succeed at once. The item is overwritten at each further try, and removed once the
message's entries are accepted. It has positions in place of phone numbers, so a phone that is erased is not in it.

An item expires when its message is certainly gone. So if a function dies between SQS and the table, or SQS delivers
a message twice, what it left disappears by itself. Readers leave out positions that are recorded as pushed.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from chalicelib.domain.periods import RETENTION_SECONDS
from chalicelib.domain.push_batches import PushKind
from chalicelib.logs import clean
from chalicelib.store import batches, table
from chalicelib.store.packing import pack, unpack
from chalicelib.store.table import Item, Key

Place = Literal["queue", "table", "dead letters"]
"""Where the message is: on its queue, set aside in the table until pushes are accepted again, or given up."""

MAX_ANSWER = 300
"""Characters of an answer that are kept."""

_PK = "NOT_TAKEN"
_DAY = 24 * 3600
# SQS keeps the messages of the queue for four days and dead letters for fourteen, the table keeps what it holds for
# the retention period.
_KEPT: Mapping[Place, int] = {
    "queue": 4 * _DAY,
    "table": RETENTION_SECONDS,
    "dead letters": 14 * _DAY,
}
# What `logs.mask` leaves of a phone number.
_MASKED = re.compile(r"…\d+")


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedPush:
    """A message whose last push failed. Times are epochs.

    `name` is the same at each try. `positions` are those of the entries' recipients by bizId, and `others` counts the
    entries without a position (replies, and receipts that an older release queued). `answer` is Quick Audience's last
    answer, or what happened instead. `next_try` is 0 if no time is set for it.
    """

    out_id: str
    kind: PushKind
    name: str
    positions: Mapping[str, Sequence[int]]
    others: int
    answer: str
    tries: int
    tried_at: int
    next_try: int
    place: Place

    @property
    def key(self) -> Key:
        """Return the key of its item."""
        return key(self.out_id, self.kind, self.name)


def key(out_id: str, kind: PushKind, name: str) -> Key:
    """Return the key of the item of a message."""
    return _PK, f"{_prefix(out_id, kind)}{name}"


def record(refused: Iterable[RefusedPush]) -> None:
    """Store pushes that failed; each replaces what is stored of the same message. Safe to repeat."""
    # A message and its copy may be in the same event, and a batch must not name an item twice.
    batches.put([_item(one) for one in {one.key: one for one in refused}.values()])


def remove(keys: Iterable[Key]) -> None:
    """Remove the items of messages, as far as they exist."""
    batches.delete(list(keys))


def of_out_id(out_id: str, kind: PushKind, *, limit: int | None = None) -> Iterator[RefusedPush]:
    """Yield the refused pushes of a campaign, in no particular order."""
    return map(_read, table.query(_PK, _prefix(out_id, kind), limit=limit))


def of_all(limit: int) -> Iterator[RefusedPush]:
    """Yield the refused pushes of all campaigns, up to a number."""
    return map(_read, table.query(_PK, limit=limit))


def _prefix(out_id: str, kind: PushKind) -> str:
    # An outId may be longer than a sort key, and may have any characters.
    return f"{hashlib.sha256(out_id.encode()).hexdigest()[:24]}#{kind}#"


def _item(refused: RefusedPush) -> Item:
    return table.key(*refused.key) | {
        "outId": refused.out_id,
        "kind": refused.kind,
        "name": refused.name,
        "positions": pack(refused.positions),
        "others": refused.others,
        "answer": _MASKED.sub("…", clean(refused.answer))[:MAX_ANSWER],
        "tries": refused.tries,
        "triedAt": refused.tried_at,
        "nextTry": refused.next_try,
        "place": refused.place,
        "expires": refused.tried_at + _KEPT[refused.place],
    }


def _read(item: dict[str, Any]) -> RefusedPush:
    return RefusedPush(
        out_id=item["outId"],
        kind=item["kind"],
        name=item["name"],
        positions=unpack(item["positions"]),
        others=item["others"],
        answer=item["answer"],
        tries=item["tries"],
        tried_at=item["triedAt"],
        next_try=item["nextTry"],
        place=item["place"],
    )
