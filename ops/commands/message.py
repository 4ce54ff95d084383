"""`ops message`: everything that is known about a phone."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from ops import erasure, failure_words, message, not_taken
from ops.commands.output import Json, Stage, Yes, command, confirm, show, show_each

app = typer.Typer(no_args_is_help=True, help="Messages, by their recipient.")

Phone = Annotated[
    str, typer.Argument(metavar="PHONE", help="A number, as Quick Audience writes it or with +86.")
]


@app.command()
@command
def find(
    phone: Phone,
    stage: Stage = "local",
    json: Json = False,
) -> None:
    """Show what was sent to a phone, the result, and whether Quick Audience has the receipt.

    The oldest message is the first. All times are Beijing time.

    Example: ops message find 13900001111 --stage prod
    """
    rows = message.find(phone)
    if not json:
        rows = [_readable(row) for row in rows]
    show_each(rows, as_json=json, empty=f"Nothing is known about {phone}.", labels=_LABELS)


@app.command()
@command
def erase(phone: Phone, yes: Yes = False, stage: Stage = "local", json: Json = False) -> None:
    """Erase what is kept of a phone: its number, and the texts and values of its messages and replies.

    Campaigns keep their counts, and sending details their rows, with *********** for the number. Nothing may be
    under way: each message has its receipt, and Quick Audience has it. A list or a file that arrives later may name
    the number again. Backups keep it for 35 days, queues and logs for as long as docs/personal-data.md says.

    Example: ops message erase 13900001111 --stage prod
    """
    found = erasure.find(phone)
    if found:
        confirm(
            f"Erase {phone} for good: {len(found.messages)} messages under {', '.join(found.out_ids) or 'no outId'}, "
            f"{len(found.replies)} replies, {len(found.parked)} parked events?",
            yes=yes,
        )
    elif not json:
        typer.echo(f"Nothing is kept of {phone}.")
        return
    show(erasure.erase(found), as_json=json, title="Erased", labels=_ERASED)


def _readable(row: Mapping[str, Any]) -> dict[str, Any]:
    shown = {**row, "code": _in_words(row["code"])}
    shown["replies"] = "\n".join(
        sorted(f"{one['received']}  {one['content']}" for one in row["replies"])
    )
    refused = shown.pop("notTaken")
    return shown | ({"notTaken": not_taken.in_words(refused)} if refused else {})


def _in_words(code: str) -> str:
    words = failure_words.describe(code)
    return f"{code} ({words})" if words else code


_LABELS = {
    "sent": "sent (Beijing time)",
    "by": "receipt from",
    "pushed": "receipt pushed",
    "replies": "replies (Beijing time)",
    "notTaken": "not taken by Quick Audience",
}
_ERASED = {
    "rows": "rows of sending details (§12)",
    "parked": "parked events",
}
