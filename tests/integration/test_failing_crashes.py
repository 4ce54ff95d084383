"""deliver and settle with a fault at every call, while the campaign that they work on fails and is paused for it."""

from collections import Counter

import pytest

from chalicelib.functions import release
from ops import campaign, halting
from tests.support.in_process.breaking import BrokenInvocations
from tests.support.in_process.bridge import Answer, Bridge
from tests.support.in_process.failing import PHONES, accept, state
from tests.support.in_process.final_state_logs import check_logs
from tests.support.in_process.outside import FAULTS, Fault
from tests.support.in_process.quickaudience import by_phone
from tests.support.in_process.tencent import refused, statuses

COUNT = 6


@pytest.fixture(autouse=True)
def failing(linked: Bridge, monkeypatch: pytest.MonkeyPatch) -> None:
    # One call after the other.
    linked.configure(FAILURE_ALARM="20% of 6", PAUSE_ON_FAILURES="on", TENCENT_PARALLEL_CALLS="4")
    monkeypatch.setattr("chalicelib.functions.sweep._HOURS_BACK", 10)


def check(bridge: Bridge, requests: list[Answer], what: str) -> None:
    """Let an operator resume the campaign, if it is paused, and everything end. It is not paused again."""
    resumed = [one for one in requests if state(one)]
    if resumed:
        halting.resume("task-1")
    bridge.clock.advance(seconds=61)
    release.handle(60)
    bridge.pump.run("deliver", "push", hours=3)
    assert all(state(one) == "sending" for one in resumed), what
    bridge.deliver_all()
    bridge.pump.run("settle", "push", hours=3)
    bridge.clock.advance(hours=73)
    bridge.pump.sweep()
    bridge.pump.drain("push")
    times = Counter(sms.phone for sms in bridge.tencent.sent)
    assert not times or max(times.values()) == 1, what
    reported = by_phone(bridge.quick_audience.receipts)
    assert all(len(reported[phone]) == 1 for phone in PHONES[: COUNT * len(requests)]), what
    assert check_logs(what)


@pytest.mark.parametrize("how", FAULTS)
def test_a_deliver_that_dies_or_fails_is_followed_by_one_that_pauses(
    linked: Bridge, how: Fault
) -> None:
    linked.tencent.always("send", refused(1014))
    # The event has the first one.
    requests = accept(linked, COUNT, times=2)
    broken = BrokenInvocations(linked, "deliver", how)
    for _, what in broken:
        linked.pump.run("deliver", "push", hours=3)
        shown = campaign.show("task-1")
        assert shown["state"] == "paused" if shown["unsent"] else all(map(state, requests)), what
        check(linked, requests, what)


@pytest.mark.parametrize("how", FAULTS)
def test_a_settle_that_dies_or_fails_is_followed_by_one_that_pauses(
    linked: Bridge, how: Fault
) -> None:
    requests = accept(linked, COUNT)
    linked.pump.drain("deliver")
    requests += accept(linked, COUNT, first=COUNT)
    linked.callback(statuses(linked.tencent.sent, "FAIL"))
    broken = BrokenInvocations(linked, "settle", how)
    assert broken.calls.count("dynamodb PutItem") >= 2
    for _, what in broken:
        linked.pump.run("settle", hours=1)
        states = [state(one) for one in requests]
        # A call of the pause that fails is not repeated before the next final state, and there is none.
        if "failed" not in how or all(states):
            assert states == ["paused", "paused"], what
            linked.pump.run("deliver", "push", hours=3)
        check(linked, requests, what)
