"""Erasing what is kept of a phone, once nothing of it is under way."""

import json
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from chalicelib import dates
from chalicelib.domain import periods, phones
from chalicelib.domain.chunks import ChunkKey
from chalicelib.domain.messages import Message
from chalicelib.store import (
    chunks,
    due_chunks,
    erasing,
    files,
    message_items,
    pulled,
    pushed,
    resends,
    waiting,
)
from chalicelib.store.table import Item, Key
from ops import audit, phone_numbers, receipts, waiting_counts
from ops.errors import OperatorError

_HOUR = 3600
_DAY = 24 * _HOUR
# A receipt is pushed for 72 hours at most, and its queue keeps it for four days.
_PUSHED_WITHIN_SECONDS = 4 * _DAY
# Chunks are closed 72 hours after their request was accepted, unless the schedule is late.
_OPEN_HOURS = (periods.CLOSED_AFTER_SECONDS + _DAY) // _HOUR
_PARKED_DAYS = periods.RETENTION_SECONDS // _DAY + 3
# Plans that are read at once.
_PLANS = 500
# How often a number is looked for again because a resend began meanwhile.
_TRIES = 5


@dataclass(frozen=True, slots=True)
class Found:
    """What is kept of a phone, in stored form: the items of its messages and replies, and keys of parked events."""

    phone: str
    messages: Sequence[Item]
    replies: Sequence[Item]
    parked: Sequence[Key]

    @property
    def out_ids(self) -> list[str]:
        """Return the campaigns that name the phone."""
        return sorted({str(item["outId"]) for item in self.messages})

    def __bool__(self) -> bool:
        return bool(self.messages or self.replies or self.parked)


def find(phone: str) -> Found:
    """Return what is kept of a phone and may be erased.

    Raises OperatorError if it is no phone, or if something of it is under way.
    """
    return _find(phone_numbers.parse(phone), phone)


def _find(stored: str, phone: str) -> Found:
    """Return what `find` returns, of a phone in stored form; errors name it as `phone`."""
    items = erasing.items_of(stored)
    if reasons := list(_under_way(stored, items)):
        raise OperatorError(
            f"{phone} can't be erased yet: {'; '.join(reasons)}. Everything of a campaign is closed 72 hours after "
            "it was accepted, and its last receipts are given up four days later"
        )
    replies = [
        reply
        for out_id in sorted({str(item["outId"]) for item in items})
        for reply in erasing.replies_of(out_id, stored)
    ]
    today = int(time.time())
    days = [dates.to_beijing(today - day * _DAY)[:10] for day in range(_PARKED_DAYS)]
    return Found(stored, items, replies, erasing.parked_of(stored, days))


@audit.recorded("message erase", "found.phone", "found.out_ids")
def erase(found: Found) -> dict[str, Any]:
    """Erase a phone's number, texts and values from the table; return what was erased, as counts.

    Rows keep their places, and campaigns their counts. It may be repeated after it was interrupted. Raises
    OperatorError, after erasing what it could, if something of the phone is under way by now.

    A resend of one of its campaigns that is planned at the same time may have read the number. It ends without sending
    anything. If one was faster, the number is looked for again.
    """
    phone, out_ids = found.phone, found.out_ids
    named = phones.to_quick_audience(phone)
    erased = Counter[str]()
    for _ in range(_TRIES):
        before = [resends.overtake(out_id) for out_id in out_ids]
        erased += _erase(_find(phone, named))
        # Whatever a resend reads from here on has no number any more.
        if all(resends.renew(state) for state in before):
            return {"phone": named} | {
                name: erased[name] for name in ("messages", "rows", "replies", "parked")
            }
    raise OperatorError("resends of its campaigns began again and again: give the command again")


