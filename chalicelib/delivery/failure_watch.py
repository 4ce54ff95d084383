"""Watch the failure rate of requests: raise the alarm, and by setting pause the campaign (docs/decisions/0062).

A function that appends to the log of final states knows the sums of the final states, and looks at them here. That
takes no call as long as FAILURE_ALARM is not reached.
"""

import time

from chalicelib import metrics, settings
from chalicelib.domain import failure_rates
from chalicelib.domain.chunks import SendSums
from chalicelib.domain.failure_rates import FailureRate
from chalicelib.domain.tally import Tally
from chalicelib.logs import log
from chalicelib.store.final_state_log import Head


def look(out_id: str, biz_id: str, head: Head) -> None:
    """Look at the failure rate of a request, whose log has this head.

    An error is logged and not raised, because the final states are stored and reported. The next function that
    appends looks again.
    """
    threshold = settings.load().failure_threshold
    if threshold is None or head.tally is None:
        return
    rate = failure_rates.estimate(head.tally, SendSums(), threshold[1])
    if not rate.reaches(*threshold):
        return
    try:
        _look_closer(out_id, biz_id, head.tally, threshold)
    except Exception:
        log.exception("the failure rate could not be looked at", extra={"bizId": biz_id})


def _look_closer(out_id: str, biz_id: str, tally: Tally, threshold: tuple[int, int]) -> None:
    """Look at the failure rate once more, with what was sent so far; if it is reached, raise the alarm."""
    # Imported only where failures are many.
    from chalicelib.store import send_chain  # noqa: PLC0415

    rate = failure_rates.estimate(tally, send_chain.sums(out_id, biz_id), threshold[1])
    if not rate.reaches(*threshold):
        return
    metrics.count(CampaignsFailing=1)
    log.error("campaign fails", extra={"outId": out_id, "bizId": biz_id, **_figures(rate)})
    if settings.load().pause_on_failures == "on":
        _pause(out_id, biz_id, rate)


def _figures(rate: FailureRate) -> dict[str, int]:
    return {"failed": rate.failed, "finalStates": rate.known, "percent": rate.percent}


def _pause(out_id: str, biz_id: str, rate: FailureRate) -> None:
    """Pause the requests of a campaign that were never paused, resumed or stopped.

    The request that fails comes last: once it has a halt, nothing is paused because of its failures any more.
    """
    from chalicelib.domain.halts import ends_at  # noqa: PLC0415
    from chalicelib.store import halts, send_requests  # noqa: PLC0415

    if halts.get(out_id, biz_id):
        return
    now = int(time.time())
    why = f"{rate.failed} of {rate.known} final states of {biz_id} are failures"
    requests = send_requests.of_out_id(out_id)
    for request in sorted(requests, key=lambda one: one.biz_id == biz_id):
        # A request of 72 hours ago is over.
        if now < ends_at(request.accepted_at) and halts.pause_once(request, now, why):
            log.error(
                "request paused because of failures",
                extra={"outId": out_id, "bizId": request.biz_id, **_figures(rate)},
            )
