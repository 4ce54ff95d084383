"""The counts of one request's recipients: from the sums that the functions keep, or from every item of the table."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from chalicelib.domain.chunks import ChunkProgress
from chalicelib.domain.planning import Failure
from chalicelib.domain.send_request import SendRequest
from chalicelib.store import chunks, final_state_log, messages, pushed, send_chain
from chalicelib.store.files import File
from chalicelib.store.final_state_log import Head
from ops import failure_words, kept_counts


@dataclass(slots=True)
class RequestCounts:
    """Counts of recipients, and of the failed ones by code, with the description that came with each code."""

    counts: Counter[str] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    pushed: int = 0
    reported: dict[str, str] = field(default_factory=dict)

    def add(self, other: "RequestCounts") -> None:
        """Add the counts of another one."""
        self.counts += other.counts
        for code, recipients in other.codes.items():
            self.fail(code, recipients, other.reported[code])
        self.pushed += other.pushed

    def fail(self, code: str, recipients: int = 1, reported: str = "") -> None:
        """Count recipients who failed with a code, and keep the first description that came with it."""
        self.codes[code] += recipients
        self.reported[code] = self.reported.get(code) or reported

    def most_first(self) -> list[tuple[str, int]]:
        """Return the codes with their recipients, most first, and those with equally many in alphabetical order."""
        return sorted(self.codes.items(), key=lambda one: (-one[1], one[0]))

    def failures(self) -> list[dict[str, Any]]:
        """Return the codes of failures as the account of a campaign lists them, most recipients first."""
        return [
            {
                "code": code,
                "reason": failure_words.describe(code, self.reported[code]),
                "recipients": recipients,
            }
            for code, recipients in self.most_first()
        ]


def kept(request: SendRequest, file: File | None, head: Head | None = None) -> RequestCounts | None:
    """Return the counts that are kept of a request; None if they are not complete.

    `head` is the head of its log of final states, if it is read already.
    """
    if not request.listed:
        return None
    head = head or final_state_log.head(request.out_id, request.biz_id)
    sums = send_chain.sums(request.out_id, request.biz_id)
    sums_kept = kept_counts.of_request(request.recipients, request.blank, head, sums, file)
    pushed_receipts = pushed.count(request.out_id, request.biz_id)
    if sums_kept is None or pushed_receipts is None:
        return None
    tally = RequestCounts(sums_kept.counts, pushed=pushed_receipts)
    for code, (recipients, reported) in sums_kept.failures.items():
        tally.fail(code, recipients, reported)
    _fail_without_number(request, file, tally)
    return tally


def counted(request: SendRequest, file: File | None) -> RequestCounts:
    """Return the counts of a request from all of its items."""
    tally = RequestCounts(pushed=len(pushed.pushed_positions(request.out_id, request.biz_id)))
    for _, progress in chunks.all_progress(request.out_id, request.biz_id):
        _count(request, progress, tally)
    without_number = _fail_without_number(request, file, tally)
    tally.counts["recipients"] += without_number
    tally.counts["failed"] += without_number
    return tally


def _fail_without_number(request: SendRequest, file: File | None, tally: RequestCounts) -> int:
    """Count the entries that have no number as failures; return how many there are. No receipt can name them."""
    without_number = request.blank + (file.unreadable if file else 0)
    if without_number:
        tally.fail("isv.MOBILE_NUMBER_ILLEGAL", without_number)
    return without_number


def _count(request: SendRequest, progress: ChunkProgress, tally: RequestCounts) -> None:
    counts = tally.counts
    counts["recipients"] += len(progress.plan.phones)
    counts["unsent"] += len(progress.plan.phones) - len(progress.outcomes)
    found = messages.of_chunk(request.biz_id, progress)
    for position, outcome in progress.outcomes.items():
        if isinstance(outcome, Failure):
            counts["failed"] += 1
            tally.fail(outcome.code, reported=outcome.message)
            continue
        message = found.get(position)
        # An operator may have settled a delivery whose sid is not known.
        delivered = message and (message.sid or message.state == "delivered")
        counts["sent"] += bool(outcome or delivered)
        if message and message.sid:
            counts["segments"] += message.fee or 0
        counts["unpriced"] += bool(delivered and message and message.fee is None)
        if message is None:
            counts["unreported" if outcome else "unknown"] += 1
        elif message.state == "waiting":
            counts["unreported"] += 1
        else:
            counts[message.state] += 1
        if message and message.receipt and message.state == "failed":
            tally.fail(message.receipt.code, reported=message.receipt.reason)
