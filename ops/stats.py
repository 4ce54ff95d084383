"""`ops stats`: Tencent's statistics beside our own counts."""

import re
import time
from collections import Counter
from collections.abc import Iterator
from typing import Annotated, Any

import typer

from chalicelib import dates
from chalicelib.domain import periods
from chalicelib.domain.chunks import ChunkKey, ChunkProgress
from chalicelib.domain.messages import NO_RECEIPT, OUTCOME_UNKNOWN
from chalicelib.store import chunks, due_chunks, messages
from chalicelib.tencent import v5
from ops.output import Json, Stage, command, fail, show, show_rows, warn

_HOUR = 3600
# Ours are found among the chunks that are not closed yet, and they are closed after this long.
_OURS_HOURS = periods.CLOSED_AFTER_SECONDS // _HOUR

# What is shown, by our name: Tencent's statistics and field of it, and what the document says it is.
_ROWS = {
    "submitted": ("sent", "request"),
    "accepted": ("sent", "success"),
    "billed": ("sent", "bill_number"),
    "reported": ("reported", "status"),
    "delivered": ("reported", "status_success"),
    "failed": ("reported", "status_fail"),
    "failed: operator's internal error": ("reported", "status_fail_0"),
    "failed: number is invalid": ("reported", "status_fail_1"),
    "failed: out of service or off": ("reported", "status_fail_2"),
    "failed: blacklist": ("reported", "status_fail_3"),
    "failed: frequency limit": ("reported", "status_fail_4"),
}
# Of these, we count nothing to compare.
_TENCENTS = {"billed", *(name for name in _ROWS if ":" in name)}
# And of these, Tencent doesn't.
_OURS = ("waiting", "unknown")


@command
def stats(
    first: Annotated[
        str,
        typer.Option("--from", metavar="DATE", help="yyyy-MM-dd, or yyyy-MM-dd HH; Beijing time."),
    ],
    last: Annotated[
        str,
        typer.Option("--to", metavar="DATE", help="The same; the day or hour itself is included."),
    ],
    stage: Stage = "local",
    json: Json = False,
) -> None:
    """Tencent's statistics beside our own counts for the same hours.

    Tencent counts what its application was asked for in these hours; we count
    what came of the requests that we accepted in them. Differences that mean
    nothing: messages that left in a later hour than they were accepted, other
    systems that use the same application, calls that were made again after a
    refusal, reports younger than Tencent's statistics. What is "unknown" here
    (sends without an answer) Tencent may have counted.

    Our own counts reach back 72 hours, when campaigns are closed and listed by
    hour no more. Before that, Tencent's numbers stand alone.
    """
    begin, end = _hour(first, 0), _hour(last, 23)
    if end < begin:
        fail(f"--to {last} is before --from {first}")
    client = v5.client()
    theirs = {
        "sent": client.pullsendstatus(begin, end),
        "reported": client.pullcallbackstatus(begin, end),
    }
    ours = _ours(begin // _HOUR, end // _HOUR)
    if ours is None:
        warn(f"our own counts reach back {_OURS_HOURS} hours only: Tencent's stand alone")
    rows = [_row(name, theirs, ours) for name in (*_ROWS, *_OURS)]
    if json:
        span = {"from": dates.to_beijing(begin), "to": dates.to_beijing(end + _HOUR - 1)}
        show(span | {"counts": rows}, as_json=True)
        return
    show_rows(rows, ("count", "tencent", "ours", "difference"), as_json=False, empty="")


def _hour(text: str, otherwise: int) -> int:
    """The epoch at which an hour begins; a date alone means that hour of it."""
    wrong = f"{text} is no date: write yyyy-MM-dd or “yyyy-MM-dd HH”, in Beijing time"
    match = re.fullmatch(r"(\d{4}-\d{2}-\d{2})(?:[ T](\d{2}))?", text.strip())
    if match is None:
        fail(wrong)
    try:
        return dates.from_beijing(f"{match[1]} {match[2] or f'{otherwise:02d}'}:00:00")
    except ValueError:
        fail(wrong)


def _row(name: str, theirs: dict[str, dict[str, int]], ours: Counter[str] | None) -> dict[str, Any]:
    statistics, field = _ROWS.get(name, ("sent", ""))
    tencents = theirs[statistics].get(field)
    own = None if ours is None or name in _TENCENTS else ours[name]
    difference = None if tencents is None or own is None else own - tencents
    return {"count": name, "tencent": tencents, "ours": own, "difference": difference}


def _ours(first: int, last: int) -> Counter[str] | None:
    """Our counts for the hours from one epoch's to another's; None where some are out of reach."""
    now = int(time.time()) // _HOUR
    if first + _OURS_HOURS < now:
        return None
    counts: Counter[str] = Counter()
    for hour in range(first, min(last, now) + 1):
        for _, pointer in due_chunks.accepted_in(hour):
            progress = chunks.progress(pointer)
            if progress:
                counts.update(_states(pointer, progress))
    return counts


def _states(pointer: ChunkKey, progress: ChunkProgress) -> Iterator[str]:
    """What is counted of each of a chunk's recipients who was submitted to Tencent."""
    submitted = (position < progress.plan.first_refused for position in progress.outcomes)
    yield from ("submitted" for _ in filter(None, submitted))
    for message in messages.of_chunk(pointer.biz_id, progress).values():
        if message.sid:
            yield "accepted"
        if message.receipt is None:
            yield "unknown" if message.unknown else "waiting"
        elif message.receipt.code not in (
            NO_RECEIPT.code,
            OUTCOME_UNKNOWN.code,
        ) and not message.receipt.by.startswith("ops:"):
            yield "reported"
            yield message.receipt.state
