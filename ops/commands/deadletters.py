"""`ops deadletters`: what failed for good, and sending it again."""

from typing import Annotated

import typer

from chalicelib.domain.queue_names import QueueName
from ops import dead_letter_content, deadletters
from ops.commands.output import Json, Stage, command, show, show_rows, warn

app = typer.Typer(no_args_is_help=True, help="Dead letters: queue messages that failed for good.")


@app.command("list")
@command
def list_(
    limit: Annotated[
        int, typer.Option(min=1, help="Messages to list of each queue, at most.")
    ] = 20,
    stage: Stage = "local",
    json: Json = False,
) -> None:
    """List what failed for good, in each queue. Listing removes nothing.

    While dead letters are listed, they are invisible to others; they are given back at the end. The
    counts are SQS's own, and may be a minute old.

    Example: ops deadletters list --limit 100
    """
    found = deadletters.show(limit)
    counts, rows = found["counts"], found["messages"]
    if json:
        show(found, as_json=True)
    else:
        show(counts, as_json=False, title="Dead letters")
        if rows:
            show_rows(rows, dead_letter_content.COLUMNS, as_json=False, empty="")
    for queue, count in counts.items():
        listed = sum(row["queue"] == queue for row in rows)
        if count > listed:
            warn(f"{queue}: {listed} of about {count} are listed; --limit lists more")


@app.command()
@command
def replay(
    queue: Annotated[QueueName | None, typer.Option(help="Only those of one queue.")] = None,
    out_id: Annotated[
        str,
        typer.Option(
            metavar="OUT_ID",
            help="Only those of one campaign; of Tencent's callbacks, those whose message is known.",
        ),
    ] = "",
    limit: Annotated[int | None, typer.Option(min=1, help="Messages in all, at most.")] = None,
    every: Annotated[bool, typer.Option("--all", help="All dead letters.")] = False,
    stage: Stage = "local",
    json: Json = False,
) -> None:
    """Send dead letters again: into the queue that they came from, byte for byte.

    A dead letter is deleted once its copy is queued. If the command is cut off in between, the dead
    letter is processed twice, which is harmless in every queue:

    sends: recipients who were sent to, or perhaps were, are not sent to again, since each chunk is
    claimed once; the others are sent to now. After 72 hours (and the sweep), all of them were reported
    as failed, and no one is sent to.
    callbacks: what was settled before is not settled again, and only reported if it was not yet.
    receipts: Quick Audience gets the same receipt or reply again, if it has it already.
    files: reading goes on where it stopped, and the recipients from there on are sent to, however long
    ago the file was accepted.

    Remove the cause first: a copy has all its tries before it, and may become a dead letter again.

    Examples:
    ops deadletters replay --queue receipts
    ops deadletters replay --out-id 20260302-spring
    ops deadletters replay --queue sends --limit 1
    ops deadletters replay --all
    """
    results = deadletters.replay(queue, out_id=out_id, limit=limit, every=every)
    for one in results:
        if one.undeleted:
            warn(
                f"{one.queue}: {one.undeleted} were queued again and are still among the dead letters"
            )
    rows = [one.row() for one in results]
    show_rows(rows, ("queue", "replayed", "passedOver"), as_json=json, empty="", labels=_LABELS)


_LABELS = {"replayed": "queued again"}
