"""`ops campaign`: what was sent, what came back, what was pushed."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from ops import campaign, export
from ops.commands.output import Json, Stage, command, print_json, show

app = typer.Typer(no_args_is_help=True, help="Campaigns, by their outId.")

_LABELS = {
    "bizIds": "their bizIds",
    "sent": "accepted by Tencent",
    "unsent": "not sent yet",
    "unreported": "no receipt yet",
    "unknown": "of unknown outcome",
    "pushed": "receipts pushed",
}


@app.command("show")
@command
def show_(
    out_id: Annotated[str, typer.Argument(metavar="OUT_ID", help="Quick Audience's outId.")],
    stage: Stage = "local",
    json: Json = False,
) -> None:
    """Count a campaign's recipients, from the table as it is now. Times are Beijing time.

    With --json, "waiting" is the sum of "unsent" (not sent yet) and "unreported" (no receipt yet).

    Example: ops campaign show 20260302-spring --stage prod
    """
    account = campaign.show(out_id)
    if json:
        show(account, as_json=True)
    else:
        show(_readable(account), as_json=False, title=f"Campaign {out_id}", labels=_LABELS)


@app.command("export")
@command
def export_(
    out_id: Annotated[str, typer.Argument(metavar="OUT_ID", help="Quick Audience's outId.")],
    failed: Annotated[bool, typer.Option("--failed", help="Only recipients who failed.")] = False,
    output: Annotated[
        Path | None,
        typer.Option("--output", metavar="FILE", dir_okay=False, help="Write to this file."),
    ] = None,
    stage: Stage = "local",
    json: Json = False,
) -> None:
    """Export a campaign's recipients as CSV: a row for each, as the table is now. Times are Beijing time.

    The file is UTF-8 with a byte order mark, as spreadsheets expect it. A cell that a spreadsheet would take
    for a formula begins with an apostrophe. "waiting" is who was not sent to yet (without a time of sending), or
    who has no receipt yet. It contains phone numbers: nobody but you may read the file of --output, which is
    complete once it has its name.

    With --json, an array of objects with the names of the columns; with --output too, the number of rows.

    Examples:
    ops campaign export 20260302-spring --stage prod --output spring.csv
    ops campaign export 20260302-spring --stage prod --failed
    """
    rows = export.rows(out_id, failed=failed)
    if output is None:
        for part in export.as_json(rows) if json else export.as_csv(rows):
            typer.echo(part, nl=False)
        return
    count = export.write(rows, output)
    if json:
        print_json({"outId": out_id, "rows": count, "file": str(output)})
    else:
        typer.echo(f"{output}: {count} recipients")


def _readable(account: Mapping[str, Any]) -> dict[str, Any]:
    """Return an account for people: each count once, and the failures in lines of words."""
    hidden = {"outId", "waiting", "failureReasons", "failures", "files"}
    shown = {key: value for key, value in account.items() if key not in hidden}
    files = {"files": account["files"]} if "files" in account else {}
    lines = [
        f"{one['recipients']}  {one['code']}" + (f": {one['reason']}" if one["reason"] else "")
        for one in account["failures"]
    ]
    return shown | {"failures": "\n".join(lines) or None} | files
