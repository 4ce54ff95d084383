"""The items of messages: their sort keys, and how a message and its receipt are written and read."""

from typing import Any

from chalicelib.domain import periods
from chalicelib.domain.messages import Message, Origin, Receipt
from chalicelib.store import table
from chalicelib.store.table import Item

# Characters of a sid that are stored and compared.
MAX_SID = 200
# The attribute value of a receipt that isn't known yet. It is a value because a condition has to compare it.
NO_RECEIPT = ""
# Begins the sort key of a message of unknown outcome.
UNKNOWN = "UNKNOWN"
# Begins the sort key of a recipient who was refused.
REFUSED = "REFUSED"


def sort_of(message: Message) -> str:
    """Return the sort key of a message."""
    if message.sid:
        return sort_of_sid(message.sid)
    kind = UNKNOWN if message.unknown else REFUSED
    return sort_of_position(kind, message.origin.biz_id, message.position)


def sort_of_position(kind: str, biz_id: str, position: int) -> str:
    """Return the sort key of a message without a sid. `kind` is UNKNOWN or REFUSED."""
    return f"{kind}#{biz_id}#{position:08d}"


def sort_of_sid(sid: str) -> str:
    """Return the sort key of a message with a sid.

    Tencent does not limit the length of a sid, but DynamoDB limits that of a sort key.
    """
    return f"SID#{sid[:MAX_SID]}"


def item_of(message: Message) -> Item:
    """Return the item of a message. It is well below 1 KB, so that writing it costs one write unit."""
    origin = message.origin
    return table.key(f"PHONE#{message.phone}", sort_of(message)) | {
        "outId": origin.out_id,
        "bizId": origin.biz_id,
        "position": message.position,
        "sign": origin.sign,
        "template": origin.template_code,
        "sentAt": origin.sent_at,
        "expires": origin.sent_at + periods.RETENTION_SECONDS,
        "given": message.original_form or None,
        "others": list(message.other_forms) or None,
        "params": list(message.params) or None,
        "fee": message.fee,
        "adopted": message.adopted or None,
        "receipt": receipt_item_of(message.receipt),
    }


def receipt_item_of(receipt: Receipt | None) -> Any:
    """Return the attribute that a receipt is stored in."""
    if receipt is None:
        return NO_RECEIPT
    return {
        "state": receipt.state,
        "code": receipt.code[:40],
        "reason": receipt.reason[:120],
        "received": receipt.received[:40],
        "by": receipt.by,
    }


def read_receipt(item: Any) -> Receipt | None:
    """Read what `receipt_item_of` returns."""
    return table.read_as(Receipt, item) if item != NO_RECEIPT else None


def read(item: Item) -> Message:
    """Read what `item_of` returns."""
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
        unknown=kind == UNKNOWN,
        original_form=item.get("given", ""),
        other_forms=tuple(item.get("others", ())),
        params=tuple(item.get("params", ())),
        fee=item.get("fee"),
        adopted=item.get("adopted", False),
        receipt=read_receipt(item["receipt"]),
    )
