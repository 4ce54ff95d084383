"""`ops sign`: which sign of Quick Audience is which of Tencent's."""

import base64
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from chalicelib import dates
from chalicelib.domain import reviews, sign_names
from chalicelib.store import signs
from chalicelib.store.signs import Sign
from chalicelib.tencent import interface, v5
from ops.output import Json, Stage, Yes, command, confirm, fail, show, show_rows, warn

app = typer.Typer(no_args_is_help=True, help="Signatures (signs).")

STATUS = {reviews.APPROVED: "approved", reviews.PENDING: "pending", reviews.REJECTED: "rejected"}
"""Tencent's numbers in words."""

# What Tencent's console takes as a document's picture, by how the file begins.
_PICTURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF8", b"BM")

Name = Annotated[str, typer.Argument(help="The sign as Quick Audience names it, brackets or not.")]
Picture = Annotated[
    Path | None,
    typer.Option(
        exists=True,
        dir_okay=False,
        readable=True,
        help="A picture of the document that entitles to the sign: PNG, JPEG, GIF or BMP.",
    ),
]
Remark = Annotated[
    str, typer.Option(help="For Tencent's reviewers: why, and what it will be used for.")
]


@app.command()
@command
def link(
    name: Name,
    sign_id: Annotated[
        int, typer.Argument(help="Its id at Tencent (console: signature management).")
    ],
    stage: Stage = "local",
    json: Json = False,
) -> None:
    """Tie a sign's name to a sign that Tencent already has."""
    wanted = _named(name)
    item = _of_tencent(sign_id)
    if item is None:
        fail(f"Tencent has no sign {sign_id} in this application")
    text = sign_names.normal(str(item.get("text") or ""))
    if text != wanted:
        fail(
            f"Tencent's sign {sign_id} is “{text}”, not “{wanted}”: messages would go out under its name"
        )
    show(_row(_kept(wanted, sign_id, item)), as_json=json)


@app.command()
@command
def add(
    name: Annotated[str, typer.Argument(help="The sign's text, brackets or not.")],
    picture: Picture = None,
    remark: Remark = "",
    international: Annotated[
        bool, typer.Option("--international", help="For messages to numbers outside the mainland.")
    ] = False,
    stage: Stage = "local",
    json: Json = False,
) -> None:
    """Apply to Tencent for a sign, and link it by its name at once."""
    wanted = _named(name)
    if there := signs.get(wanted):
        fail(
            f"“{wanted}” is linked to Tencent's sign {there.sign_id} ({_status(there.status)}) already: "
            "change it with ops sign modify, or delete it first"
        )
    pic = _encoded(picture)
    try:
        made = v5.client().add_sign(
            text=wanted, remark=remark, pic=pic, international=international
        )
    except interface.OutcomeUnknownError as error:
        fail(
            f"{error}. The sign may have been applied for all the same: look in Tencent's console, and if it "
            "is there, link it with ops sign link"
        )
    show(_row(_kept(wanted, made["id"], made)), as_json=json)


@app.command()
@command
def modify(
    name: Name,
    text: Annotated[str, typer.Option(help="Its new text, if that changes.")] = "",
    picture: Picture = None,
    remark: Remark = "",
    stage: Stage = "local",
    json: Json = False,
) -> None:
    """Change a sign that Tencent has not approved, which submits it again. Approved ones can't be changed."""
    sign = _linked(name)
    wanted = _named(text) if text else sign.name
    if wanted != sign.name and (there := signs.get(wanted)):
        fail(f"“{wanted}” is linked to Tencent's sign {there.sign_id} already")
    pic = _encoded(picture)
    try:
        made = v5.client().mod_sign(sign.sign_id, text=wanted, remark=remark, pic=pic)
    except interface.OutcomeUnknownError as error:
        fail(f"{error}. It may have been changed all the same: give the command again")
    fresh = _kept(wanted, sign.sign_id, made)
    if wanted != sign.name:
        signs.delete(sign.name)
    show(_row(fresh), as_json=json)


@app.command()
@command
def delete(name: Name, yes: Yes = False, stage: Stage = "local", json: Json = False) -> None:
    """Delete a sign at Tencent and take it out here."""
    sign = _linked(name)
    confirm(
        f"Delete “{sign.name}” (Tencent's sign {sign.sign_id})? Campaigns under it will be refused",
        yes=yes,
    )
    try:
        v5.client().del_sign(sign.sign_id)
    except interface.CallRefusedError:
        if _of_tencent(sign.sign_id) is not None:
            raise
        warn(f"Tencent has no sign {sign.sign_id} any more: only the link is taken out")
    signs.delete(sign.name)
    show({"name": sign.name, "signId": sign.sign_id, "status": "deleted"}, as_json=json)


@app.command("list")
@command
def list_(
    refresh: Annotated[
        bool, typer.Option("--refresh", help="Ask Tencent about each sign's review first.")
    ] = False,
    stage: Stage = "local",
    json: Json = False,
) -> None:
    """All signs that are linked, with their review as last seen."""
    found = list(signs.all_signs())
    if refresh and found:
        items = {
            item.get("id"): item for item in v5.client().get_sign([sign.sign_id for sign in found])
        }
        for number, sign in enumerate(found):
            if sign.sign_id in items:
                found[number] = _kept(sign.name, sign.sign_id, items[sign.sign_id])
            else:
                warn(f"Tencent has no sign {sign.sign_id} (“{sign.name}”) any more")
    show_rows(
        map(_row, found),
        ("name", "signId", "status", "reply", "linked"),
        as_json=json,
        empty="No sign is linked yet: ops sign link NAME SIGN_ID",
    )


def _named(name: str) -> str:
    wanted = sign_names.normal(name)
    if not wanted:
        fail("the name is empty")
    return wanted


def _linked(name: str) -> Sign:
    wanted = _named(name)
    sign = signs.get(wanted)
    if sign is None:
        fail(f"no sign “{wanted}” is linked: ops sign list shows those that are")
    return sign


def _of_tencent(sign_id: int) -> dict[str, Any] | None:
    found = {item.get("id"): item for item in v5.client().get_sign([sign_id])}
    return found.get(sign_id)


def _kept(name: str, sign_id: int, item: dict[str, Any]) -> Sign:
    """Keep a sign with what Tencent says of it."""
    now = int(time.time())
    earlier = signs.get(name)
    sign = Sign(
        name=name,
        sign_id=sign_id,
        status=int(item.get("status", reviews.PENDING)),
        reply=str(item.get("reply") or ""),
        created_at=earlier.created_at if earlier else now,
        checked_at=now,
    )
    signs.put(sign)
    return sign


def _encoded(picture: Path | None) -> str:
    """A picture as Tencent wants it: base64 alone, without a data URL's prefix."""
    if picture is None:
        return ""
    content = picture.read_bytes()
    if not content.startswith(_PICTURES):
        fail(f"{picture} is no picture: give a PNG, JPEG, GIF or BMP file")
    return base64.b64encode(content).decode()


def _status(status: int) -> str:
    return STATUS.get(status, str(status))


def _row(sign: Sign) -> dict[str, str | int]:
    return {
        "name": sign.name,
        "signId": sign.sign_id,
        "status": _status(sign.status),
        "reply": sign.reply,
        "linked": dates.to_beijing(sign.created_at),
    }
