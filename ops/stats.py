"""Tencent's statistics beside the bridge's own counts."""

import re
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

from chalicelib import dates
from chalicelib.delivery import package_balance
from chalicelib.domain import periods
from chalicelib.domain.chunks import ChunkKey, ChunkProgress
from chalicelib.domain.messages import NO_RECEIPT, OUTCOME_UNKNOWN
from chalicelib.store import chunks, due_chunks, messages
from chalicelib.tencent import api
from chalicelib.tencent.answers import Package, ReportCounts, SendCounts
from chalicelib.tencent.interface import TencentApi
from ops import unknown
from ops.errors import OperatorError

_HOUR = 3600
OWN_HOURS = periods.CLOSED_AFTER_SECONDS // _HOUR
"""How far back the bridge's own counts reach: chunks are listed by hour until they are closed."""

# The rows: each name, with the statistics of Tencent and the field in it that counts the same (`tencent.answers`).
_ROWS = {
    "submitted": ("sent", "submitted"),
    "accepted": ("sent", "accepted"),
    "billed": ("sent", "billed"),
    "reported": ("reported", "reported"),
    "delivered": ("reported", "delivered"),
    "failed": ("reported", "failed"),
    "failed: operator's internal error": ("reported", "internal_errors"),
    "failed: number is invalid": ("reported", "invalid_numbers"),
    "failed: out of service or off": ("reported", "unavailable"),
    "failed: blacklist": ("reported", "blacklisted"),
    "failed: frequency limit": ("reported", "frequency_limited"),
}
_COUNTED_BY_TENCENT_ONLY = {"billed", *(name for name in _ROWS if ":" in name)}
_COUNTED_HERE_ONLY = ("waiting", "unknown")

Statistics = dict[str, SendCounts | ReportCounts]
"""Tencent's counts, by the names of its two statistics in `_ROWS`."""


def compare(first: str, last: str) -> dict[str, Any]:
    """Return Tencent's and the bridge's counts for a span of hours, `first` and `last` included.

    Both are `yyyy-MM-dd` or `yyyy-MM-dd HH` in Beijing time. In each row, `ours` is None if the span begins
    before the bridge's own counts, or if only Tencent counts this; `difference` is ours minus Tencent's.
    `packages` are those of the account in which messages are left now; None with v5.

    Raises OperatorError for what is no span.
    """
    begin, end = _hour(first, 0), _hour(last, 23)
    if end < begin:
        raise OperatorError(f"--to {last} is before --from {first}")
    client = api.client()
    theirs: Statistics = {
        "sent": client.send_counts(begin, end),
        "reported": client.report_counts(begin, end),
    }
    ours = _ours(begin // _HOUR, end // _HOUR)
    return {
        "from": dates.to_beijing(begin),
        "to": dates.to_beijing(end + _HOUR - 1),
        "counts": [_row(name, theirs, ours) for name in (*_ROWS, *_COUNTED_HERE_ONLY)],
        "packages": _packages(client),
    }


def explain(rows: list[dict[str, Any]]) -> list[str]:
    """Return the harmless reasons for the rows' differences, as sentences; nothing if there is no difference."""
    differences = {row["count"]: row["difference"] for row in rows if row["difference"]}
    repeated = differences.pop("submitted", 0)
    notes = []
    if repeated < 0:
        notes.append(
            "submitted below 0: Tencent counts every number of every call. If it refuses a call, for its rate or "
            "for one of its numbers, the bridge calls again, and Tencent counts these numbers again."
        )
    if any(difference < 0 for difference in differences.values()):
        notes.append(
            "Others below 0: another system uses the same application; messages left in these hours that were "
            "accepted in an earlier one; statuses wait in the callbacks queue; sends are of unknown outcome."
        )
    if repeated > 0 or any(difference > 0 for difference in differences.values()):
        notes.append(
            "Above 0: messages that were accepted in these hours left in a later one, or leave later; Tencent's "
            "statistics are some minutes behind its reports."
        )
    return notes


def _packages(tencent: TencentApi) -> list[dict[str, Any]] | None:
    if not tencent.reports_packages:
        return None
    return [_package(one) for one in package_balance.in_force(tencent.packages(), time.time())]


def _package(package: Package) -> dict[str, Any]:
    return {
        "package": package.id,
        "messages": package.amount,
        "used": package.used,
        "left": package_balance.left([package]),
        "expires": dates.to_beijing(package.expires_at) if package.expires_at else "",
    }


def _hour(text: str, otherwise: int) -> int:
    """Return the epoch at which an hour begins. A date alone means the hour `otherwise` of that day."""
    wrong = OperatorError(
        f"{text} is no date: write yyyy-MM-dd or “yyyy-MM-dd HH”, in Beijing time"
    )
    match = re.fullmatch(r"(\d{4}-\d{2}-\d{2})(?:[ T](\d{2}))?", text.strip())
    if match is None:
        raise wrong
    try:
        return dates.from_beijing(f"{match[1]} {match[2] or f'{otherwise:02d}'}:00:00")
    except ValueError:
        raise wrong from None


def _row(name: str, theirs: Statistics, ours: Counter[str] | None) -> dict[str, Any]:
    statistics, field = _ROWS.get(name, ("sent", ""))
    tencent: int | None = getattr(theirs[statistics], field, None)
    own = None if ours is None or name in _COUNTED_BY_TENCENT_ONLY else ours[name]
    difference = None if tencent is None or own is None else own - tencent
    return {"count": name, "tencent": tencent, "ours": own, "difference": difference}


def _ours(first: int, last: int) -> Counter[str] | None:
    """Return the bridge's counts from one hour (epoch // 3600) to another; None if some are out of reach."""
    now = int(time.time()) // _HOUR
    if first + OWN_HOURS < now:
        return None
    counts: Counter[str] = Counter()
    for hour in range(first, min(last, now) + 1):
        for _, key in due_chunks.accepted_in(hour):
            progress = chunks.progress(key)
            if progress:
                counts.update(_states(key, progress))
    return counts


def _states(key: ChunkKey, progress: ChunkProgress) -> Iterator[str]:
    """Yield what to count for each recipient of a chunk that was submitted to Tencent."""
    submitted = (position < progress.plan.first_refused for position in progress.outcomes)
    yield from ("submitted" for _ in filter(None, submitted))
    for message in messages.of_chunk(key.biz_id, progress).values():
        if message.sid:
            yield "accepted"
        if message.receipt is None:
            yield "unknown" if message.unknown else "waiting"
        elif message.receipt.code not in (
            NO_RECEIPT.code,
            OUTCOME_UNKNOWN.code,
        ) and not message.receipt.by.startswith(unknown.BY):
            yield "reported"
            yield message.receipt.state
