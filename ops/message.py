"""Messages of a phone: what was sent to it, the result, and whether Quick Audience has the receipt."""

from typing import Any

from chalicelib import dates
from chalicelib.domain import phones, template_text
from chalicelib.domain.messages import Message, Origin, Receipt
from chalicelib.functions import sweep
from chalicelib.store import messages, pushed, replies, send_requests, templates
from ops import not_taken, phone_numbers, unknown


def find(phone: str) -> list[dict[str, Any]]:
    """Return everything that is known about a phone, oldest first. Raises OperatorError if it is no phone.

    A row's `text` is what was sent; it is empty if nothing was sent, or if the template is unknown. `replies` are the
    phone's replies under the row's outId; of several rows of one outId, the newest has them. `notTaken` has Quick
    Audience's last answer to a receipt that it refused so far, the number of tries and the next one; else it is None.
    """
    stored = phone_numbers.parse(phone)
    found = sorted(messages.of_phone(stored), key=lambda one: one.origin.sent_at)
    newest = {message.origin.out_id: message for message in found}
    known: dict[tuple[str, str], set[int]] = {}
    refused = not_taken.OfMessages()
    rows = []
    for message in found:
        of_request = (message.origin.out_id, message.origin.biz_id)
        if of_request not in known:
            known[of_request] = pushed.pushed_positions(*of_request)
        row = _row(message) | {"pushed": message.position in known[of_request]}
        row["notTaken"] = None if row["pushed"] else refused.of(message)
        is_newest = newest[message.origin.out_id] is message
        rows.append(row | {"replies": _replies(message, stored) if is_newest else []})
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
        "pushed": False,
        "sign": origin.sign,
        "template": origin.template_code,
        "text": _text(message) if message.sid or message.unknown else "",
        "sid": message.sid,
    }


def _text(message: Message) -> str:
    """Return what was sent; "" if the template's text is not known any more."""
    template = _template(message.origin)
    return template_text.message(message.origin.sign, template, message.params) if template else ""


def _template(origin: Origin) -> str:
    try:
        request = send_requests.get(origin.out_id, origin.biz_id)
    except send_requests.UnknownRequestError:
        return ""
    revision = templates.get(request.template_code, request.revision)
    return revision.text if revision else ""


def _replies(message: Message, phone: str) -> list[dict[str, str]]:
    return [
        {"received": reply["sendTime"], "content": reply["content"]}
        for reply in replies.of_out_id(message.origin.out_id)
        if phones.stored_form(reply["phoneNum"]) == phone
    ]


def _by(receipt: Receipt) -> str:
    """Return the source of a receipt in words."""
    if receipt.by == sweep.BY:
        return "nobody, within 72 hours"
    if receipt.by.startswith(unknown.BY):
        return "an operator"
    return "a status of Tencent's" if receipt.by else "the sending function"
