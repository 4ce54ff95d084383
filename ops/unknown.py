"""Sends of unknown outcome: list them, and settle them by hand."""

import time
import uuid
from collections.abc import Iterator
from typing import Any, Literal

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib import dates
from chalicelib.delivery import final_states
from chalicelib.domain import periods
from chalicelib.domain.chunks import ChunkKey
from chalicelib.domain.messages import DELIVERED, Message, Receipt
from chalicelib.errors import BridgeError
from chalicelib.store import chunks, due_chunks, messages, send_requests
from ops import audit, phone_numbers
from ops.errors import OperatorError

BY_HAND = "SETTLED_BY_HAND"
"""The failure code of a send that an operator settled as failed."""
BY = "ops:"
"""The start of `receipt.by` if an operator settled the send."""
MAX_REASON = 100
"""Characters of a reason that fit into a receipt."""
# Marketers read these.
_TEXTS = {"delivered": "已送达", "failed": "未送达"}

_HOUR = 3600
CLOSED_HOURS = periods.CLOSED_AFTER_SECONDS // _HOUR
State = Literal["delivered", "failed"]


def list_all(out_id: str = "", hours: int = CLOSED_HOURS) -> list[dict[str, Any]]:
    """Return the sends of unknown outcome of a campaign, or else of requests accepted in the last `hours`.

    Raises OperatorError if there is no such campaign.
    """
    if out_id and not send_requests.of_out_id(out_id):
        raise OperatorError(f"nothing was accepted under the outId {out_id}")
    keys = _of_campaign(out_id) if out_id else _of_hours(hours)
    return [_row(message) for key in keys for message in _unknown(key)]


def find(out_id: str, phone: str) -> list[Message]:
    """Return a campaign's sends to a phone that are of unknown outcome. Raises OperatorError if there is none."""
    sends = [
        one for one in messages.of_phone(phone_numbers.parse(phone)) if one.origin.out_id == out_id
    ]
    found = [one for one in sends if one.state == "unknown"]
    if not found:
        states = ", ".join(one.state for one in sends)
        raise OperatorError(
            f"nothing of unknown outcome was sent to {phone} under the outId {out_id}"
            + (f"; the states of its sends: {states} (ops message find {phone})" if states else "")
        )
    return found


def require_reason(reason: str) -> None:
    """Raise OperatorError if a reason is too long for a receipt."""
    if len(reason) > MAX_REASON:
        raise OperatorError(
            f"--reason has {len(reason)} characters, and a receipt has room for {MAX_REASON}"
        )


@audit.recorded("unknown settle", "out_id", "phone", "state", "reason")
def settle(
    out_id: str, phone: str, sends: list[Message], state: State, reason: str = ""
) -> dict[str, Any]:
    """Settle a campaign's sends to a phone (`find`) for good, and report them to Quick Audience.

    Quick Audience knows a receipt by outId and phone, so all these sends are one to it. Raises OperatorError if
    another piece of work settled one of them at the same moment, or if reporting failed.
    """
    require_reason(reason)
    try:
        reported = record_and_report(sends, state, reason)
    except (BotoCoreError, ClientError, BridgeError, TimeoutError) as error:
        raise OperatorError(
            f"{error}. It may be settled without being reported: ops receipts replay --out-id {out_id}"
        ) from error
    if len(reported) < len(sends):
        raise OperatorError(
            f"{len(sends) - len(reported)} of {len(sends)} got a status in the same moment: "
            f"ops message find {phone}"
        )
    return {"outId": out_id, "phone": phone, "state": state, "settled": len(reported)}


def record_and_report(sends: list[Message], state: State, reason: str = "") -> list[Message]:
    """Store the operator's receipt for each of these sends and report it; return the reported ones."""
    receipt = Receipt(
        state=state,
        code=DELIVERED if state == "delivered" else BY_HAND,
        reason=f"人工核实: {reason or _TEXTS[state]}",
        received=dates.to_beijing(time.time()),
        by=BY + uuid.uuid4().hex[:16],
    )
    return final_states.record_and_report(
        [one.with_receipt(receipt) for one in sends], watched=False
    )


def _of_campaign(out_id: str) -> Iterator[ChunkKey]:
    for request in send_requests.of_out_id(out_id):
        for key, _ in chunks.all_progress(out_id, request.biz_id):
            yield key


def _of_hours(hours: int) -> Iterator[ChunkKey]:
    """Yield the chunks that were accepted in the last hours and are not closed yet."""
    now = int(time.time()) // _HOUR
    for hour in range(now - hours, now + 1):
        for _, key in due_chunks.accepted_in(hour):
            yield key


def _unknown(key: ChunkKey) -> list[Message]:
    progress = chunks.progress(key)
    return messages.unknown_of_chunk(key.biz_id, progress) if progress else []


def _row(message: Message) -> dict[str, Any]:
    origin = message.origin
    return {
        "sent": dates.to_beijing(origin.sent_at),
        "phone": message.phone_num,
        "outId": origin.out_id,
        "bizId": origin.biz_id,
        "sign": origin.sign,
        "template": origin.template_code,
    }
