"""`ops message`: everything that is known about a phone."""

from typing import Annotated

import typer

from chalicelib import dates
from chalicelib.domain import phones
from chalicelib.domain.messages import Message, Receipt
from chalicelib.functions import sweep
from chalicelib.store import messages, pushed
from ops import unknown
from ops.output import Json, Stage, command, fail, show_each

app = typer.Typer(no_args_is_help=True, help="Messages, by their recipient.")


@app.command()
@command
def find(
    phone: Annotated[
        str, typer.Argument(help="A number, as Quick Audience writes it or with +86.")
    ],
    stage: Stage = "local",
    json: Json = False,
) -> None:
    """What was sent to a phone, what became of it, and whether Quick Audience was told."""
    try:
        wanted = phones.parse(phone)
    except ValueError:
        fail(f"{phone} is not a phone number")
    found = sorted(messages.of_phone(wanted), key=lambda message: message.origin.sent_at)
    show_each(map(_row, found), as_json=json, empty=f"Nothing is known about {phone}.")


def _row(message: Message) -> dict[str, str | bool]:
    origin, receipt = message.origin, message.receipt
    taken = message.position in pushed.pushed_positions(origin.out_id, origin.biz_id)
    return {
        "sent": dates.to_beijing(origin.sent_at),
        "outId": origin.out_id,
        "bizId": origin.biz_id,
        "state": message.state,
        "code": receipt.code if receipt else "",
        "reason": receipt.reason if receipt else "",
        "received": receipt.received if receipt else "",
        "by": _by(receipt) if receipt else "",
        "pushed": taken,
        "sign": origin.sign,
        "template": origin.template_code,
        "sid": message.sid,
    }


def _by(receipt: Receipt) -> str:
    """Who found out what became of it."""
    if receipt.by == sweep.BY:
        return "nobody, within 72 hours"
    if receipt.by.startswith(unknown.BY):
        return "an operator"
    return "a status of Tencent's" if receipt.by else "the sending function"
