"""push and deliver while they die, or a call fails, at every place, with a breaker in each of its states."""

import time
from collections import Counter
from collections.abc import Callable

import pytest

from chalicelib.store import breakers, messages, pushed
from tests.support.in_process import tencent, web
from tests.support.in_process.bridge import Bridge
from tests.support.in_process.outside import FAULTS, Fault
from tests.support.in_process.pushes import BIZ, queue_many
from tests.support.in_process.quickaudience import by_phone, respond, unauthorized
from tests.support.in_process.snapshot import snapshot
from tests.support.in_process.tencent import lost

HANGS = lost(web.read_timeout, sent=False)


# --- push ----------------------------------------------------------------------------------------


def closed_then_locked_out(bridge: Bridge) -> None:
    """The first call is answered 401."""
    bridge.quick_audience.next(unauthorized)


def open_(bridge: Bridge) -> None:
    """It is open, and not to be tried yet."""
    breakers.trip("quickaudience", "401", int(time.time()))


def tried_and_taken(bridge: Bridge) -> None:
    open_(bridge)
    bridge.clock.advance(seconds=11)


def tried_and_locked_out(bridge: Bridge) -> None:
    tried_and_taken(bridge)
    bridge.quick_audience.next(unauthorized)


def tried_and_failed(bridge: Bridge) -> None:
    tried_and_taken(bridge)
    bridge.quick_audience.next(lambda: respond(500, b"oops"))


@pytest.mark.parametrize("how", FAULTS)
@pytest.mark.parametrize(
    ("state", "calls"),
    [
        (closed_then_locked_out, 1),
        (open_, 0),
        (tried_and_taken, 3),
        (tried_and_locked_out, 1),
        (tried_and_failed, 1),
    ],
)
def test_everything_is_pushed(
    bridge: Bridge,
    monkeypatch: pytest.MonkeyPatch,
    how: Fault,
    state: Callable[[Bridge], None],
    calls: int,
) -> None:
    monkeypatch.setattr("chalicelib.functions.push._PARALLEL", 1)
    queue_many(bridge, 3)
    state(bridge)
    restore = snapshot(bridge)
    names = bridge.pump.watch("push")
    assert names.count("quickaudience details") == calls
    for at, name in enumerate(names):
        restore()
        assert bridge.pump.watch("push", at, how)[at] == name
        what = f"call {at}, {name}"
        # Where the call itself fails, nobody has heard the 401, or it is the next one's answer.
        failed = name.startswith("quickaudience") and how.startswith("failed")
        assert len(bridge.quick_audience.pushes) <= (3 if failed else calls), what
        bridge.pump.run("push", hours=1)
        taken = Counter(one["outId"] for one in bridge.quick_audience.receipts)
        assert set(taken) == {"task-0", "task-1", "task-2"}, what
        # Two entries each; what was taken before the break may be told again once.
        assert max(taken.values()) <= 4, what
        assert bridge.pump.count("receipts") == bridge.pump.count("receipts-dead") == 0, what
        for number in range(3):
            assert pushed.pushed_positions(f"task-{number}", BIZ) == {0, 1}, what
        # Where it could not be closed, the next push does.
        queue_many(bridge, 1, start=3)
        bridge.pump.run("push", hours=1)
        assert breakers.get_open("quickaudience") is None, what


# --- deliver -------------------------------------------------------------------------------------

PHONES = [f"1390000000{number}" for number in range(4)]


def closed_then_silent(bridge: Bridge) -> None:
    """Two calls in a row go without an answer."""
    bridge.tencent.next("send", HANGS, HANGS)


def open_for_sends(bridge: Bridge) -> None:
    breakers.trip("tencent", "silent", int(time.time()))


def tried_and_answered(bridge: Bridge) -> None:
    open_for_sends(bridge)
    bridge.clock.advance(seconds=11)


def tried_and_not_there(bridge: Bridge) -> None:
    tried_and_answered(bridge)
    bridge.tencent.next("get_template", HANGS)


def tried_and_silent(bridge: Bridge) -> None:
    """It is there, and the send goes without an answer."""
    tried_and_answered(bridge)
    bridge.tencent.next("send", HANGS)


def tried_and_sent_in_silence(bridge: Bridge) -> None:
    tried_and_answered(bridge)
    bridge.tencent.next("send", lost(web.read_timeout, sent=True))


def tried_and_told_to_wait(bridge: Bridge) -> None:
    tried_and_answered(bridge)
    bridge.tencent.next("send", tencent.refused(1013))


@pytest.mark.parametrize("how", FAULTS)
@pytest.mark.parametrize(
    ("state", "calls"),
    [
        (closed_then_silent, 2),
        (open_for_sends, 0),
        (tried_and_answered, 4),
        (tried_and_not_there, 0),
        (tried_and_silent, 1),
        (tried_and_sent_in_silence, 1),
        (tried_and_told_to_wait, 1),
    ],
)
def test_nobody_is_sent_to_twice_and_everybody_has_an_end(
    linked: Bridge,
    monkeypatch: pytest.MonkeyPatch,
    how: Fault,
    state: Callable[[Bridge], None],
    calls: int,
) -> None:
    # One call after the other.
    linked.configure(TENCENT_PARALLEL_CALLS="4")
    monkeypatch.setattr("chalicelib.functions.sweep._HOURS_BACK", 10)
    params = [{"name": phone} for phone in PHONES]
    answer = linked.campaign(PHONES, params, code=linked.template())
    assert answer.code == "OK"
    state(linked)
    restore = snapshot(linked)
    names = linked.pump.watch("deliver")
    assert names.count("tencent sendsms") == calls
    for at, name in enumerate(names):
        restore()
        assert linked.pump.watch("deliver", at, how)[at] == name
        what = f"call {at}, {name}"
        # Where the call itself fails, its answer is the next one's.
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
        told = by_phone(linked.quick_audience.receipts)
        for phone in PHONES:
            sent = bool(linked.tencent.sent_to("86" + phone))
            assert told[phone] == ({(2, "DELIVERED")} if sent else {(1, "OUTCOME_UNKNOWN")}), what
