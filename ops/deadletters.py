"""`ops deadletters`: what failed for good, and sending it again."""

import json as js
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, get_args

import typer

from chalicelib import aws, dates
from chalicelib.domain import sign_names
from chalicelib.domain.queue_names import QueueName
from chalicelib.logs import mask, mask_numbers
from chalicelib.queues import sending
from chalicelib.store import messages
from chalicelib.tencent import events
from ops.doctor import waiting
from ops.output import Json, Stage, command, fail, show, show_rows, warn

app = typer.Typer(no_args_is_help=True, help="Dead letters: queue messages that failed for good.")

QUEUES: tuple[QueueName, ...] = get_args(QueueName)
_COLUMNS = ("queue", "age", "outId", "bizId", "sid", "entries", "what")

# How long a dead letter is in hand, unless it is given back: enough to look through all of them. Should
# the command be killed, they are there again after this time.
_HELD_SECONDS = 300
# SQS asks all of its servers only where it may wait.
_WAIT_SECONDS = 1
# Receives, changes, deletions: SQS takes no more at once.
_MOST = 10
# Of the entries of a message, so many are shown.
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Dead:
    """A dead letter in hand. `sent_at`, an epoch, is when it was queued first."""

    queue: QueueName
    id: str
    body: str
    handle: str
    sent_at: int


@app.command("list")
@command
def list_(
    limit: Annotated[int, typer.Option(min=1, help="So many of each queue at most.")] = 20,
    stage: Stage = "local",
    json: Json = False,
) -> None:
    """What failed for good, in each queue. Looking takes nothing away.

    While they are looked at, dead letters are in hand and nobody else finds them; they are given
    back at the end. Counts are SQS's own, and may be a minute old.

    Example: ops deadletters list --limit 100
    """
    counts = {queue: waiting(f"{queue}-dead") for queue in QUEUES}
    # Where SQS knows of none, a glance is enough.
    waits = {queue: _WAIT_SECONDS if count else 0 for queue, count in counts.items()}
    found = [one for queue in QUEUES for one in _look(queue, limit, waits[queue])]
    rows = [_row(one) for one in found]
    if json:
        show({"counts": counts, "messages": rows}, as_json=True)
    else:
        show(counts, as_json=False, title="dead letters")
        if rows:
            show_rows(rows, _COLUMNS, as_json=False, empty="")
    for queue, count in counts.items():
        listed = sum(one.queue == queue for one in found)
        if count > listed:
            warn(f"{queue}: {listed} of about {count} are listed; --limit lists more")


@app.command()
@command
def replay(
    queue: Annotated[QueueName | None, typer.Option(help="Those of one queue.")] = None,
    out_id: Annotated[
        str,
        typer.Option(
            metavar="OUT_ID",
            help="Those of one campaign. Of Tencent's callbacks, those whose message is known.",
        ),
    ] = "",
    limit: Annotated[int | None, typer.Option(min=1, help="So many in all, at most.")] = None,
    every: Annotated[bool, typer.Option("--all", help="All that there are.")] = False,
    stage: Stage = "local",
    json: Json = False,
) -> None:
    """Send dead letters again: into the queue that they came from, byte for byte.

    A dead letter is deleted once its copy is queued. Cut off in between, it is done twice, and that
    is harmless in every queue:

    sends: recipients who were sent to, or perhaps were, are not sent to again, since each chunk is
    claimed once; the others are sent to now. After 72 hours (and the sweep) all of them were told
    that they failed, and nobody is sent to.
    callbacks: what was settled before is not settled again, only told, if it was not.
    receipts: Quick Audience hears the same receipt or reply again, if it has it.
    files: the file is read on from where it was left, and who stands there is sent to, however long
    ago it was accepted.

    Mend the cause first: a copy has all its tries before it, and may become a dead letter again.

    Examples:
    ops deadletters replay --queue receipts
    ops deadletters replay --out-id 20260302-spring
    ops deadletters replay --queue sends --limit 1
    ops deadletters replay --all
    """
    if not (queue or out_id or limit or every):
        fail("say which: --queue, --out-id, --limit, or --all")
    rows: list[dict[str, Any]] = []
    left = limit
    for one in [queue] if queue else QUEUES:
        if left == 0:
            break
        replayed, passed = _replay(one, out_id, left)
        rows.append({"queue": one, "replayed": replayed, "passedOver": passed})
        left = None if left is None else left - replayed
    show_rows(rows, ("queue", "replayed", "passedOver"), as_json=json, empty="")


def _look(queue: QueueName, limit: int, wait: int) -> list[Dead]:
    held: list[Dead] = []
    try:
        for batch in _take(queue, wait):
            held += batch
            if len(held) >= limit:
                break
    finally:
        _give_back(queue, held)
    return held[:limit]


def _replay(queue: QueueName, out_id: str, most: int | None) -> tuple[int, int]:
    """Send again what is of an outId; answers how many that were, and how many were not."""
    held: list[Dead] = []
    replayed = 0
    try:
        for batch in _take(queue, _WAIT_SECONDS):
            held += batch
            wanted = [one for one in batch if not out_id or out_id in _out_ids(one)]
            chosen = wanted if most is None else wanted[: most - replayed]
            sending.send_texts(queue, (one.body for one in chosen))
            _delete(queue, chosen)
            replayed += len(chosen)
            held[-len(batch) :] = [one for one in batch if one not in chosen]
            if replayed == most:
                break
    finally:
        _give_back(queue, held)
    return replayed, len(held)


