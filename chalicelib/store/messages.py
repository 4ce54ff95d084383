"""What happened to a phone: messages, refusals, unknown outcomes, and their receipts.

All of a phone's items share its partition, so that a receipt finds its message by one read, a reply
the newest message of its sign by one query, and an operator everything.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from chalicelib import dates
from chalicelib.domain import periods, phones
from chalicelib.domain.chunks import ChunkProgress
from chalicelib.domain.messages import Message, Origin, Receipt
from chalicelib.domain.planning import Failure
from chalicelib.store import table
from chalicelib.store.table import Item

# Characters of a sid by which it is known.
MAX_SID = 200
# What stands in an item for a receipt that isn't known yet: something that a condition can ask for.
_NONE = ""


def record(messages: Sequence[Message]) -> None:
    """Keep what came of a chunk's calls. Safe to repeat; never undoes a receipt."""
    table.batch_put_new([_item(message) for message in messages])


def settle(messages: Sequence[Message]) -> list[Message]:
    """Give messages, recorded before, their receipts: each unless it has one already.

    Answers those that are now settled by the same piece of work (`receipt.by`), each with the receipt
    that stands: whoever comes again after a crash gets what he settled before, and what others
    settled is theirs to tell.
    """
    by_key = {(f"PHONE#{message.phone}", _sort(message)): message for message in messages}
    receipts = {where: _receipt_item(message.receipt) for where, message in by_key.items()}
    there = table.batch_exchange("receipt", _NONE, receipts)
    return [
        replace(by_key[where], receipt=_receipt(item))
        for where, item in there.items()
        if item["by"] == receipts[where]["by"]
    ]


def find(wanted: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Message]:
    """The messages of pairs of phone and sid, as far as they are ours."""
    items = table.batch_get((f"PHONE#{phone}", _sid_sort(sid)) for phone, sid in wanted)
    messages = [_message(item) for item in items.values()]
    return {(message.phone, message.sid): message for message in messages}


def key(message: Message) -> tuple[str, str]:
    """Where a message stands: its phone, and its sort key there."""
    return message.phone, _sort(message)


def by_keys(keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Message]:
    """The messages that stand there."""
    items = table.batch_get((f"PHONE#{phone}", sort) for phone, sort in keys)
    return {key(message): message for message in map(_message, items.values())}


def of_phone(phone: str) -> list[Message]:
    """Everything that is kept about a phone."""
    return [_message(item) for item in table.query(f"PHONE#{phone}", consistent=True)]


def of_position(phone: str, biz_id: str, position: int) -> Message | None:
    """What is kept of one recipient of a request."""
    for message in of_phone(phone):
        if (message.origin.biz_id, message.position) == (biz_id, position):
            return message
    return None


def of_chunk(biz_id: str, progress: ChunkProgress) -> dict[int, Message]:
    """The messages of a chunk that were sent, or perhaps were, by position; those that stand nowhere are left out."""
    plan, by_position = progress.plan, progress.plan.phones
    kept: dict[int, Message] = {}
    sids: dict[int, tuple[str, str]] = {}
    for position, outcome in progress.outcomes.items():
        phone = by_position[position - plan.start]
        if isinstance(outcome, str):
            sids[position] = (phone, outcome[:MAX_SID])
        elif outcome is None and (message := of_position(phone, biz_id, position)):
            # Its status may have come meanwhile, and given it a sid.
            kept[position] = message
    found = find(sids.values())
    return kept | {position: found[sid] for position, sid in sids.items() if sid in found}


def settled_of_chunk(biz_id: str, progress: ChunkProgress) -> list[Message]:
    """Return the messages of a chunk that have their receipts, those of refused recipients included."""
    plan, by_position = progress.plan, progress.plan.phones
    refused = (
        (
            phones.stored_form(by_position[position - plan.start]),
            _marked("REFUSED", biz_id, position),
        )
        for position, outcome in progress.outcomes.items()
        if isinstance(outcome, Failure)
    )
    found = [*of_chunk(biz_id, progress).values(), *by_keys(refused).values()]
    return sorted((one for one in found if one.receipt), key=lambda message: message.position)


