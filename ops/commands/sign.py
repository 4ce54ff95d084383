"""`ops sign`: which sign of Quick Audience is which of Tencent's."""

from pathlib import Path
from typing import Annotated

import typer

from ops import sign, sign_lists
from ops.commands.output import Json, Stage, Yes, command, confirm, show, show_rows, warn

app = typer.Typer(no_args_is_help=True, help="Signs (signatures).")

Name = Annotated[
    str, typer.Argument(help="The sign as Quick Audience names it, with or without brackets.")
]
Picture = Annotated[
    Path | None,
    typer.Option(
        exists=True,
        dir_okay=False,
        readable=True,
        help="A picture of the document that entitles to the sign: PNG, JPEG, GIF or BMP.",
    ),
]
Qualification = Annotated[
    int | None,
    typer.Option(help="The id of the qualification (实名资质), for the mainland (API 3.0)."),
]
SignType = Annotated[
    int,
    typer.Option(help="0 company, 4 trademark, 5 public body, 1 app (abroad only) (API 3.0)."),
]
DocumentType = Annotated[
    int, typer.Option(help="What the picture shows, in Tencent's numbers (API 3.0).")
]
Remark = Annotated[
    str, typer.Option(help="For Tencent's reviewers: why, and what it will be used for.")
]


@app.command()
@command
def link(
    name: Name,
    sign_id: Annotated[
        int, typer.Argument(help="Its ID at Tencent (console: signature management).")
    ],
    stage: Stage = "local",
    json: Json = False,
) -> None:
    """Tie a sign's name to a sign that Tencent already has.

    With API 3.0 the names may differ: messages go out under Tencent's.

    Example: ops sign link 某某科技 1001 --stage prod
    """
    show(sign.link(name, sign_id), as_json=json)


@app.command()
@command
def add(  # noqa: PLR0913, PLR0917 -- its options
    name: Annotated[str, typer.Argument(help="The sign's text, with or without brackets.")],
    picture: Picture = None,
    remark: Remark = "",
    international: Annotated[
        bool, typer.Option("--international", help="For messages to numbers outside the mainland.")
    ] = False,
    qualification: Qualification = None,
    sign_type: SignType = 0,
    document_type: DocumentType = 0,
    stage: Stage = "local",
    json: Json = False,
) -> None:
    """Apply to Tencent for a sign. It is linked at once, unless Tencent lists signs by name (API 3.0).

    Example: ops sign add 某某科技 --picture licence.png --stage prod
    """
    made = sign.add(
        name,
        picture=picture,
        remark=remark,
        international=international,
        papers=sign.Papers(qualification, sign_type, document_type),
    )
    show(made, as_json=json)


@app.command()
@command
def modify(  # noqa: PLR0913, PLR0917 -- its options
    name: Name,
    text: Annotated[str, typer.Option(help="Its new text, if that changes.")] = "",
    picture: Picture = None,
    remark: Remark = "",
    qualification: Qualification = None,
    sign_type: SignType = 0,
    document_type: DocumentType = 0,
    stage: Stage = "local",
    json: Json = False,
) -> None:
    """Change a sign that Tencent has not approved, which submits it again. Approved ones can't be changed.

    Example: ops sign modify 某某科技 --picture licence.png --stage prod
    """
    papers = sign.Papers(qualification, sign_type, document_type)
    row = sign.modify(name, text=text, picture=picture, remark=remark, papers=papers)
    show(row, as_json=json)


@app.command()
@command
def delete(name: Name, yes: Yes = False, stage: Stage = "local", json: Json = False) -> None:
    """Delete a sign at Tencent and remove its link here.

    Example: ops sign delete 某某科技 --stage prod
    """
    found = sign_lists.find(name)
    confirm(
        f"Delete “{found.called}” (Tencent's sign {found.sign_id})? Campaigns under it will be refused",
        yes=yes,
    )
    row, warnings = sign.delete(found)
    for warning in warnings:
        warn(warning)
    show(row, as_json=json)


@app.command("list")
@command
def list_(
    refresh: Annotated[
        bool, typer.Option("--refresh", help="Ask Tencent about each sign's review first.")
    ] = False,
    all_: Annotated[
        bool,
        typer.Option("--all", help="Also the account's signs without a link (API 3.0)."),
    ] = False,
    stage: Stage = "local",
    json: Json = False,
) -> None:
    """List all linked signs, with the last known state of their reviews. Times are Beijing time.

    With API 3.0, signs need no link: --all shows those that campaigns find by their name.

    Example: ops sign list --stage prod
    """
    rows, warnings = sign_lists.all_linked(refresh=refresh)
    if all_:
        more, said = sign_lists.all_unlinked()
        rows, warnings = rows + more, warnings + said
    for warning in warnings:
        warn(warning)
    show_rows(
        rows,
        ("name", "signId", "atTencent", "status", "reply", "linked"),
        as_json=json,
        empty="No sign is linked yet: ops sign link NAME SIGN_ID",
    )
