"""`ops message`: everything that is known about a phone."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from ops import failure_words, message, not_taken
from ops.commands.output import Json, Stage, command, show_each

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
    """Show what was sent to a phone, the result, and whether Quick Audience has the receipt.

    All times are Beijing time.
    """
    rows = message.find(phone)
    if not json:
        rows = [_readable(row) for row in rows]
    show_each(rows, as_json=json, empty=f"Nothing is known about {phone}.", labels=_LABELS)


def _readable(row: Mapping[str, Any]) -> dict[str, Any]:
    shown = {**row, "code": _in_words(row["code"])}
    refused = shown.pop("notTaken")
    return shown | ({"notTaken": not_taken.in_words(refused)} if refused else {})


def _in_words(code: str) -> str:
    words = failure_words.describe(code)
    return f"{code} ({words})" if words else code


_LABELS = {
    "sent": "sent (Beijing time)",
    "by": "receipt from",
    "pushed": "receipt pushed",
    "notTaken": "not taken by Quick Audience",
}
