"""push and deliver with a fault at every call, and with a breaker in each of its states."""

import time
from collections import Counter
from collections.abc import Callable

import pytest

from chalicelib.store import breakers, messages, pushed
from tests.support.in_process import tencent, web
from tests.support.in_process.breaking import BrokenInvocations
from tests.support.in_process.bridge import Bridge
from tests.support.in_process.final_state_logs import check_logs
from tests.support.in_process.outside import FAULTS, Fault
from tests.support.in_process.pushes import BIZ, queue_many
from tests.support.in_process.quickaudience import by_phone, respond, unauthorized
from tests.support.in_process.tencent import lost
from tests.support.thoroughness import some

HANGS = lost(web.read_timeout, sent=False)


# --- push ----------------------------------------------------------------------------------------


def closed_then_locked_out(bridge: Bridge) -> None:
    """Let the first call be answered with 401."""
    bridge.quick_audience.next(unauthorized)


def open_(bridge: Bridge) -> None:
    """Open the breaker; its first probe is not due yet."""
    breakers.trip("quickaudience", "401", int(time.time()))


def probed_and_accepted(bridge: Bridge) -> None:
    open_(bridge)
    bridge.clock.advance(seconds=11)


def probed_and_locked_out(bridge: Bridge) -> None:
    probed_and_accepted(bridge)
    bridge.quick_audience.next(unauthorized)


def probed_and_failed(bridge: Bridge) -> None:
    probed_and_accepted(bridge)
    bridge.quick_audience.next(lambda: respond(500, b"oops"))


@pytest.mark.parametrize("how", FAULTS)
@pytest.mark.parametrize(
    ("state", "calls"),
    [
        (closed_then_locked_out, 1),
        (open_, 0),
        (probed_and_accepted, 3),
        (probed_and_locked_out, 1),
        (probed_and_failed, 1),
    ],
)
def test_every_entry_is_pushed(
    bridge: Bridge,
    monkeypatch: pytest.MonkeyPatch,
    how: Fault,
    state: Callable[[Bridge], None],
    calls: int,
) -> None:
    monkeypatch.setattr("chalicelib.functions.push._PARALLEL", 1)
    queue_many(bridge, 3)
    state(bridge)
    broken = BrokenInvocations(bridge, "push", how)
    assert broken.calls.count("quickaudience details") == calls
    for name, what in broken:
        # If the call itself fails, its answer is lost, or the 401 answers the next call.
        failed = name.startswith("quickaudience") and how.startswith("failed")
        assert len(bridge.quick_audience.pushes) <= (3 if failed else calls), what
        bridge.pump.run("push", hours=1)
        reported = Counter(one["outId"] for one in bridge.quick_audience.receipts)
        assert set(reported) == {"task-0", "task-1", "task-2"}, what
        # Two entries each; those accepted before the fault may be reported once more.
        assert max(reported.values()) <= 4, what
        assert bridge.pump.count("receipts") == bridge.pump.count("receipts-dead") == 0, what
        for number in range(3):
            assert pushed.pushed_positions(f"task-{number}", BIZ) == {0, 1}, what
        # If the breaker could not be closed, the next push closes it.
        queue_many(bridge, 1, start=3)
        bridge.pump.run("push", hours=1)
        assert breakers.get_open("quickaudience") is None, what


# --- deliver -------------------------------------------------------------------------------------

PHONES = [f"1390000000{number}" for number in range(4)]


def closed_then_unanswered(bridge: Bridge) -> None:
    """Let two calls in a row go without an answer."""
    bridge.tencent.next("send", HANGS, HANGS)


def open_for_sends(bridge: Bridge) -> None:
    breakers.trip("tencent", "unanswered", int(time.time()))


def probed_and_answered(bridge: Bridge) -> None:
    open_for_sends(bridge)
    bridge.clock.advance(seconds=11)


def probed_and_unreachable(bridge: Bridge) -> None:
    probed_and_answered(bridge)
    bridge.tencent.next("get_template", HANGS)


def probed_and_unanswered(bridge: Bridge) -> None:
    """Let Tencent answer the probe, and leave the send without an answer."""
    probed_and_answered(bridge)
    bridge.tencent.next("send", HANGS)


def probed_and_sent_without_an_answer(bridge: Bridge) -> None:
    probed_and_answered(bridge)
    bridge.tencent.next("send", lost(web.read_timeout, sent=True))


def probed_and_refused_for_now(bridge: Bridge) -> None:
    probed_and_answered(bridge)
    bridge.tencent.next("send", tencent.refused(1013))


@pytest.mark.parametrize("how", FAULTS)
@pytest.mark.parametrize(
    ("state", "calls"),
    some(
        [
            (closed_then_unanswered, 2),
            (open_for_sends, 0),
            (probed_and_answered, 4),
            (probed_and_unreachable, 0),
            (probed_and_unanswered, 1),
            (probed_and_sent_without_an_answer, 1),
            (probed_and_refused_for_now, 1),
        ],
        2,
    ),
)
def test_every_recipient_gets_at_most_one_message_and_a_final_state(
    linked: Bridge,
    monkeypatch: pytest.MonkeyPatch,
    how: Fault,
    state: Callable[[Bridge], None],
    calls: int,
) -> None:
    # One call at a time.
    linked.configure(TENCENT_PARALLEL_CALLS="4")
    monkeypatch.setattr("chalicelib.functions.sweep._HOURS_BACK", 10)
    params = [{"name": phone} for phone in PHONES]
    answer = linked.campaign(PHONES, params, code=linked.template())
    assert answer.code == "OK"
    state(linked)
    broken = BrokenInvocations(linked, "deliver", how)
    assert broken.calls.count("tencent sendsms") == calls
    for name, what in broken:
        # If the call itself fails, its answer is given to the next call.
        most = calls + 1 if name == "tencent sendsms" and how.startswith("failed") else calls
        assert len(linked.tencent.send_calls) <= most, what
        linked.pump.run("deliver", "push", hours=3)
        assert linked.pump.count("sends") == linked.pump.count("sends-dead") == 0, what
        times = Counter(sms.phone for sms in linked.tencent.sent)
        assert not times or max(times.values()) == 1, what
        for progress in linked.progress(answer):
            assert not progress.remaining_calls(), what
        for phone in PHONES:
            (kept,) = messages.of_phone("86" + phone)
            assert kept.unknown or [kept.sid] == [
                sms.sid for sms in linked.tencent.sent_to("86" + phone)
            ], what
        linked.deliver_all()
        linked.pump.run("settle", "push", hours=3)
        linked.clock.advance(hours=73)
        linked.pump.sweep()
        linked.pump.drain("push")
        reported = by_phone(linked.quick_audience.receipts)
        for phone in PHONES:
            sent = bool(linked.tencent.sent_to("86" + phone))
            assert reported[phone] == ({(2, "DELIVERED")} if sent else {(1, "OUTCOME_UNKNOWN")}), (
                what
            )
        assert check_logs(what)
