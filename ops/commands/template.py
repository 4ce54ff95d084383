"""`ops template`: the bridge's templates and Tencent's, with Tencent's review."""

from typing import Annotated

import typer

from ops import template
from ops.commands.output import Json, Stage, Yes, command, confirm, show, show_rows, warn

app = typer.Typer(no_args_is_help=True, help="Templates.")

Code = Annotated[
    str, typer.Argument(metavar="CODE", help="The templateCode, or Tencent's ID of a template.")
]


@app.command("list")
@command
def list_(
    all_: Annotated[
        bool,
        typer.Option(
            "--all", help="Also those of Tencent's account that Quick Audience never had."
        ),
    ] = False,
    stage: Stage = "local",
    json: Json = False,
) -> None:
    """List the templates that Quick Audience knows: the newest revision of each, and Tencent's review of it.

    Example: ops template list --stage prod
    """
    rows, warnings = template.list_all(of_account=all_)
    for warning in warnings:
        warn(warning)
    columns = ("code", "name", "kind", "status", "reply", "tplIds")
    show_rows(rows, columns, as_json=json, empty="There is no template yet.")


@app.command("show")
@command
def show_(code: Code, stage: Stage = "local", json: Json = False) -> None:
    """Show everything that is known of a template: its revisions, the text of each, its review.

    All times are Beijing time.

    Example: ops template show 200001 --stage prod
    """
    found, warnings = template.show(code)
    for warning in warnings:
        warn(warning)
    if json:
        show(found, as_json=True)
        return
    revisions = found.pop("revisions") or []
    show(found, as_json=False, title=f"Template {code}")
    if revisions:
        columns = ("number", "tplId", "status", "reply", "text", "created")
        show_rows(revisions, columns, as_json=False, empty="")


@app.command()
@command
def delete(code: Code, yes: Yes = False, stage: Stage = "local", json: Json = False) -> None:
    """Delete a template at Tencent, with all its revisions. From then on, Quick Audience gets 404 for it.

    Example: ops template delete 200001 --stage prod
    """
    found = template.find(code)
    ids = ", ".join(map(str, found.tpl_ids)) or "none any more"
    confirm(
        f"Delete template {code} “{found.name}” (Tencent's IDs: {ids})? "
        "What is not yet sent with it will fail",
        yes=yes,
    )
    row, warnings = template.delete(found)
    for warning in warnings:
        warn(warning)
    show(row, as_json=json)


@app.command("page")
@command
def page_(
    page: Annotated[
        str, typer.Argument(metavar="PAGE", help="The link of a digital message, or its last part.")
    ],
    delete: Annotated[bool, typer.Option("--delete", help="Take the page down.")] = False,
    yes: Yes = False,
    stage: Stage = "local",
    json: Json = False,
) -> None:
    """Show the page of a digital message, or take it down: recipients then read that it does not exist.

    Caches may show it for another hour. Campaigns can't use its template any more.

    Example: ops template page Ab3Ab3Ab3Ab --delete --stage prod
    """
    found = template.page(page)
    row = template.row_of_page(found)
    if delete:
        confirm(f"Take down the page {found.code} “{found.theme}” for good?", yes=yes)
        template.take_down(found)
        row["page"] = f"{found.code} is taken down"
    show(row, as_json=json)