def unknown_of_chunk(biz_id: str, progress: ChunkProgress) -> list[Message]:
    """The messages of a chunk that are of unknown outcome, and not settled."""
    plan, by_position = progress.plan, progress.plan.phones
    found = (
        of_position(by_position[position - plan.start], biz_id, position)
        for position, outcome in sorted(progress.outcomes.items(), key=lambda one: one[0])
        if outcome is None
    )
    return [message for message in found if message and message.state == "unknown"]


def newest_of_sign(phone: str, sign: str) -> Message | None:
    """The message that a reply most likely answers: the newest of that phone and sign.

    Where none has that sign, the newest of the phone: Tencent may write a sign otherwise than we do.
    """
    sent = [message for message in of_phone(phone) if message.sid or message.unknown]
    same = [message for message in sent if message.origin.sign == sign]
    return max(same or sent, key=lambda message: message.origin.sent_at, default=None)


def adopt(phone: str, sid: str) -> Message | None:
    """Give a sid that nobody knows to the oldest send of unknown outcome to that phone, if there is one.

    The mark and the message change places in one transaction: of two callbacks, one finds the mark,
    and none does once the mark itself was settled. A sid that has its message by now, since the same
    status came twice, takes no second mark.
    """
    unknown = [message for message in of_phone(phone) if message.unknown and not message.receipt]
    for message in sorted(unknown, key=lambda message: message.origin.sent_at):
        adopted = replace(message, sid=sid, unknown=False)
        mark = table.key(f"PHONE#{phone}", _sort(message))
        if table.exchange(mark, _item(adopted), "receipt", _NONE):
            return adopted
    return None


def park(phone: str, kind: str, payload: dict[str, Any], now: int) -> None:
    """Keep a status or reply that belongs to nothing of ours, for an operator to count and look at."""
    text = json.dumps(payload, ensure_ascii=False, sort_keys=True)
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    table.put(
        table.key(f"PARKED#{dates.to_beijing(now)[:10]}", f"{phone}#{digest}")
        | {"kind": kind, "payload": text[:2000], "expires": now + periods.RETENTION_SECONDS}
    )


def _sort(message: Message) -> str:
    if message.sid:
        return _sid_sort(message.sid)
    kind = "UNKNOWN" if message.unknown else "REFUSED"
    return _marked(kind, message.origin.biz_id, message.position)


def _marked(kind: str, biz_id: str, position: int) -> str:
    return f"{kind}#{biz_id}#{position:08d}"


def _sid_sort(sid: str) -> str:
    # Tencent promises no length; a sort key has one.
    return f"SID#{sid[:MAX_SID]}"


def _item(message: Message) -> Item:
    """Well below 1 KB, so that writing it costs one write unit."""
    origin = message.origin
    return table.key(f"PHONE#{message.phone}", _sort(message)) | {
        "outId": origin.out_id,
        "bizId": origin.biz_id,
        "position": message.position,
        "sign": origin.sign,
        "template": origin.template_code,
        "sentAt": origin.sent_at,
        "expires": origin.sent_at + periods.RETENTION_SECONDS,
        "given": message.original_form or None,
        "params": list(message.params) or None,
        "receipt": _receipt_item(message.receipt),
    }


def _receipt_item(receipt: Receipt | None) -> Any:
    if receipt is None:
        return _NONE
    return {
        "state": receipt.state,
        "code": receipt.code[:40],
        "reason": receipt.reason[:120],
        "received": receipt.received[:40],
        "by": receipt.by,
    }


def _receipt(item: Any) -> Receipt | None:
    return Receipt(**item) if item != _NONE else None


def _message(item: Item) -> Message:
    kind, _, rest = str(item["sk"]).partition("#")
    origin = Origin(
        out_id=item["outId"],
        biz_id=item["bizId"],
        sign=item["sign"],
        template_code=item["template"],
        sent_at=item["sentAt"],
    )
    return Message(
        phone=str(item["pk"]).removeprefix("PHONE#"),
        position=item["position"],
        origin=origin,
        sid=rest if kind == "SID" else "",
        unknown=kind == "UNKNOWN",
        original_form=item.get("given", ""),
        params=tuple(item.get("params", ())),
        receipt=_receipt(item["receipt"]),
    )
