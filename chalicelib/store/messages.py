"""Messages by phone: messages that were sent, refusals, unknown outcomes, and their receipts.

All items of a phone share a partition. So a status finds its message by one read, a reply finds the newest message
of its sign by one query, and an operator finds everything about a phone.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from chalicelib import dates
from chalicelib.domain import periods, phones, sign_names
from chalicelib.domain.chunks import ChunkProgress
from chalicelib.domain.messages import Message
from chalicelib.domain.planning import Failure
from chalicelib.store import batches, message_items, table


def record(messages: Sequence[Message]) -> None:
    """Store the messages of a chunk's calls. Safe to repeat; never overwrites a receipt."""
    batches.put_new([message_items.item_of(message) for message in messages])


class Settled(NamedTuple):
    """Messages that a work item has to report, with their stored receipts.

    `repeated` are the keys of those whose receipt was stored before, perhaps by an earlier try of the work item: they
    may have been reported already.
    """

    messages: list[Message]
    repeated: frozenset[tuple[str, str]]


def settle(messages: Sequence[Message]) -> Settled:
    """Store the receipts of recorded messages, except for messages that have a receipt already.

    Return the messages whose stored receipt is from the same work item (`receipt.by`), with that receipt. So a work
    item that is repeated after a crash gets the messages that it settled before, and has to report them. Messages
    that another work item settled are left out: that one reports them.
    """
    by_key = {
        (f"PHONE#{message.phone}", message_items.sort_of(message)): message for message in messages
    }
    receipts = {
        key: message_items.receipt_item_of(message.receipt) for key, message in by_key.items()
    }
    stored = batches.exchange("receipt", message_items.NO_RECEIPT, receipts)
    own = {at: one for at, one in stored.items() if one.value["by"] == receipts[at]["by"]}
    return Settled(
        [
            replace(by_key[at], receipt=message_items.read_receipt(one.value))
            for at, one in own.items()
        ],
        frozenset(key(by_key[at]) for at, one in own.items() if not one.now),
    )


def find(
    wanted: Iterable[tuple[str, str]], *, consistent: bool = False
) -> dict[tuple[str, str], Message]:
    """Return the stored messages of these pairs of phone and sid, by that pair.

    Unless `consistent`, messages that were stored within the last second may be missing.
    """
    keys = ((f"PHONE#{phone}", message_items.sort_of_sid(sid)) for phone, sid in wanted)
    items = batches.get(keys, consistent=consistent)
    messages = [message_items.read(item) for item in items.values()]
    return {(message.phone, message.sid): message for message in messages}


def key(message: Message) -> tuple[str, str]:
    """Return the key of a message: its phone and its sort key."""
    return message.phone, message_items.sort_of(message)


def by_keys(keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Message]:
    """Return the stored messages with these keys, by key."""
    items = batches.get(((f"PHONE#{phone}", sort) for phone, sort in keys), consistent=True)
    return {key(message): message for message in map(message_items.read, items.values())}


def of_phone(phone: str) -> list[Message]:
    """Return everything that is stored about a phone."""
    return [message_items.read(item) for item in table.query(f"PHONE#{phone}", consistent=True)]


def delivered_forms(phone: str, out_id: str) -> frozenset[str]:
    """Return the forms of a phone for which Quick Audience learns of a delivery under an outId."""
    return frozenset(
        form
        for message in of_phone(phone)
        if message.state == "delivered" and message.origin.out_id == out_id
        for form in (message.phone_num, *message.other_forms)
    )


def of_position(phone: str, biz_id: str, position: int) -> Message | None:
    """Return the stored message of one recipient of a request; None if there is none."""
    for message in of_phone(phone):
        if (message.origin.biz_id, message.position) == (biz_id, position):
            return message
    return None


def of_chunk(
    biz_id: str, progress: ChunkProgress, *, consistent: bool = False
) -> dict[int, Message]:
    """Return the messages of a chunk that were sent or may have been sent, by position.

    Messages that are not stored are left out. Unless `consistent`, so may be what was stored within the last second.
    """
    plan, by_position = progress.plan, progress.plan.phones
    stored: dict[int, Message] = {}
    sids: dict[int, tuple[str, str]] = {}
    for position, outcome in progress.outcomes.items():
        phone = by_position[position - plan.start]
        if isinstance(outcome, str):
            sids[position] = (phone, outcome[: message_items.MAX_SID])
        elif outcome is None and (message := of_position(phone, biz_id, position)):
            # A status may have arrived since and given it a sid.
            stored[position] = message
    found = find(sids.values(), consistent=consistent)
    return stored | {position: found[sid] for position, sid in sids.items() if sid in found}


