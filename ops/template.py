"""`ops template`: templates, ours and Tencent's, with Tencent's review."""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Annotated, Any

import typer

from chalicelib import dates
from chalicelib.domain import reviews
from chalicelib.endpoints import template_revisions
from chalicelib.errors import Refused
from chalicelib.store import templates
from chalicelib.store.templates import Revision
from chalicelib.tencent import v5
from ops.output import Json, Stage, Yes, command, confirm, fail, show, show_rows, warn
from ops.sign import STATUS

app = typer.Typer(no_args_is_help=True, help="Templates.")

_KIND = {
    reviews.CAPTCHA: "captcha",
    reviews.NOTIFICATION: "notification",
    reviews.PROMOTION: "promotion",
    reviews.INTERNATIONAL: "international",
}
_COLUMNS = ("code", "name", "kind", "status", "reply", "tplIds")

Code = Annotated[
    str, typer.Argument(metavar="CODE", help="The templateCode, or Tencent's id of a template.")
]


@app.command("list")
@command
def list_(
    all_: Annotated[
        bool,
        typer.Option("--all", help="Those of Tencent's account too that Quick Audience never had."),
    ] = False,
    stage: Stage = "local",
    json: Json = False,
) -> None:
    """The templates that Quick Audience knows: the newest revision of each, and Tencent's review of it."""
    ours = list(_reviewed(filter(None, map(templates.revisions, templates.codes()))))
    rows = [_row(found) for found in ours]
    if all_:
        known = {revision.tpl_id for found in ours for revision in found}
        rows += [
            _row_of_tencent(item)
            for item in v5.client().all_templates()
            if item.get("id") not in known
        ]
    show_rows(rows, _COLUMNS, as_json=json, empty="There is no template yet.")


@app.command("show")
@command
def show_(code: Code, stage: Stage = "local", json: Json = False) -> None:
    """Everything that is known of a template: its revisions, the text of each, its review."""
    if found := templates.revisions(code):
        [found] = _reviewed([found])
        shown = _row(found) | {
            "deleted": templates.is_deleted(code),
            "content": found[0].content,
            "text": found[0].text,
            "variables": list(found[0].names),
        }
        shown["revisions"] = [_revision(revision) for revision in found]
    elif items := _of_tencent(_numbers(code)):
        [item] = items.values()
        shown = _row_of_tencent(item) | {"text": str(item.get("text") or "")}
    else:
        fail(f"neither we nor Tencent have a template {code}")
    if json:
        show(shown, as_json=True)
        return
    every = shown.pop("revisions") or []
    show(shown, as_json=False, title=f"Template {code}")
    if every:
        show_rows(
            every,
            ("number", "tplId", "status", "reply", "text", "created"),
            as_json=False,
            empty="",
        )


@app.command()
@command
def delete(code: Code, yes: Yes = False, stage: Stage = "local", json: Json = False) -> None:
    """Delete a template at Tencent, with all its revisions. Quick Audience gets 404 for it from then on."""
    found = [] if templates.is_deleted(code) else templates.revisions(code)
    there = _of_tencent([revision.tpl_id for revision in found] or _numbers(code))
    if not found and not there:
        fail(f"neither we nor Tencent have a template {code}")
    ids = sorted(there)
    name = found[0].name if found else str(there[ids[0]].get("title") or "")
    listed = ", ".join(map(str, ids)) or "none any more"
    confirm(
        f"Delete template {code} “{name}” (Tencent's ids: {listed})? What is not yet sent with it will fail",
        yes=yes,
    )
    # Tencent first: where it refuses, nothing has changed. What it doesn't have any more is not named,
    # since it refuses all ids for the sake of one.
    if ids:
        v5.client().del_template(ids)
    else:
        warn("Tencent has none of its revisions any more: only our own record is taken out")
    if found:
        templates.delete(code, int(time.time()))
    show({"code": code, "tplIds": ids, "status": "deleted"}, as_json=json)


def _reviewed(known: Iterable[list[Revision]]) -> Iterator[list[Revision]]:
    """Templates with Tencent's review of now; as last seen where Tencent doesn't answer."""
    asking = True
    for found in known:
        if asking:
            try:
                yield template_revisions.refresh(found)
                continue
            except Refused as refusal:
                asking = False
                warn(f"reviews are shown as last seen: {refusal.message}")
        yield found


def _of_tencent(ids: Sequence[int]) -> dict[int, Mapping[str, Any]]:
    """What Tencent has of these ids, by id."""
    if not ids:
        return {}
    items = v5.client().get_template(sorted(set(ids)))
    return {item["id"]: item for item in items if item.get("id") in ids}


def _numbers(code: str) -> list[int]:
    """The id that a code is, if it can be one of Tencent's."""
    return [int(code)] if code.isascii() and code.isdigit() and len(code) < 16 else []


def _row(found: Sequence[Revision]) -> dict[str, Any]:
    newest = found[0]
    kind = "digital" if newest.page else _KIND.get(newest.kind, str(newest.kind))
    return {
        "code": newest.code,
        "name": newest.name,
        "kind": kind,
        "status": STATUS.get(newest.status, str(newest.status)),
        "reply": newest.reply,
        "revisions": len(found),
        "tplIds": sorted({revision.tpl_id for revision in found}),
        "created": dates.to_beijing(found[-1].created_at),
    }


def _row_of_tencent(item: Mapping[str, Any]) -> dict[str, Any]:
    """A template that is Tencent's alone: it has no code of Quick Audience's."""
    kind = reviews.quick_audience_type(
        int(item.get("type") or 0), int(item.get("international") or 0)
    )
    return {
        "code": "",
        "name": str(item.get("title") or ""),
        "kind": _KIND[kind],
        "status": STATUS.get(item.get("status", -1), str(item.get("status"))),
        "reply": str(item.get("reply") or ""),
        "revisions": 0,
        "tplIds": [item.get("id")],
        "created": str(item.get("apply_time") or ""),
    }


def _revision(revision: Revision) -> dict[str, Any]:
    return {
        "number": revision.number,
        "tplId": revision.tpl_id,
        "status": STATUS.get(revision.status, str(revision.status)),
        "reply": revision.reply,
        "text": revision.text,
        "content": revision.content,
        "author": revision.author,
        "created": dates.to_beijing(revision.created_at),
        "checked": dates.to_beijing(revision.checked_at),
    }
