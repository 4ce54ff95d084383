"""Campaigns: what was sent, what came back, what was pushed."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from chalicelib import dates
from chalicelib.domain.chunks import ChunkProgress
from chalicelib.domain.planning import Failure
from chalicelib.domain.send_request import SendRequest
from chalicelib.store import chunks, files, messages, pushed, replies, send_requests
from chalicelib.store.files import File
from ops import failure_words
from ops.errors import OperatorError


@dataclass(slots=True)
class _Tally:
    """Counts of recipients, and of the failed ones by code, with the description that came with each code."""

    counts: Counter[str] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    reported: dict[str, str] = field(default_factory=dict)

    def fail(self, code: str, recipients: int = 1, reported: str = "") -> None:
        self.codes[code] += recipients
        self.reported[code] = self.reported.get(code) or reported

    def failures(self) -> list[dict[str, Any]]:
        return [
            {
                "code": code,
                "reason": failure_words.describe(code, self.reported[code]),
                "recipients": recipients,
            }
            for code, recipients in self.codes.most_common()
        ]


def show(out_id: str) -> dict[str, Any]:
    """Return the account of a campaign. Raises OperatorError if no request was accepted under the outId."""
    return account(out_id, accepted(out_id))


def accepted(out_id: str) -> list[SendRequest]:
    """Return the accepted requests of a campaign, oldest first. Raises OperatorError if there is none."""
    found = send_requests.of_out_id(out_id)
    if not found:
        raise OperatorError(f"nothing was accepted under the outId {out_id}")
    return found


def account(out_id: str, accepted: list[SendRequest]) -> dict[str, Any]:
    """Return the counts of a campaign's recipients, from the table as it is now.

    Every recipient counts in exactly one of `delivered`, `failed`, `waiting` and `unknown`; `waiting` is the sum
    of `unsent` (not sent yet) and `unreported` (sent, no receipt yet). `sent` counts those that Tencent accepted.
    """
    tally = _Tally()
    shown_files = []
    for request in accepted:
        tally.counts["pushed"] += len(pushed.pushed_positions(out_id, request.biz_id))
        for _, progress in chunks.all_progress(out_id, request.biz_id):
            _count(request, progress, tally)
        if request.blank:
            # No receipt can name an entry without a number.
            tally.counts["recipients"] += request.blank
            tally.counts["failed"] += request.blank
            tally.fail("isv.MOBILE_NUMBER_ILLEGAL", request.blank)
        if file := files.get(out_id, request.biz_id):
            # Their lines hold no number, so no receipt can be sent for them.
            tally.counts["recipients"] += file.unreadable
            tally.counts["failed"] += file.unreadable
            if file.unreadable:
                tally.fail("isv.MOBILE_NUMBER_ILLEGAL", file.unreadable)
            shown_files.append(_file(file))
    counts = tally.counts
    counts["waiting"] = counts["unsent"] + counts["unreported"]
    return {
        "outId": out_id,
        "requests": len(accepted),
        "bizIds": [request.biz_id for request in accepted],
        "accepted": dates.to_beijing(accepted[0].accepted_at),
        "sign": accepted[0].sign,
        "templateCode": accepted[0].template_code,
        **{name: counts[name] for name in ("recipients", "sent", "delivered", "failed", "waiting")},
        **{name: counts[name] for name in ("unsent", "unreported", "unknown", "pushed")},
        "replies": len(replies.of_out_id(out_id)),
        "failureReasons": dict(tally.codes.most_common()),
        "failures": tally.failures(),
        **({"files": shown_files} if shown_files else {}),
    }


def _file(file: File) -> dict[str, Any]:
    """Return how far a file of §5 is read. The account's `recipients` are those of the lines read so far."""
    return {
        "bizId": file.biz_id,
        "state": file.state,
        "reason": file.reason,
        "lines": file.lines,
        "read": file.line,
        "repeated": file.repeated,
        "withoutNumber": file.unreadable,
        "badLines": [f"{number}: {problem}" for number, problem in file.bad],
    }


def _count(request: SendRequest, progress: ChunkProgress, tally: _Tally) -> None:
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
        if message is None:
            counts["unreported" if outcome else "unknown"] += 1
        elif message.state == "waiting":
            counts["unreported"] += 1
        else:
            counts[message.state] += 1
        if message and message.receipt and message.state == "failed":
            tally.fail(message.receipt.code, reported=message.receipt.reason)