def _erase(found: Found) -> Counter[str]:
    items = list(filter(None, map(erasing.begin, found.messages)))
    placeholders: dict[tuple[str, str], dict[tuple[str, str], str]] = defaultdict(dict)
    for item in items:
        erasing.copy(item)
        erasing.erase_from_chunk(item["outId"], item)
        placeholders[item["outId"], item["bizId"]][found.phone, item["sk"]] = item["erased"]
    rows = [erasing.erase_from_log(*request, of) for request, of in placeholders.items()]
    for reply in found.replies:
        erasing.erase_reply(reply)
    erasing.delete_parked(found.parked)
    for item in items:
        erasing.finish(item)
    return Counter(
        messages=len(items),
        rows=sum(rows),
        replies=len(found.replies),
        parked=len(found.parked),
    )


def _under_way(phone: str, items: Sequence[Item]) -> Iterator[str]:
    """Yield what of a phone is under way, in words."""
    found = list(map(message_items.read, items))
    now = int(time.time())
    for out_id in _out_ids(one for one in found if one.receipt is None):
        yield f"a message under {out_id} has no receipt yet"
    for out_id in _out_ids(_unpushed(found, now)):
        yield f"a receipt under {out_id} is not pushed yet"
    for out_id in sorted({key.out_id for key in _unsent(phone, found, now)}):
        yield f"a message under {out_id} is not sent yet"
    for out_id, biz_id in sorted({(one.origin.out_id, one.origin.biz_id) for one in found}):
        file = files.get(out_id, biz_id)
        if file and not file.ended:
            yield f"the file of {out_id} is not read to its end"
    if _waits(phone):
        yield "a status, reply or receipt of it waits in the table (ops doctor shows why)"


def _out_ids(found: Iterator[Message]) -> list[str]:
    return sorted({one.origin.out_id for one in found})


def _unpushed(found: Sequence[Message], now: int) -> Iterator[Message]:
    """Yield the messages whose receipt is still to be pushed."""
    if not receipts.pushes():
        return
    of_request: dict[tuple[str, str], list[Message]] = defaultdict(list)
    for one in found:
        if one.receipt and now - _received(one) < _PUSHED_WITHIN_SECONDS:
            of_request[one.origin.out_id, one.origin.biz_id].append(one)
    for request, recent in of_request.items():
        wanted = {one.position for one in recent}
        known = {position for position in pushed.each_position(*request) if position in wanted}
        yield from (one for one in recent if one.position not in known)


def _received(message: Message) -> int:
    """Return when a receipt was known, at the earliest: a carrier's time may be older than the message."""
    try:
        received = dates.from_beijing(message.receipt.received) if message.receipt else 0
    except ValueError:
        received = 0
    return max(received, message.origin.sent_at)


def _unsent(phone: str, found: Sequence[Message], now: int) -> Iterator[ChunkKey]:
    """Yield the open chunks that name a phone at a position without a message.

    Recipients who wait to be sent to are in no partition of their own, so the plans of all open chunks are read.
    """
    known = {one.at for one in found}
    hour = now // _HOUR
    hours = range(hour - _OPEN_HOURS, hour + 1)
    keys = (key for one in hours for _, key in due_chunks.accepted_in(one))
    while part := list(islice(keys, _PLANS)):
        for key, chunk in chunks.planned(part):
            numbers = [*chunk.phones[: chunk.first_refused - chunk.start]]
            numbers += [phones.stored_form(number) for number, _ in chunk.refused]
            if phone in numbers and any(
                number == phone and (key.biz_id, position) not in known
                for position, number in enumerate(numbers, chunk.start)
            ):
                yield key


def _waits(phone: str) -> bool:
    """Return whether a queue's message with a number waits in the table."""
    forms = {phone, phones.to_quick_audience(phone), phones.to_tencent(phone)[1]}
    texts = (one.text for gate in waiting_counts.GATES for one in waiting.at(gate))
    saved = (json.dumps(bodies) for _, bodies in pulled.saved())
    return any(form in text for source in (texts, saved) for text in source for form in forms)
