"""deliver: the limits of calls hold, and recipients whose call is not allowed in time wait for another attempt."""

import itertools
import threading
import time
from collections import Counter
from typing import Any

import pytest

from chalicelib.store import breakers
from chalicelib.tencent import throttle
from tests.support.in_process import tencent
from tests.support.in_process.bridge import Bridge
from tests.support.in_process.events import timeout
from tests.support.in_process.sends import outcomes, times_sent

PHONES = [f"139{number:08d}" for number in range(80)]


class VirtualTime:
    """A clock that moves while a call waits for the throttle."""

    def __init__(self, bridge: Bridge) -> None:
        self._bridge = bridge

    def time(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.time()

    def sleep(self, seconds: float) -> None:
        self._bridge.clock.advance(seconds=seconds)


def test_recipients_whose_call_is_not_allowed_in_time_wait_for_another_attempt(
    linked: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A function that waited for the throttle until its time-out would leave its remaining recipients unknown."""
    linked.configure(TENCENT_CALLS_PER_SECOND="1", TENCENT_PARALLEL_CALLS="4")
    monkeypatch.setattr(throttle, "time", VirtualTime(linked))
    params = [{"name": phone} for phone in PHONES]
    answer = linked.campaign(PHONES, params, code=linked.template())
    start = time.time()
    while linked.pump.count("sends"):
        linked.clock.move_to(max(time.time(), *linked.pump.due("deliver")) + 0.001)
        began = time.time()
        # All chunks in one event, as Lambda delivers them.
        linked.pump.invoke_once("deliver", batch=5)
        assert time.time() - began < timeout("deliver") - 20
    assert not linked.pump.failures
    assert times_sent(linked) == Counter(PHONES)
    assert outcomes(linked, answer) == {sms.phone[2:]: sms.sid for sms in linked.tencent.sent}
    times = [call.at for call in linked.tencent.send_calls]
    # One of four functions: a call in four seconds.
    assert all(later - earlier >= 4 for earlier, later in itertools.pairwise(times))
    assert time.time() - start >= 4 * (len(PHONES) - 1)


def test_there_are_never_more_calls_at_once_than_allowed(linked: Bridge) -> None:
    linked.configure(TENCENT_PARALLEL_CALLS="12")
    # Three for each of four functions. The first three wait for each other, so they are made at the same time.
    barrier, lock = threading.Barrier(3), threading.Lock()
    under_way, most, calls = 0, 0, 0

    def behave(fake: tencent.FakeTencent, call: tencent.Call) -> Any:
        nonlocal under_way, most, calls
        with lock:
            under_way += 1
            calls += 1
            most = max(most, under_way)
            first = calls <= 3
        if first:
            barrier.wait(60)
        try:
            return fake.obey(call)
        finally:
            with lock:
                under_way -= 1

    linked.tencent.always("send", behave)
    params = [{"name": phone} for phone in PHONES]
    assert linked.campaign(PHONES, params, code=linked.template()).code == "OK"
    while linked.pump.invoke_once("deliver", batch=5):
        pass
    assert most == 3
    assert times_sent(linked) == Counter(PHONES)


def test_refusals_for_the_rate_among_answers_slow_down_and_never_stop(linked: Bridge) -> None:
    """Of the first calls, which begin together, all but one are refused before that one is answered."""
    linked.configure(TENCENT_PARALLEL_CALLS="16")
    barrier, lock = threading.Barrier(4), threading.Lock()
    refusals = threading.Semaphore(0)
    calls = 0

    def behave(fake: tencent.FakeTencent, call: tencent.Call) -> Any:
        nonlocal calls
        with lock:
            calls += 1
            number = calls
        if number > 4:
            return fake.obey(call)
        barrier.wait(60)
        if number > 1:
            refusals.release()
            return tencent.refused(1013)(fake, call)
        for _ in range(3):
            assert refusals.acquire(timeout=60)
        time_for_the_refusals.wait(0.2)
        return fake.obey(call)

    time_for_the_refusals = threading.Event()
    linked.tencent.always("send", behave)
    params = [{"name": phone} for phone in PHONES]
    assert linked.campaign(PHONES, params, code=linked.template()).code == "OK"
    linked.pump.drain("deliver")
    assert breakers.get_open("tencent") is None
    assert len(times_sent(linked)) == len(PHONES) - 3
    linked.tencent.always("send", None)
    linked.pump.run("deliver", hours=1)
    assert times_sent(linked) == Counter(PHONES)
    assert len(linked.tencent.send_calls) == len(PHONES) + 3