def _take(queue: QueueName, wait: int) -> Iterator[list[Dead]]:
    """A queue's dead letters, each once. Whoever takes them deletes them or gives them back."""
    seen: set[str] = set()
    while True:
        answer = aws.sqs().receive_message(
            QueueUrl=_url(queue),
            MaxNumberOfMessages=_MOST,
            VisibilityTimeout=_HELD_SECONDS,
            WaitTimeSeconds=wait,
            MessageSystemAttributeNames=["SentTimestamp"],
        )
        taken = [
            Dead(
                queue,
                message["MessageId"],
                message["Body"],
                message["ReceiptHandle"],
                int(message["Attributes"]["SentTimestamp"]) // 1000,
            )
            for message in answer.get("Messages", [])
        ]
        if not taken:
            return
        # Those in hand for longer than _HELD_SECONDS come again.
        if fresh := [one for one in taken if one.id not in seen]:
            seen.update(one.id for one in fresh)
            yield fresh


def _give_back(queue: QueueName, held: Sequence[Dead]) -> None:
    for first in range(0, len(held), _MOST):
        aws.sqs().change_message_visibility_batch(
            QueueUrl=_url(queue),
            Entries=[
                {"Id": str(number), "ReceiptHandle": one.handle, "VisibilityTimeout": 0}
                for number, one in enumerate(held[first : first + _MOST])
            ],
        )


def _delete(queue: QueueName, replayed: Sequence[Dead]) -> None:
    if not replayed:
        return
    failed = (
        aws.sqs()
        .delete_message_batch(
            QueueUrl=_url(queue),
            Entries=[
                {"Id": str(number), "ReceiptHandle": one.handle}
                for number, one in enumerate(replayed)
            ],
        )
        .get("Failed", [])
    )
    if failed:
        warn(f"{queue}: {len(failed)} were queued again and are still among the dead letters")


def _url(queue: QueueName) -> str:
    return sending.url(f"{queue}-dead")


# --- what stands in them ------------------------------------------------------------------------


def _out_ids(dead: Dead) -> set[str]:
    """The campaigns that a dead letter belongs to, as far as anybody can tell."""
    try:
        body = js.loads(dead.body)
        if dead.queue != "callbacks":
            return {body["outId"]}
        of_statuses = messages.find(
            (events.phone_of(status), str(status.get("sid") or "")[: messages.MAX_SID])
            for status in body.get("statuses", [])
        ).values()
        of_replies = (
            messages.newest_of_sign(
                events.phone_of(reply), sign_names.normal(str(reply.get("sign") or ""))
            )
            for reply in body.get("replies", [])
        )
        return {one.origin.out_id for one in [*of_statuses, *of_replies] if one}
    except (ValueError, LookupError, TypeError, AttributeError):
        return set()


def _row(dead: Dead) -> dict[str, Any]:
    common = {
        "queue": dead.queue,
        "queued": dates.to_beijing(dead.sent_at),
        "age": _age(int(time.time()) - dead.sent_at),
        **dict.fromkeys(_COLUMNS[2:]),
    }
    try:
        return common | _content(dead.queue, js.loads(dead.body))
    except (ValueError, LookupError, TypeError, AttributeError):
        return common | {"what": f"not understood: {mask_numbers(dead.body[:200])}"}


def _content(queue: QueueName, body: Any) -> dict[str, Any]:
    """What a message is about, without whole phone numbers."""
    if queue == "callbacks":
        statuses, replies = body.get("statuses", []), body.get("replies", [])
        shown = [_status(one) for one in statuses[:_SHOWN]]
        shown += [_reply(events.phone_of(one), str(one.get("text"))) for one in replies[:_SHOWN]]
        return {
            "sid": next((str(one.get("sid")) for one in statuses), None),
            **_entries(shown, len(statuses) + len(replies)),
        }
    named = {"outId": body["outId"], "bizId": body.get("bizId")}
    if queue == "sends":
        return named | {"what": f"recipients from {body['start']} on, attempt {body['attempt']}"}
    if queue == "files":
        return named | {"what": "a file that is not read to its end"}
    entries = body["entries"]
    if body["kind"] == "reply":
        shown = [_reply(one["phoneNum"], one["content"]) for one in entries[:_SHOWN]]
    else:
        shown = [f"{mask(one['phoneNum'])} {one['errCode']}" for one in entries[:_SHOWN]]
        named["bizId"] = next((one["at"][0] for one in entries), None)
    return named | _entries(shown, len(entries))


def _entries(shown: list[str], count: int) -> dict[str, Any]:
    more = [f"{count - len(shown)} more"] if count > len(shown) else []
    return {"entries": count, "what": ", ".join([*shown, *more])}


def _status(status: dict[str, Any]) -> str:
    said = (str(status.get(name) or "") for name in ("report_status", "errmsg"))
    return " ".join([mask(events.phone_of(status)), *(mask_numbers(one[:40]) for one in said)])


def _reply(phone: str, text: str) -> str:
    return f"reply of {mask(phone)}: {mask_numbers(text[:40])}"


def _age(seconds: int) -> str:
    """In the two largest units that it has."""
    minutes = max(0, seconds) // 60
    days, hours = divmod(minutes // 60, 24)
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {minutes % 60} min" if hours else f"{minutes} min"
