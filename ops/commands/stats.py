"""`ops stats`: Tencent's statistics beside the bridge's own counts."""

from typing import Annotated

import typer

from ops.commands.output import Json, Stage, command, show, show_rows, warn
from ops.stats import OWN_HOURS, compare, explain

_LABELS = {"tencent": "Tencent", "ours": "this bridge"}


@command
def stats(
    first: Annotated[
        str,
        typer.Option(
            "--from", metavar="DATE", help="yyyy-MM-dd, or “yyyy-MM-dd HH”; Beijing time."
        ),
    ],
    last: Annotated[
        str,
        typer.Option("--to", metavar="DATE", help="The same; the day or hour itself is included."),
    ],
    stage: Stage = "local",
    json: Json = False,
) -> None:
    """Show Tencent's statistics beside the bridge's own counts for the same hours.

    Tencent counts what its application was asked for in these hours; the bridge counts the results of the
    requests that it accepted in them. Both may be right and still differ: the reasons are printed below the
    table. Tencent may have counted what is "unknown" here (sends without an answer).

    The bridge's own counts reach back 72 hours: then campaigns are closed, and no longer listed by hour.
    Before that, only Tencent's numbers are shown.

    With API 3.0, the packages in which messages are left follow.

    Example: ops stats --from 2026-03-01 --to 2026-03-02 --stage prod
    """
    found = compare(first, last)
    rows = found["counts"]
    if all(row["ours"] is None for row in rows):
        warn(f"the bridge's own counts reach back only {OWN_HOURS} hours: Tencent's stand alone")
    if json:
        show(found, as_json=True)
        return
    typer.echo(f"From {found['from']} to {found['to']}, Beijing time")
    columns = ("count", "tencent", "ours", "difference")
    show_rows(rows, columns, as_json=False, empty="", labels=_LABELS)
    if packages := found["packages"]:
        typer.echo("Packages of messages, now:")
        names = ("package", "messages", "used", "left", "expires")
        show_rows(packages, names, as_json=False, empty="")
    if notes := explain(rows):
        typer.echo("The difference is this bridge's count minus Tencent's. Harmless reasons:")
        for note in notes:
            typer.echo(f"- {note}")
