"""`ops audit`: who changed what, when."""

from typing import Annotated

import typer

from ops import audit
from ops.commands.output import Json, Stage, command, show_rows

app = typer.Typer(no_args_is_help=True, help="The record of what operators changed.")

_COLUMNS = ("at", "who", "command", "arguments", "result", "outcome")
_LABELS = {"at": "time (Beijing time)"}


@app.command("list")
@command
def list_(
    first: Annotated[
        str,
        typer.Option("--from", metavar="DATE", help="The first day, yyyy-MM-dd; default: 30 days."),
    ] = "",
    last: Annotated[
        str, typer.Option("--to", metavar="DATE", help="The last day; default: today.")
    ] = "",
    stage: Stage = "local",
    json: Json = False,
) -> None:
    """List who changed what, when, and with what result, newest first. Entries are kept for a year.

    Only commands that change something are recorded. "begun" is the result of a command that still runs, or
    that was killed. Phone numbers are masked. Days and times are Beijing time.

    Examples:
    ops audit list --stage prod
    ops audit list --from 2026-03-01 --to 2026-03-02 --stage prod
    """
    show_rows(
        audit.entries(first, last),
        _COLUMNS,
        as_json=json,
        empty="Nothing was changed in these days.",
        labels=_LABELS,
    )
