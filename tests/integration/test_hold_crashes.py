"""deliver while it dies, or a call fails, at every place, with a hold in each of its states."""

import time
from collections import Counter
from collections.abc import Callable

import pytest

from chalicelib.domain.breaker import HOLDS
from chalicelib.store import breakers, messages
from tests.support.in_process.breaking import BrokenInvocations
from tests.support.in_process.bridge import Answer, Bridge
from tests.support.in_process.final_state_logs import check_logs
from tests.support.in_process.outside import FAULTS, Fault
from tests.support.in_process.quickaudience import by_phone
from tests.support.in_process.tencent import numbers_refused, obeyed, refused
from tests.support.thoroughness import some

PHONES = [f"1390000000{number}" for number in range(4)]
LATER = "13900000009"
BAD = {(1, "isv.MOBILE_NUMBER_ILLEGAL")}


def refused_in_the_middle(bridge: Bridge) -> None:
    """The package is empty after two calls."""
    bridge.tencent.next("send", obeyed, obeyed, refused(1031))


def refused_at_once(bridge: Bridge) -> None:
    bridge.tencent.next("send", refused(1001))


def open_(bridge: Bridge) -> None:
    """It is open, and no probe is due."""
    breakers.trip("tencent-account", "Tencent 1001", int(time.time()), 1001)


def probed_and_accepted(bridge: Bridge) -> None:
    open_(bridge)
    bridge.clock.advance(seconds=61)


def probed_and_refused(bridge: Bridge) -> None:
    probed_and_accepted(bridge)
    bridge.tencent.next("send", refused(1001))


def probed_and_refused_for_another_reason(bridge: Bridge) -> None:
    """The account is accepted, and its package is empty."""
    probed_and_accepted(bridge)
    bridge.tencent.next("send", refused(1031))


def probed_with_a_bad_number(bridge: Bridge) -> None:
    probed_and_accepted(bridge)
    bridge.tencent.next("send", refused(1016))


STATES = [
    (refused_in_the_middle, 3),
    (refused_at_once, 1),
    (open_, 0),
    (probed_and_accepted, 4),
    (probed_and_refused, 1),
    (probed_and_refused_for_another_reason, 1),
    (probed_with_a_bad_number, 4),
]


@pytest.mark.parametrize("how", FAULTS)
@pytest.mark.parametrize(("state", "calls"), some(STATES, 3))
def test_nobody_is_sent_to_twice_and_nobody_fails_for_the_accounts_sake(
    linked: Bridge,
    monkeypatch: pytest.MonkeyPatch,
    how: Fault,
    state: Callable[[Bridge], None],
    calls: int,
) -> None:
    # One call after the other.
    linked.configure(TENCENT_PARALLEL_CALLS="4")
    params = [{"name": phone} for phone in PHONES]
    answer = linked.campaign(PHONES, params, code=linked.template())
    assert answer.code == "OK"
    state(linked)
    check(linked, monkeypatch, answer, how, calls, state)


@pytest.mark.parametrize("how", FAULTS)
def test_a_package_that_is_used_up_within_a_call_fails_nobody(
    linked: Bridge, monkeypatch: pytest.MonkeyPatch, how: Fault
) -> None:
    answer = linked.campaign(PHONES, {"name": "您"}, code=linked.template())
    assert answer.code == "OK"
    empty = {"86" + phone: 1031 for phone in PHONES[2:]}
    linked.tencent.next("send", numbers_refused(empty))
    check(linked, monkeypatch, answer, how, 1)


def check(
    bridge: Bridge,
    monkeypatch: pytest.MonkeyPatch,
    answer: Answer,
    how: Fault,
    calls: int,
    state: Callable[[Bridge], None] | None = None,
) -> None:
    monkeypatch.setattr("chalicelib.functions.sweep._HOURS_BACK", 10)
    broken = BrokenInvocations(bridge, "deliver", how)
    made = sum(name.startswith("tencent send") for name in broken.calls)
    assert made == calls
    for _, what in broken:
        bridge.pump.run("deliver", "push", hours=3)
        assert bridge.pump.count("sends") == bridge.pump.count("sends-dead") == 0, what
        # If the function died after it opened the hold, nobody of this campaign waits; the next one probes.
        assert bridge.campaign([LATER], {"name": "您"}, code="7000", out_id="later").code == "OK"
        bridge.pump.run("deliver", "push", hours=1)
        assert len(bridge.tencent.sent_to("86" + LATER)) == 1, what
        assert not [hold for hold in HOLDS if breakers.get_open(hold)], what
        times = Counter(sms.phone for sms in bridge.tencent.sent)
        assert not times or max(times.values()) == 1, what
        (progress,) = bridge.progress(answer)
        assert not progress.remaining_calls(), what
        bridge.deliver_all()
        bridge.pump.run("settle", "push", hours=3)
        bridge.clock.advance(hours=73)
        bridge.pump.sweep()
        bridge.pump.drain("push")
        reported = by_phone(bridge.quick_audience.receipts)
        for phone in PHONES:
            check_recipient(bridge, phone, reported[phone], f"{what}: {phone}")
        if state is probed_and_refused:
            unknown = sum(messages.of_phone("86" + phone)[0].unknown for phone in PHONES)
            assert unknown <= 1, f"{what}: a probe concerns one recipient"
        assert check_logs(what) == 2


def check_recipient(bridge: Bridge, phone: str, reported: set[tuple[int, str]], what: str) -> None:
    """A recipient was sent to once; or was refused, or is of unknown outcome because a function died."""
    sent = bridge.tencent.sent_to("86" + phone)
    (kept,) = messages.of_phone("86" + phone)
    if sent:
        assert reported == {(2, "DELIVERED")}, what
    elif reported != BAD:
        assert kept.unknown, what
        assert reported == {(1, "OUTCOME_UNKNOWN")}, what
