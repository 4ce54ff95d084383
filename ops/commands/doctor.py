"""`ops doctor`: whether a stage can do its work, and the two URLs to hand out."""

from typing import Annotated

import typer

from ops.commands.output import Json, Stage, command, show_rows
from ops.doctor import examine


@command
def doctor(
    show_token: Annotated[
        bool, typer.Option("--show-token", help="Print the token of Tencent's URL.")
    ] = False,
    stage: Stage = "local",
    json: Json = False,
) -> None:
    """Check settings, clock, AWS, Tencent's credentials and what is deployed; print the two URLs.

    The exit code is 1 if a check ends with an error.

    Example: ops doctor --stage prod
    """
    rows = [finding.row() for finding in examine(stage, show_token=show_token)]
    show_rows(rows, ("check", "state", "found"), as_json=json, empty="")
    if any(row["state"] == "error" for row in rows):
        raise typer.Exit(1)
