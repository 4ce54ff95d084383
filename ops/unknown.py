"""`ops unknown`: sends of which nobody knows whether they left, and settling them by hand."""

import time
import uuid
from collections.abc import Iterator
from typing import Annotated, Any, Literal

import typer
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib import dates
from chalicelib.delivery import final_states
from chalicelib.domain import periods, phones
from chalicelib.domain.chunks import ChunkKey
from chalicelib.domain.messages import DELIVERED, Message, Receipt
from chalicelib.errors import BridgeError
from chalicelib.store import chunks, due_chunks, messages, send_requests
from ops.output import Json, Stage, Yes, command, confirm, fail, show, show_rows

app = typer.Typer(no_args_is_help=True, help="Sends of unknown outcome.")

BY_HAND = "SETTLED_BY_HAND"
"""The code of a failure that an operator found out."""
BY = "ops:"
"""How `receipt.by` begins where an operator settled it."""
# What a marketer reads.
_TEXTS = {"delivered": "已送达", "failed": "未送达"}

_HOUR = 3600
_CLOSED_HOURS = periods.CLOSED_AFTER_SECONDS // _HOUR
State = Literal["delivered", "failed"]
_COLUMNS = ("sent", "phone", "outId", "bizId", "sign", "template")


@app.command("list")
@command
def list_(
    out_id: Annotated[str, typer.Option(metavar="OUT_ID", help="Those of one campaign.")] = "",
    hours: Annotated[
        int,
        typer.Option(min=1, help="Without --out-id: those accepted in the last so many hours."),
    ] = _CLOSED_HOURS,
    stage: Stage = "local",
    json: Json = False,
) -> None:
    """Recipients whose send got no answer that can be understood. They are not sent to again.

    Most are settled by their receipts within the hour. What is left after 72 hours is told as
    failed (OUTCOME_UNKNOWN), and no longer listed.

    Examples:
    ops unknown list --stage prod
    ops unknown list --out-id 20260302-spring
    """
    if out_id and not send_requests.of_out_id(out_id):
        fail(f"nothing was accepted under the outId {out_id}")
    pointers = _of_campaign(out_id) if out_id else _of_hours(hours)
    rows = [_row(message) for pointer in pointers for message in _unknown(pointer)]
    show_rows(rows, _COLUMNS, as_json=json, empty="Nobody's outcome is unknown.")


@app.command()
@command
def settle(  # noqa: PLR0917 -- its options
    out_id: Annotated[str, typer.Option(metavar="OUT_ID", help="The campaign.")],
    phone: Annotated[str, typer.Option(help="The recipient.")],
    state: Annotated[State, typer.Option("--as", help="What became of the message.")],
    reason: Annotated[
        str, typer.Option(help="For marketers to read: in Chinese, 100 characters at most.")
    ] = "",
    yes: Yes = False,
    stage: Stage = "local",
    json: Json = False,
) -> None:
    """Settle a send of unknown outcome by what you know from elsewhere, and tell Quick Audience.

    That is final. A status of Tencent's that arrives meanwhile is told instead, never as well; one
    that arrives later is parked, unless another send to this phone is of unknown outcome: then it
    may be taken for that one's.

    Examples:
    ops unknown settle --out-id 20260302-spring --phone 13900001111 --as delivered
    ops unknown settle --out-id 20260302-spring --phone 13900001111 --as failed --reason 空号
    """
    try:
        wanted = phones.parse(phone)
    except ValueError:
        fail(f"{phone} is not a phone number")
    if len(reason) > 100:
        fail(f"--reason has {len(reason)} characters, and Quick Audience is told 100 at most")
    sends = [one for one in messages.of_phone(wanted) if one.origin.out_id == out_id]
    unknown = [one for one in sends if one.state == "unknown"]
    if not unknown:
        states = ", ".join(one.state for one in sends)
        fail(
            f"nothing of unknown outcome was sent to {phone} under the outId {out_id}"
            + (f"; what was sent is: {states} (ops message find {phone})" if states else "")
        )
    # Quick Audience knows them by outId and phone alone: to it they are one.
    count = "the send" if len(unknown) == 1 else f"all {len(unknown)} sends"
    confirm(f"Settle {count} of {out_id} to {phone} as {state}, for good?", yes=yes)
    told = _settle(unknown, state, reason)
    if len(told) < len(unknown):
        fail(
            f"{len(unknown) - len(told)} of {len(unknown)} had a status in the same moment: "
            f"ops message find {phone}"
        )
    show({"outId": out_id, "phone": phone, "state": state, "settled": len(told)}, as_json=json)


def _settle(unknown: list[Message], state: State, reason: str) -> list[Message]:
    receipt = Receipt(
        state=state,
        code=DELIVERED if state == "delivered" else BY_HAND,
        reason=f"人工核实: {reason or _TEXTS[state]}",
        received=dates.to_beijing(time.time()),
        by=BY + uuid.uuid4().hex[:16],
    )
    try:
        return final_states.record_and_report([one.with_receipt(receipt) for one in unknown])
    except (BotoCoreError, ClientError, BridgeError, TimeoutError) as error:
        out_id = unknown[0].origin.out_id
        fail(
            f"{error}. It may be settled without being told: ops receipts replay --out-id {out_id}"
        )


def _of_campaign(out_id: str) -> Iterator[ChunkKey]:
    for request in send_requests.of_out_id(out_id):
        for pointer, _ in chunks.all_progress(out_id, request.biz_id):
            yield pointer


def _of_hours(hours: int) -> Iterator[ChunkKey]:
    """The chunks that were accepted in the last hours and are not closed yet."""
    now = int(time.time()) // _HOUR
    for hour in range(now - hours, now + 1):
        for _, pointer in due_chunks.accepted_in(hour):
            yield pointer


def _unknown(pointer: ChunkKey) -> list[Message]:
    progress = chunks.progress(pointer)
    return messages.unknown_of_chunk(pointer.biz_id, progress) if progress else []


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
