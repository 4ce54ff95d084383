"""`ops receipts`: queue receipts for Quick Audience again."""

from typing import Annotated

import typer

from ops import receipts
from ops.commands.output import Json, Stage, command, show, warn

app = typer.Typer(no_args_is_help=True, help="Receipts for Quick Audience.")

_LABELS = {
    "settled": "recipients with a final state",
    "pushed": "of these, taken by Quick Audience before",
    "queued": "receipts queued",
    "rowsAdded": "sending details (§12) added",
    "repliesQueued": "replies queued",
    "dryRun": "only counted (--dry-run)",
}


@app.command()
@command
def replay(  # noqa: PLR0913, PLR0917 -- its options
    out_id: Annotated[str, typer.Option(metavar="OUT_ID", help="The campaign.")],
    biz_id: Annotated[str, typer.Option(metavar="BIZ_ID", help="Only one request of it.")] = "",
    phone: Annotated[str, typer.Option(help="Only one recipient.")] = "",
    every: Annotated[
        bool, typer.Option("--all", help="Also those that Quick Audience is known to have.")
    ] = False,
    replies: Annotated[
        bool,
        typer.Option(
            "--replies",
            help="Also all replies: it is not stored which of them Quick Audience has, so it may count one twice.",
        ),
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count; change nothing.")] = False,
    stage: Stage = "local",
    json: Json = False,
) -> None:
    """Queue receipts again: those that Quick Audience is not known to have, or all of them.

    A repeated receipt is harmless: Quick Audience knows it by outId and phone. The queue's function
    pushes these receipts like all others, so an open breaker holds them up (ops breaker show). Sending
    details (§12) that a killed function did not add are added.

    Examples:
    ops receipts replay --out-id 20260302-spring --dry-run
    ops receipts replay --out-id 20260302-spring
    ops receipts replay --out-id 20260302-spring --phone 13900001111 --all
    """
    result = receipts.replay(
        out_id, biz_id=biz_id, phone=phone, every=every, replies=replies, dry_run=dry_run
    )
    if not receipts.pushes():
        warn("QA_RECEIPTS=poll: Quick Audience asks for receipts by itself, none are pushed")
    title = "Would be queued again" if dry_run else "Queued again"
    show(result, as_json=json, title=title, labels=_LABELS)
    if not json and not dry_run and result["queued"]:
        typer.echo(
            f"Quick Audience has them once `ops campaign show {out_id}` counts them as pushed."
        )
