"""Messages of a phone: what was sent to it, the result, and whether Quick Audience has the receipt."""

from typing import Any

from chalicelib import dates
from chalicelib.domain.messages import Message, Receipt
from chalicelib.functions import sweep
from chalicelib.store import messages, pushed
from ops import not_taken, phone_numbers, unknown


def find(phone: str) -> list[dict[str, Any]]:
    """Return everything that is known about a phone, oldest first. Raises OperatorError if it is no phone.

    A row's `notTaken` has Quick Audience's last answer to a receipt that it refused so far, the number of tries and the
    next one; else it is None.
    """
    found = messages.of_phone(phone_numbers.parse(phone))
    refused = not_taken.OfMessages()
    rows = []
    for message in sorted(found, key=lambda one: one.origin.sent_at):
        row = _row(message)
        rows.append(row | {"notTaken": None if row["pushed"] else refused.of(message)})
    return rows


def _row(message: Message) -> dict[str, Any]:
    origin, receipt = message.origin, message.receipt
    return {
        "sent": dates.to_beijing(origin.sent_at),
        "outId": origin.out_id,
        "bizId": origin.biz_id,
        "state": message.state,
        "code": receipt.code if receipt else "",
        "reason": receipt.reason if receipt else "",
        "received": receipt.received if receipt else "",
        "by": _by(receipt) if receipt else "",
        "pushed": message.position in pushed.pushed_positions(origin.out_id, origin.biz_id),
        "sign": origin.sign,
        "template": origin.template_code,
        "sid": message.sid,
    }


def _by(receipt: Receipt) -> str:
    """Return the source of a receipt in words."""
    if receipt.by == sweep.BY:
        return "nobody, within 72 hours"
    if receipt.by.startswith(unknown.BY):
        return "an operator"
    return "a status of Tencent's" if receipt.by else "the sending function"
