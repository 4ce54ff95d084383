"""`ops receipts`: telling Quick Audience again what is settled."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Annotated

import typer

from chalicelib import settings
from chalicelib.domain import phones, push_batches
from chalicelib.domain.messages import Message
from chalicelib.domain.push_batches import Entry
from chalicelib.domain.send_request import SendRequest
from chalicelib.queues import bodies, sending
from chalicelib.store import chunks, final_state_log, messages, pushed, replies, send_requests
from ops.output import Json, Stage, command, fail, show, warn

app = typer.Typer(no_args_is_help=True, help="Receipts: what Quick Audience is told.")


@app.command()
@command
def replay(  # noqa: PLR0913, PLR0917 -- its options
    out_id: Annotated[str, typer.Option(metavar="OUT_ID", help="The campaign.")],
    biz_id: Annotated[str, typer.Option(metavar="BIZ_ID", help="One request of it alone.")] = "",
    phone: Annotated[str, typer.Option(help="One recipient alone.")] = "",
    every: Annotated[
        bool, typer.Option("--all", help="Those too that Quick Audience is known to have.")
    ] = False,
    replies: Annotated[
        bool,
        typer.Option(
            "--replies",
            help="The replies as well, all of them: which of them Quick Audience has is not kept, and it "
            "may count one twice.",
        ),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only count what would be done.")
    ] = False,
    stage: Stage = "local",
    json: Json = False,
) -> None:
    """Tell Quick Audience again what is settled: what it is not known to have, or all of it.

    A receipt that is told twice is harmless: Quick Audience knows it by outId and phone. What is
    queued here is pushed like every receipt, so an open breaker holds it up (ops breaker show).
    Sending details that a dead function did not add, for who asks for them (§12), are added.

    Examples:
    ops receipts replay --out-id 20260302-spring --dry-run
    ops receipts replay --out-id 20260302-spring
    ops receipts replay --out-id 20260302-spring --phone 13900001111 --all
    """
    accepted = [one for one in send_requests.of_out_id(out_id) if biz_id in ("", one.biz_id)]
    if not accepted:
        under = f"{out_id} and the bizId {biz_id}" if biz_id else out_id
        fail(f"nothing was accepted under the outId {under}")
    if replies and biz_id:
        fail("a reply belongs to an outId, and no bizId is known of it: leave out --biz-id")
    wanted = _parsed(phone) if phone else ""
    pushes = settings.load().qa_receipts == "push"
    if not pushes:
        warn("QA_RECEIPTS=poll: Quick Audience asks for receipts by itself, none are pushed")
    counts: Counter[str] = Counter()
    for request in accepted:
        taken = pushed.pushed_positions(out_id, request.biz_id)
        listed = _listed(request)
        unlisted: list[Message] = []
        for settled in _settled(request, wanted):
            chosen = [one for one in settled if every or one.position not in taken]
            counts["settled"] += len(settled)
            counts["pushed"] += sum(one.position in taken for one in settled)
            counts["queued"] += len(chosen) if pushes else 0
            unlisted += [one for one in settled if messages.key(one) not in listed]
            if pushes and not dry_run:
                entries = [one.entry() for one in chosen]
                sending.send("receipts", bodies.of_entries("details", out_id, entries))
        counts["rowsAdded"] += _add_rows(request, unlisted, dry_run=dry_run)
    if replies:
        counts["repliesQueued"] = _replies(out_id, wanted, dry_run=dry_run)
    names = ("settled", "pushed", "queued", "rowsAdded", "repliesQueued")
    shown = {name: counts[name] for name in names}
    show(
        {"outId": out_id, "requests": len(accepted), **shown, "dryRun": dry_run},
        as_json=json,
        title="what would be told again" if dry_run else "told again",
    )


def _settled(request: SendRequest, phone: str) -> Iterator[Sequence[Message]]:
    """The messages that have their receipts, chunk by chunk."""
    for _, progress in chunks.all_progress(request.out_id, request.biz_id):
        found = messages.settled_of_chunk(request.biz_id, progress)
        yield [one for one in found if phone in ("", one.phone)]


def _listed(request: SendRequest) -> set[final_state_log.Row]:
    """Who has a row among the sending details."""
    count = final_state_log.counts(request.out_id).get(request.biz_id, 0)
    return set(final_state_log.rows(request.out_id, request.biz_id, 0, count)) if count else set()


def _add_rows(request: SendRequest, unlisted: Sequence[Message], *, dry_run: bool) -> int:
    """Add the sending details that are missing; answers how many."""
    if not unlisted:
        return 0
    # Some may have been settled, and listed, since the list was read.
    listed = _listed(request)
    missing = [one for one in unlisted if messages.key(one) not in listed]
    if not dry_run:
        for first in range(0, len(missing), push_batches.MAX_PER_CALL):
            final_state_log.append(missing[first : first + push_batches.MAX_PER_CALL])
    return len(missing)


def _replies(out_id: str, phone: str, *, dry_run: bool) -> int:
    """Queue the replies once more; answers how many."""
    names = ("outId", "phoneNum", "sendTime", "content")
    entries = [
        Entry({name: reply[name] for name in names})
        for reply in replies.of_out_id(out_id)
        if not phone or _parsed(reply["phoneNum"]) == phone
    ]
    if not dry_run:
        sending.send("receipts", bodies.of_entries("reply", out_id, entries))
    return len(entries)


def _parsed(text: str) -> str:
    try:
        return phones.parse(text)
    except ValueError:
        fail(f"{text} is not a phone number")
