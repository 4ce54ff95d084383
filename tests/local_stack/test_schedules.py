"""Schedules whose events come twice, at once, and again after an error."""

import threading
from collections import Counter
from typing import Any

from local.hostile.schedules import Schedules
from local.hostile.switches import Switches

EVENTS = [{"id": str(number)} for number in range(100)]


def deliver(switches: str, *, fail: bool = False) -> tuple[Counter[str], int]:
    """Deliver events; return how often each came, and how many ran at once at most."""
    schedules = Schedules(Switches.parse(switches), "scheduler", pause=0)
    calls: Counter[str] = Counter()
    running = most = 0
    lock = threading.Lock()
    both = threading.Barrier(2, timeout=0.2)

    def call(event: dict[str, Any]) -> bool:
        nonlocal running, most
        with lock:
            calls[event["id"]] += 1
            running += 1
            most = max(most, running)
        if not fail:
            try:
                both.wait()
            except threading.BrokenBarrierError:
                both.reset()
        with lock:
            running -= 1
        return not fail

    stop = threading.Event()
    for event in EVENTS[:20] if not fail else EVENTS:
        for thread in schedules.deliver(call, event, stop):
            thread.join()
    return calls, most


def test_some_events_come_twice_at_once() -> None:
    calls, most = deliver("schedule-twice")
    assert set(calls.values()) == {1, 2}
    assert most == 2


def test_after_an_error_an_event_comes_twice_more() -> None:
    calls, _ = deliver("schedule-twice", fail=True)
    assert set(calls.values()) == {3, 6}


def test_nothing_happens_while_it_is_off() -> None:
    calls, most = deliver("chain", fail=True)
    assert set(calls.values()) == {1}
    assert most == 1


def test_waiting_for_another_try_can_be_ended() -> None:
    schedules = Schedules(Switches.parse("schedule-twice"), "scheduler", pause=60)
    stop = threading.Event()
    calls: list[Any] = []

    def call(event: dict[str, Any]) -> bool:
        calls.append(event)
        return False

    threads = schedules.deliver(call, {"id": "1"}, stop)
    stop.set()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    assert len(calls) == len(threads)
