"""The campaigns that were accepted on some days, each in a line with its counts and its state."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date, timedelta
from typing import Any

from chalicelib import dates
from chalicelib.store import campaign_list, files, final_state_log, send_chain, send_requests
from chalicelib.store.campaign_list import ListedRequest
from chalicelib.store.files import File
from chalicelib.store.send_requests import UnknownRequestError
from ops import campaign_states, costs, kept_counts, request_counts
from ops.campaign_states import RequestStates, State
from ops.request_counts import RequestCounts

_COUNTED = ("sent", "delivered", "failed", "waiting", "unsent", "unreported", "unknown")
_BILLED = ("segments", "unpriced", "cost")


def listed(first: date, last: date, *, from_sums: bool = False) -> Iterator[dict[str, Any]]:
    """Yield the campaigns that were accepted on these days (Beijing time), the newest first.

    Each has its counts and its state, as `show` has them. A campaign of several requests is listed once, with those
    requests that were accepted on these days. It is read in pages, as far as the caller goes on.

    The items of a request whose sums are not complete are counted. With `from_sums` they are not: the counts of its
    campaign, except for `recipients`, and its state are None.
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
            yield _line(campaign, heads, states, from_sums=from_sums)


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
    *,
    from_sums: bool,
) -> dict[str, Any]:
    counts = Counter[str]()
    states: list[State] = []
    is_known = True
    for one in campaign:
        key = one.out_id, one.biz_id
        file = files.get(*key, consistent=False) if one.has_file else None
        sums = send_chain.sums(*key)
        kept = kept_counts.of_request(one.recipients, one.blank, heads[key], sums, file)
        if kept:
            found, codes = kept.counts, list(kept.failures)
        elif from_sums:
            is_known = False
            counts["recipients"] += one.recipients
            continue
        else:
            counted = _counted_unless_expired(key, file)
            found, codes = counted.counts, list(counted.codes)
        counts += found
        states.append(request_states.of(key, found, codes, file))
    counts["waiting"] = counts["unsent"] + counts["unreported"]
    oldest = campaign[-1]
    line = {
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
        "state": campaign_states.of_campaign(states) if is_known else None,
    }
    return line if is_known else line | dict.fromkeys((*_COUNTED, *_BILLED))


def _counted_unless_expired(key: tuple[str, str], file: File | None) -> RequestCounts:
    # A request may expire a moment before its line.
    with suppress(UnknownRequestError):
        return request_counts.counted(send_requests.get(*key), file)
    return RequestCounts()
