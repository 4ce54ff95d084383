"""push: a call that is refused because of single entries. Good entries are reported once, and none is lost."""

import json
import time
from collections import Counter
from collections.abc import Callable, Collection
from typing import Any

import pytest
import requests

from chalicelib.store import pushed
from tests.support.in_process import aws, web
from tests.support.in_process.bridge import Bridge
from tests.support.in_process.outside import FAULTS, Fault, points
from tests.support.in_process.pushes import BIZ, queue
from tests.support.in_process.quickaudience import Behaviour, broken, respond
from tests.support.in_process.snapshot import snapshot

ENTRIES = 100


def refused() -> requests.Response:
    return respond(200, {"code": "isv.INVALID_PARAMETERS", "message": "no such recipient"})


def refuse(
    bridge: Bridge, bad: Collection[int], between: Callable[[int], Behaviour | None] | None = None
) -> list[int]:
    """Refuse every call that has a bad position, and return a list that gets the sizes of the calls.

    `between` may give a call, by its number, another answer.
    """
    sizes: list[int] = []
    phones = {f"139{position:08d}" for position in bad}
    take = bridge.quick_audience._answer

    def answer(path: str, query: Any, body: Any, headers: Any) -> requests.Response:
        (entries,) = body.values()
        other = between(len(sizes)) if between else None
        sizes.append(len(entries))
        if other:
            bridge.quick_audience.next(other)
        elif any(entry["phoneNum"] in phones for entry in entries):
            bridge.quick_audience.next(refused)
        return take(path, query, body, headers)

    bridge.quick_audience._answer = answer  # type: ignore[method-assign]
    return sizes


def accepted(bridge: Bridge) -> Counter[int]:
    """Count how often each position was accepted."""
    return Counter(int(one["phoneNum"][3:]) for one in bridge.quick_audience.receipts)


def waiting(bridge: Bridge) -> Counter[int]:
    """Count the positions that the queue or its dead letters still hold."""
    bodies = bridge.pump.bodies("receipts") + bridge.pump.bodies("receipts-dead")
    return Counter(entry["at"][1] for body in bodies for entry in body["entries"])


def to_the_third_try(bridge: Bridge) -> None:
    """Run up to the third try, at which a batch is divided."""
    for _ in range(2):
        assert bridge.pump.invoke_once("push") is False
        bridge.clock.move_to(max(time.time(), *bridge.pump.due("push")) + 0.001)


@pytest.mark.parametrize(
    ("bad", "most_calls", "hours"),
    [
        ([], 1, 0.1),
        ([0], 22, 0.1),
        ([99], 22, 0.1),
        # Parts are pushed in a random order: twice the median of forty campaigns (30, 115, 400).
        ([17, 71], 60, 0.1),
        (range(0, 100, 10), 230, 1),
        (range(0, 100, 2), 800, 20),
    ],
    ids=["none", "the first", "the last", "two", "ten", "fifty"],
)
@pytest.mark.counts("receipts on the queue")
def test_good_entries_are_reported_once_and_bad_ones_wait(
    bridge: Bridge, bad: Collection[int], most_calls: int, hours: float
) -> None:
    queue(bridge, "x", range(ENTRIES))
    sizes = refuse(bridge, bad)
    end = time.time() + hours * 3600
    good = set(range(ENTRIES)) - set(bad)
    while set(accepted(bridge)) != good:
        assert time.time() < end, f"only {len(accepted(bridge))} of {len(good)} are reported"
        bridge.pump.run("push", hours=0.01)
        bridge.clock.advance(seconds=1)
    assert len(sizes) <= most_calls
    assert set(accepted(bridge).values()) == {1}
    assert waiting(bridge) == Counter(bad)
    assert pushed.pushed_positions("x", BIZ) == good


def test_good_entries_beside_a_bad_one_arrive_within_a_minute(bridge: Bridge) -> None:
    queue(bridge, "x", range(ENTRIES))
    refuse(bridge, [42])
    bridge.pump.run("push", hours=1 / 60)
    assert set(accepted(bridge)) == set(range(ENTRIES)) - {42}


@pytest.mark.counts("dead letters")
def test_an_entry_that_is_always_refused_ends_in_the_dead_letters_without_the_others(
    bridge: Bridge,
) -> None:
    queue(bridge, "x", range(4))
    refuse(bridge, [2])
    bridge.pump.run("push", hours=24 * 14)
    assert bridge.pump.count("receipts") == 0
    assert [len(body["entries"]) for body in bridge.pump.bodies("receipts-dead")] == [1]
    assert waiting(bridge) == Counter([2])