def all_of_chunk(biz_id: str, progress: ChunkProgress) -> dict[int, Message]:
    """Return the messages of a chunk, including those of refused recipients, by position."""
    plan, by_position = progress.plan, progress.plan.phones
    refused = (
        (
            phones.stored_form(by_position[position - plan.start]),
            message_items.sort_of_position(message_items.REFUSED, biz_id, position),
        )
        for position, outcome in progress.outcomes.items()
        if isinstance(outcome, Failure)
    )
    of_refused = {message.position: message for message in by_keys(refused).values()}
    return of_chunk(biz_id, progress) | of_refused


def settled_of_chunk(biz_id: str, progress: ChunkProgress) -> list[Message]:
    """Return the messages of a chunk that have receipts, including those of refused recipients, by position."""
    settled = (one for one in all_of_chunk(biz_id, progress).values() if one.receipt)
    return sorted(settled, key=lambda message: message.position)


def unknown_of_chunk(biz_id: str, progress: ChunkProgress) -> list[Message]:
    """Return the messages of a chunk whose outcome is unknown and that have no receipt, in order of position."""
    plan, by_position = progress.plan, progress.plan.phones
    found = (
        of_position(by_position[position - plan.start], biz_id, position)
        for position, outcome in sorted(progress.outcomes.items(), key=lambda item: item[0])
        if outcome is None
    )
    return [message for message in found if message and message.state == "unknown"]


def newest_of_sign(phone: str, sign: str) -> Message | None:
    """Return the message that a reply most likely answers: the newest message of that phone and sign.

    If no message has that sign, return the newest of the phone, because Tencent may write a sign differently.
    """
    sent = [message for message in of_phone(phone) if message.sid or message.unknown]
    wanted = sign_names.normal(sign)
    of_sign = [one for one in sent if sign_names.normal(one.origin.sign) == wanted]
    return max(of_sign or sent, key=lambda message: message.origin.sent_at, default=None)


def unknown_of_phone(phone: str) -> list[Message]:
    """Return the messages of unknown outcome to a phone that have no receipt, oldest first."""
    found = map(
        message_items.read,
        table.query(f"PHONE#{phone}", f"{message_items.UNKNOWN}#", consistent=True),
    )
    unknown = [message for message in found if not message.receipt]
    return sorted(unknown, key=lambda message: message.origin.sent_at)


def adopt(phone: str, sid: str, unknown: list[Message] | None = None) -> Message | None:
    """Assign an unknown sid to the oldest send of unknown outcome to that phone; return its message, if there is one.

    `unknown` are the messages that `unknown_of_phone` returned earlier; the one that gets the sid is removed from them.

    One transaction deletes the UNKNOWN item and writes the message. So of two callbacks only one gets the item, and
    neither does if it has a receipt by then. If the same status arrived twice and the sid has its message by now,
    no second item is used up.
    """
    unknown = unknown_of_phone(phone) if unknown is None else unknown
    for message in list(unknown):
        adopted = replace(message, sid=sid, unknown=False, adopted=True)
        unknown_key = table.key(f"PHONE#{phone}", message_items.sort_of(message))
        if table.exchange(
            unknown_key, message_items.item_of(adopted), "receipt", message_items.NO_RECEIPT
        ):
            unknown.remove(message)
            return adopted
    return None


def park(phone: str, kind: str, payload: dict[str, Any], now: int) -> None:
    """Store a status or reply that belongs to no message of the bridge, so that an operator can inspect it."""
    text = json.dumps(payload, ensure_ascii=False, sort_keys=True)
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    table.put(
        table.key(f"PARKED#{dates.to_beijing(now)[:10]}", f"{phone}#{digest}")
        | {"kind": kind, "payload": text[:2000], "expires": now + periods.RETENTION_SECONDS}
    )
