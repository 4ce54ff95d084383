"""`ops campaign`: what was sent, what came back, what was pushed."""

from collections import Counter
from typing import Annotated, Any

import typer

from chalicelib import dates
from chalicelib.domain.chunks import ChunkProgress
from chalicelib.domain.planning import Failure
from chalicelib.domain.send_request import SendRequest
from chalicelib.store import chunks, files, messages, pushed, replies, send_requests
from chalicelib.store.files import File
from ops.output import Json, Stage, command, fail, show

app = typer.Typer(no_args_is_help=True, help="Campaigns, by their outId.")


@app.command("show")
@command
def show_(
    out_id: Annotated[str, typer.Argument(metavar="OUT_ID", help="Quick Audience's outId.")],
    stage: Stage = "local",
    json: Json = False,
) -> None:
    """Counts of a campaign's recipients, from what the table says now."""
    accepted = send_requests.of_out_id(out_id)
    if not accepted:
        fail(f"nothing was accepted under the outId {out_id}")
    show(account(out_id, accepted), as_json=json, title=f"outId {out_id}")


def account(out_id: str, accepted: list[SendRequest]) -> dict[str, Any]:
    """Every recipient counted in exactly one of delivered, failed, waiting and unknown."""
    counts: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    shown = []
    for request in accepted:
        taken = pushed.pushed_positions(out_id, request.biz_id)
        counts["pushed"] += len(taken)
        for _, progress in chunks.all_progress(out_id, request.biz_id):
            _count(request, progress, counts, reasons)
        if file := files.get(out_id, request.biz_id):
            # Nobody can be told of these: there is no number in their lines.
            counts["recipients"] += file.unreadable
            counts["failed"] += file.unreadable
            reasons += Counter({"isv.MOBILE_NUMBER_ILLEGAL": file.unreadable})
            shown.append(_file(file))
    return {
        "outId": out_id,
        "requests": len(accepted),
        "bizIds": [request.biz_id for request in accepted],
        "accepted": dates.to_beijing(accepted[0].accepted_at),
        "sign": accepted[0].sign,
        "templateCode": accepted[0].template_code,
        **{name: counts[name] for name in ("recipients", "sent", "delivered", "failed", "waiting")},
        **{name: counts[name] for name in ("unknown", "pushed")},
        "replies": len(replies.of_out_id(out_id)),
        "failureReasons": dict(reasons.most_common()),
        **({"files": shown} if shown else {}),
    }


def _file(file: File) -> dict[str, Any]:
    """How far a file of §5 is read. `recipients` above are those of the lines read so far."""
    return {
        "bizId": file.biz_id,
        "state": file.state,
        "reason": file.reason,
        "lines": file.lines,
        "read": file.line,
        "repeated": file.repeated,
        "withoutNumber": file.unreadable,
        "badLines": [f"{number}: {what}" for number, what in file.bad],
    }


def _count(
    request: SendRequest, progress: ChunkProgress, counts: Counter[str], reasons: Counter[str]
) -> None:
    counts["recipients"] += len(progress.plan.phones)
    counts["waiting"] += len(progress.plan.phones) - len(progress.outcomes)
    found = messages.of_chunk(request.biz_id, progress)
    for position, outcome in progress.outcomes.items():
        if isinstance(outcome, Failure):
            counts["failed"] += 1
            reasons[outcome.code] += 1
            continue
        message = found.get(position)
        # An operator may know of a delivery whose sid nobody does.
        arrived = message and (message.sid or message.state == "delivered")
        counts["sent"] += bool(outcome or arrived)
        if message:
            counts[message.state] += 1
        else:
            counts["waiting" if outcome else "unknown"] += 1
        if message and message.receipt and message.state == "failed":
            reasons[message.receipt.code] += 1
