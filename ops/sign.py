"""`ops sign`: which sign of Quick Audience is which of Tencent's."""

import time
from typing import Annotated

import typer

from chalicelib import dates
from chalicelib.campaigns import reviews
from chalicelib.store import signs
from chalicelib.store.signs import Sign
from chalicelib.tencent import client as tencent
from ops.output import Json, Stage, command, fail, show, show_rows

app = typer.Typer(no_args_is_help=True, help="Signatures (signs).")

_STATUS = {reviews.APPROVED: "approved", reviews.PENDING: "pending", reviews.REJECTED: "rejected"}


@app.command()
@command
def link(
    name: Annotated[
        str, typer.Argument(help="The sign as Quick Audience names it, brackets or not.")
    ],
    sign_id: Annotated[
        int, typer.Argument(help="Its id at Tencent (console: signature management).")
    ],
    stage: Stage = "local",
    json: Json = False,
) -> None:
    """Tie a sign's name to a sign that Tencent already has."""
    wanted = signs.normal(name)
    if not wanted:
        fail("the name is empty")
    found = {item.get("id"): item for item in tencent.client().get_sign([sign_id])}
    item = found.get(sign_id)
    if item is None:
        fail(f"Tencent has no sign {sign_id} in this application")
    text = signs.normal(str(item.get("text") or ""))
    if text != wanted:
        fail(
            f"Tencent's sign {sign_id} is “{text}”, not “{wanted}”: messages would go out under its name"
        )
    now = int(time.time())
    earlier = signs.get(wanted)
    sign = Sign(
        name=wanted,
        sign_id=sign_id,
        status=int(item.get("status", reviews.PENDING)),
        reply=str(item.get("reply") or ""),
        created_at=earlier.created_at if earlier else now,
        checked_at=now,
    )
    signs.put(sign)
    show(_row(sign), as_json=json)


@app.command("list")
@command
def list_(stage: Stage = "local", json: Json = False) -> None:
    """All signs that are linked, with their review as last seen."""
    show_rows(
        map(_row, signs.all_signs()),
        ("name", "signId", "status", "reply", "linked"),
        as_json=json,
        empty="No sign is linked yet: ops sign link NAME SIGN_ID",
    )


def _row(sign: Sign) -> dict[str, str | int]:
    return {
        "name": sign.name,
        "signId": sign.sign_id,
        "status": _STATUS.get(sign.status, str(sign.status)),
        "reply": sign.reply,
        "linked": dates.to_beijing(sign.created_at),
    }