@pytest.mark.counts("pushes")
def test_if_all_entries_are_refused_few_calls_are_made(bridge: Bridge) -> None:
    queue(bridge, "x", range(ENTRIES))
    sizes = refuse(bridge, range(ENTRIES))
    bridge.pump.run("push", hours=72)
    assert bridge.pump.count("receipts") == 1
    assert waiting(bridge) == Counter(range(ENTRIES))
    tries = sizes.count(ENTRIES)
    # Some more parts at every third try.
    assert 70 <= tries <= aws.most_receives("receipts")
    assert len(sizes) - tries <= tries // 3 * 10


def test_after_a_refusal_of_all_entries_each_is_reported_once(bridge: Bridge) -> None:
    for first in range(0, 300, 50):
        queue(bridge, "x", range(first, first + 50))
    until = time.time() + 5 * 3600
    refuse(bridge, [], lambda _: refused if time.time() < until else None)
    bridge.pump.run("push", hours=20)
    assert accepted(bridge) == Counter(range(300))
    assert bridge.pump.count("receipts") == bridge.pump.count("receipts-dead") == 0


def test_messages_of_other_campaigns_are_not_held_up(bridge: Bridge) -> None:
    refuse(bridge, range(ENTRIES))
    queue(bridge, "x", range(ENTRIES))
    bridge.pump.run("push", hours=1)
    queue(bridge, "y", range(100, 110))
    bridge.pump.drain("push")
    assert set(accepted(bridge)) == set(range(100, 110))


@pytest.mark.parametrize(
    "trouble",
    [
        lambda: respond(500, b"oops"),
        lambda: respond(429, {"code": "429"}),
        broken(web.read_timeout),
    ],
    ids=["500", "429", "read timeout"],
)
@pytest.mark.parametrize("at", range(3, 9))
@pytest.mark.counts("pushes")
def test_a_failure_while_a_batch_is_divided_ends_the_division_and_loses_nothing(
    bridge: Bridge, monkeypatch: pytest.MonkeyPatch, trouble: Behaviour, at: int
) -> None:
    queue(bridge, "x", range(8))
    monkeypatch.setattr("random.shuffle", lambda _: None)
    # Call 3 is the first for a part, after three tries of the whole.
    sizes = refuse(bridge, [5], lambda number: trouble if number == at else None)
    to_the_third_try(bridge)
    bridge.pump.invoke_once("push")
    assert sizes == [8, 8, 8, 4, 4, 2, 1, 1, 2][: at + 1]
    bridge.pump.run("push", hours=1)
    assert accepted(bridge) == Counter(set(range(8)) - {5})
    assert waiting(bridge) == Counter([5])


def test_batches_of_replies_are_divided(bridge: Bridge) -> None:
    entries = [
        {
            "outId": "x",
            "phoneNum": f"139{position:08d}",
            "sendTime": "2026-03-02 10:00:00",
            "content": "好",
        }
        for position in range(4)
    ]
    body = {"kind": "reply", "outId": "x", "entries": entries}
    bridge.pump.put("receipts", json.dumps(body))
    refuse(bridge, [1])
    bridge.pump.run("push", hours=1)
    phones = [one["phoneNum"] for one in bridge.quick_audience.replies]
    assert sorted(phones) == [f"139{position:08d}" for position in (0, 2, 3)]


def test_a_function_with_little_time_left_leaves_the_rest_to_the_queue(bridge: Bridge) -> None:
    queue(bridge, "x", range(8))
    slow = False

    def between(_: int) -> None:
        if slow:
            bridge.clock.advance(seconds=20)

    sizes = refuse(bridge, [5], between)
    to_the_third_try(bridge)
    slow = True
    start = time.time()
    bridge.pump.invoke_once("push")
    # After 20 seconds for the whole and 20 for a part, only 20 are left.
    assert len(sizes) == 4
    assert time.time() - start == 40
    slow = False
    bridge.pump.run("push", hours=1)
    assert set(accepted(bridge)) == set(range(8)) - {5}
    assert set(waiting(bridge)) == {5}


@pytest.mark.parametrize("how", FAULTS)
def test_good_entries_are_reported_whatever_call_fails(bridge: Bridge, how: Fault) -> None:
    queue(bridge, "x", range(6))
    refuse(bridge, [3])
    to_the_third_try(bridge)
    restore = snapshot(bridge)
    calls = bridge.pump.watch("push")
    assert calls.count("quickaudience details") >= 5
    assert "sqs SendMessageBatch" in calls
    for at, _ in points(calls):
        restore()
        bridge.pump.watch("push", at, how)
        bridge.pump.run("push", hours=1)
        what = f"call {at}"
        good = {0, 1, 2, 4, 5}
        assert set(accepted(bridge)) == good, what
        assert max(accepted(bridge).values()) <= 2, f"{what}: repeated once at most"
        assert set(waiting(bridge)) == {3}, what
        assert pushed.pushed_positions("x", BIZ) == good, what
