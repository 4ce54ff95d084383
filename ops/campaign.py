"""Campaigns: what was sent, what came back, what was pushed.

The counts come from the sums that the functions keep (`kept_counts`). Where these are not complete, and on request,
everything is counted.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from chalicelib import dates
from chalicelib.domain.halts import Halt
from chalicelib.domain.send_request import SendRequest
from chalicelib.store import (
    files,
    final_state_log,
    halts,
    replies,
    send_chain,
    send_requests,
)
from chalicelib.store.files import File
from ops import campaign_states, costs, kept_counts, not_taken, request_counts
from ops.campaign_states import RequestStates, State
from ops.errors import OperatorError
from ops.request_counts import RequestCounts


class NoSumsError(OperatorError):
    """The sums of a campaign are not complete, because an older release worked on it: its items have to be counted."""

    def __init__(self, out_id: str) -> None:
        super().__init__(f"no sums are kept of {out_id}: ops campaign show {out_id} counts it")


def show(out_id: str, *, exact: bool = False, from_sums: bool = False) -> dict[str, Any]:
    """Return the account of a campaign. Raises OperatorError if no request was accepted under the outId."""
    found = accepted(out_id, consistent=not from_sums)
    return account(out_id, found, exact=exact, from_sums=from_sums)


def accepted(out_id: str, *, consistent: bool = True) -> list[SendRequest]:
    """Return the accepted requests of a campaign, oldest first. Raises OperatorError if there is none."""
    found = send_requests.of_out_id(out_id, consistent=consistent)
    if not found:
        raise OperatorError(f"nothing was accepted under the outId {out_id}")
    return found


def account(
    out_id: str, accepted: Sequence[SendRequest], *, exact: bool = True, from_sums: bool = False
) -> dict[str, Any]:
    """Return the counts of a campaign's recipients: with `exact`, from every item of the table as it is now.

    Otherwise they come from the sums that the functions keep, except for requests whose sums are not complete: an
    older release worked on them. `counted` is "sums", or "items" if items were counted, even if only those of one
    request or the replies. With `from_sums`, nothing is counted: NoSumsError is raised instead. What the requests have
    in common is then read at once, as it was a second ago, so that each request costs 1.5 read units.

    Every recipient counts in exactly one of `delivered`, `failed`, `waiting` and `unknown`; `waiting` is the sum
    of `unsent` (not sent yet) and `unreported` (sent, no receipt yet). `sent` counts those that Tencent accepted.
    `pauses` are the requests that are paused now, and why. `segments` are billed by Tencent, except for those of
    `unpriced` messages, whose fee Tencent never named; `cost` is what they cost at SEGMENT_PRICE, None without one.
    `resent` are the recipients of requests that `ops campaign resend` made: each failed under an earlier request, and
    counts there, too.
    `notTaken` and `repliesNotTaken` are what Quick Audience has not accepted so far (`not_taken.of_campaign`).
    """
    tally = RequestCounts()
    shown_files = []
    counted_all = False
    resent = 0
    shared = _Shared(out_id, accepted) if from_sums else None
    request_states = RequestStates(consistent=not shared, halts_of=shared.halts if shared else None)
    states: list[State] = []
    for request in accepted:
        file = shared.files.get(request.biz_id) if shared else files.get(out_id, request.biz_id)
        head = shared.heads[out_id, request.biz_id] if shared else None
        found = None if exact else request_counts.kept(request, file, head)
        if found is None:
            if from_sums:
                raise NoSumsError(out_id)
            counted_all = True
            found = request_counts.counted(request, file)
        tally.add(found)
        resent += found.counts["recipients"] if request.resend else 0
        key = out_id, request.biz_id
        states.append(request_states.of(key, found.counts, found.codes, file))
        if file:
            shown_files.append(_file(file))
    kept_replies = None if exact else replies.count(out_id)
    if kept_replies is None and from_sums:
        raise NoSumsError(out_id)
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


class _Shared:
    """What is read at once for all requests of an outId, as it was a second ago."""

    def __init__(self, out_id: str, accepted: Sequence[SendRequest]) -> None:
        self.files = files.of_out_id(out_id, consistent=False)
        self.halts = halts.of_out_id(out_id)
        self.heads = final_state_log.heads((out_id, one.biz_id) for one in accepted)


def _pause(halt: Halt) -> dict[str, Any]:
    """Return since when a request is paused, who paused it, and why it was paused because of its failures."""
    return {
        "bizId": halt.biz_id,
        "since": dates.to_beijing(halt.at),
        "by": "failures" if halt.why else "operator",
        "reason": halt.why or None,
    }


def glance(out_id: str) -> dict[str, Any]:
    """Return the counts and the state of a campaign, as they were a second ago, from the sums that the functions keep.

    It costs about one read unit for each request, and two more. `complete` says that every recipient has a final state,
    and every file is read. Raises OperatorError if no request was accepted under the outId, or if sums are not kept.
    """
    requests = accepted(out_id)
    shared = _Shared(out_id, requests)
    request_states = RequestStates(consistent=False, halts_of=shared.halts)
    counts = Counter[str]()
    states: list[State] = []
    complete = True
    for one in requests:
        key = out_id, one.biz_id
        file = shared.files.get(one.biz_id)
        sums = send_chain.sums(*key)
        kept = kept_counts.of_request(one.recipients, one.blank, shared.heads[key], sums, file)
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
