"""Campaigns: what was sent, what came back, what was pushed.

The counts come from the sums that the functions keep (`kept_counts`). Where these are not complete, and on request,
everything is counted.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from chalicelib import dates
from chalicelib.domain.chunks import ChunkProgress
from chalicelib.domain.halts import Halt
from chalicelib.domain.planning import Failure
from chalicelib.domain.send_request import SendRequest
from chalicelib.store import (
    campaign_list,
    chunks,
    files,
    final_state_log,
    messages,
    pushed,
    replies,
    send_chain,
    send_requests,
)
from chalicelib.store.campaign_list import ListedRequest
from chalicelib.store.files import File
from chalicelib.store.send_requests import UnknownRequestError
from ops import campaign_states, costs, failure_words, kept_counts, not_taken
from ops.campaign_states import RequestStates, State
from ops.errors import OperatorError


@dataclass(slots=True)
class _Tally:
    """Counts of recipients, and of the failed ones by code, with the description that came with each code."""

    counts: Counter[str] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    pushed: int = 0
    reported: dict[str, str] = field(default_factory=dict)

    def add(self, other: "_Tally") -> None:
        """Add the counts of another one."""
        self.counts += other.counts
        for code, recipients in other.codes.items():
            self.fail(code, recipients, other.reported[code])
        self.pushed += other.pushed

    def fail(self, code: str, recipients: int = 1, reported: str = "") -> None:
        self.codes[code] += recipients
        self.reported[code] = self.reported.get(code) or reported

    def most_first(self) -> list[tuple[str, int]]:
        """Return the codes with their recipients, most first, and those with equally many in alphabetical order."""
        return sorted(self.codes.items(), key=lambda one: (-one[1], one[0]))

    def failures(self) -> list[dict[str, Any]]:
        return [
            {
                "code": code,
                "reason": failure_words.describe(code, self.reported[code]),
                "recipients": recipients,
            }
            for code, recipients in self.most_first()
        ]


def show(out_id: str, *, exact: bool = False) -> dict[str, Any]:
    """Return the account of a campaign. Raises OperatorError if no request was accepted under the outId."""
    return account(out_id, accepted(out_id), exact=exact)


def accepted(out_id: str) -> list[SendRequest]:
    """Return the accepted requests of a campaign, oldest first. Raises OperatorError if there is none."""
    found = send_requests.of_out_id(out_id)
    if not found:
        raise OperatorError(f"nothing was accepted under the outId {out_id}")
    return found


def account(out_id: str, accepted: Sequence[SendRequest], *, exact: bool = True) -> dict[str, Any]:
    """Return the counts of a campaign's recipients: with `exact`, from every item of the table as it is now.

    Otherwise they come from the sums that the functions keep, except for requests whose sums are not complete: an
    older release worked on them. `counted` is "sums", or "items" if items were counted, even if only those of one
    request or the replies.

    Every recipient counts in exactly one of `delivered`, `failed`, `waiting` and `unknown`; `waiting` is the sum
    of `unsent` (not sent yet) and `unreported` (sent, no receipt yet). `sent` counts those that Tencent accepted.
    `pauses` are the requests that are paused now, and why. `segments` are billed by Tencent, except for those of
    `unpriced` messages, whose fee Tencent never named; `cost` is what they cost at SEGMENT_PRICE, None without one.
    `resent` are the recipients of requests that `ops campaign resend` made: each failed under an earlier request, and
    counts there, too.
    `notTaken` and `repliesNotTaken` are what Quick Audience has not accepted so far (`not_taken.of_campaign`).
    """
    tally = _Tally()
    shown_files = []
    counted_all = False
    resent = 0
    request_states = RequestStates(consistent=True)
    states: list[State] = []
    for request in accepted:
        file = files.get(out_id, request.biz_id)
        found = None if exact else _kept(request, file)
        if found is None:
            counted_all = True
            found = _counted(request, file)
        tally.add(found)
        resent += found.counts["recipients"] if request.resend else 0
        key = out_id, request.biz_id
        states.append(request_states.of(key, found.counts, found.codes, file))
        if file:
            shown_files.append(_file(file))
    kept_replies = None if exact else replies.count(out_id)
    counted_all |= kept_replies is None
    counts = tally.counts
    counts["waiting"] = counts["unsent"] + counts["unreported"]
    return {
        "outId": out_id,
        "requests": len(accepted),
        "bizIds": [request.biz_id for request in accepted],
        "accepted": dates.to_beijing(accepted[0].accepted_at),
        "sign": accepted[0].sign,
        "templateCode": accepted[0].template_code,
        "state": campaign_states.of_campaign(states),
        "pauses": [_pause(halt) for halt in request_states.pauses],
        **{name: counts[name] for name in ("recipients", "sent", "delivered", "failed", "waiting")},
        **{name: counts[name] for name in ("unsent", "unreported", "unknown")},
        "pushed": tally.pushed,
        "notTaken": not_taken.of_campaign(out_id, exact=exact),
        "repliesNotTaken": not_taken.of_campaign(out_id, "reply", exact=exact),
        "replies": len(replies.of_out_id(out_id)) if kept_replies is None else kept_replies,
        "segments": counts["segments"],
        "unpriced": counts["unpriced"],
        "cost": costs.of_segments(counts["segments"]),
        "resent": resent,
        "failureReasons": dict(tally.most_first()),
        "failures": tally.failures(),
        "counted": "items" if counted_all else "sums",
        **({"files": shown_files} if shown_files else {}),
    }


def _pause(halt: Halt) -> dict[str, Any]:
    """Return since when a request is paused, who paused it, and why it was paused because of its failures."""
    return {
        "bizId": halt.biz_id,
        "since": dates.to_beijing(halt.at),
        "by": "failures" if halt.why else "operator",
        "reason": halt.why or None,
    }


def _kept(request: SendRequest, file: File | None) -> _Tally | None:
    """Return the counts that are kept of a request; None if they are not complete."""
    if not request.listed:
        return None
    head = final_state_log.head(request.out_id, request.biz_id)
    sums = send_chain.sums(request.out_id, request.biz_id)
    kept = kept_counts.of_request(request.recipients, request.blank, head, sums, file)
    pushed_receipts = pushed.count(request.out_id, request.biz_id)
    if kept is None or pushed_receipts is None:
        return None
    tally = _Tally(kept.counts, pushed=pushed_receipts)
    for code, (recipients, reported) in kept.failures.items():
        tally.fail(code, recipients, reported)
    _fail_without_number(request, file, tally)
    return tally


def _counted(request: SendRequest, file: File | None) -> _Tally:
    """Return the counts of a request from all of its items."""
    tally = _Tally(pushed=len(pushed.pushed_positions(request.out_id, request.biz_id)))
    for _, progress in chunks.all_progress(request.out_id, request.biz_id):
        _count(request, progress, tally)
    without_number = _fail_without_number(request, file, tally)
    tally.counts["recipients"] += without_number
    tally.counts["failed"] += without_number
    return tally


def _fail_without_number(request: SendRequest, file: File | None, tally: _Tally) -> int:
    """Count the entries that have no number as failures; return how many there are. No receipt can name them."""
    without_number = request.blank + (file.unreadable if file else 0)
    if without_number:
        tally.fail("isv.MOBILE_NUMBER_ILLEGAL", without_number)
    return without_number


def glance(out_id: str) -> dict[str, Any]:
    """Return the counts and the state of a campaign, as they were a second ago, from the sums that the functions keep.

    It costs about 2 read units for each request. `complete` says that every recipient has a final state, and every file
    is read. Raises OperatorError if no request was accepted under the outId, or if sums are not kept.
    """
    requests = accepted(out_id)
    heads = final_state_log.heads((out_id, one.biz_id) for one in requests)
    request_states = RequestStates(consistent=False)
    counts = Counter[str]()
    states: list[State] = []
    complete = True
    for one in requests:
        key = out_id, one.biz_id
        file = files.get(*key, consistent=False)
        sums = send_chain.sums(*key)
        kept = kept_counts.of_request(one.recipients, one.blank, heads[key], sums, file)
        if kept is None or not one.listed:
            raise OperatorError(
                f"the request {one.biz_id} is of an older release, which kept no sums to watch: "
                f"ops campaign show {out_id} counts its recipients"
            )
        counts += kept.counts
        states.append(request_states.of(key, kept.counts, kept.failures, file))
        complete = complete and (file is None or file.ended)
    counts["waiting"] = counts["unsent"] + counts["unreported"]
    names = ("recipients", "sent", "delivered", "failed", "waiting", "unsent", "unreported")
    return {
        "outId": out_id,
        "state": campaign_states.of_campaign(states),
        "complete": complete and not counts["waiting"] and not counts["unknown"],
        **{name: counts[name] for name in names},
        "unknown": counts["unknown"],
        "segments": counts["segments"],
        "unpriced": counts["unpriced"],
        "cost": costs.of_segments(counts["segments"]),
    }


def listed(first: date, last: date) -> Iterator[dict[str, Any]]:
    """Yield the campaigns that were accepted on these days (Beijing time), the newest first.

    Each has its counts and its state, as `show` has them. A campaign of several requests is listed once, with those
    requests that were accepted on these days. It is read in pages, as far as the caller goes on.
    """
    campaigns: dict[str, list[ListedRequest]] = {}
    for request in _listed_requests(first, last):
        campaigns.setdefault(request.out_id, []).append(request)
    states = RequestStates(consistent=False)
    every = list(campaigns.values())
    for start in range(0, len(every), campaign_list.PAGE):
        some = every[start : start + campaign_list.PAGE]
        requests = [request for campaign in some for request in campaign]
        heads = final_state_log.heads((one.out_id, one.biz_id) for one in requests)
        for campaign in some:
            yield _line(campaign, heads, states)


def _listed_requests(first: date, last: date) -> Iterator[ListedRequest]:
    day = last
    while day >= first:
        before = ""
        while True:
            page = campaign_list.page(day.isoformat(), before)
            yield from page.requests
            before = page.before
            if not before:
                break
        day -= timedelta(days=1)


def _line(
    campaign: Sequence[ListedRequest],
    heads: Mapping[tuple[str, str], final_state_log.Head],
    request_states: RequestStates,
) -> dict[str, Any]:
    counts = Counter[str]()
    states: list[State] = []
    for one in campaign:
        key = one.out_id, one.biz_id
        file = files.get(*key, consistent=False) if one.has_file else None
        sums = send_chain.sums(*key)
        kept = kept_counts.of_request(one.recipients, one.blank, heads[key], sums, file)
        if kept:
            found, codes = kept.counts, list(kept.failures)
        else:
            counted = _counted_unless_expired(key, file)
            found, codes = counted.counts, list(counted.codes)
        counts += found
        states.append(request_states.of(key, found, codes, file))
    counts["waiting"] = counts["unsent"] + counts["unreported"]
    oldest = campaign[-1]
    return {
        "outId": oldest.out_id,
        "accepted": dates.to_beijing(oldest.accepted_at),
        "sign": oldest.sign,
        "templateCode": oldest.template_code,
        "requests": len(campaign),
        **{name: counts[name] for name in ("recipients", "sent", "delivered", "failed", "waiting")},
        **{name: counts[name] for name in ("unsent", "unreported", "unknown")},
        "segments": counts["segments"],
        "unpriced": counts["unpriced"],
        "cost": costs.of_segments(counts["segments"]),
        "state": campaign_states.of_campaign(states),
    }


def _counted_unless_expired(key: tuple[str, str], file: File | None) -> _Tally:
    # A request may expire a moment before its line.
    with suppress(UnknownRequestError):
        return _counted(send_requests.get(*key), file)
    return _Tally()


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
