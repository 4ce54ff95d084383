"""push with a fault at every call: the refused receipts that operators see agree with the receipts that were pushed."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.store import breakers, pushed, refused_pushes
from ops import not_taken
from tests.support.in_process.breaking import BrokenInvocations
from tests.support.in_process.bridge import Bridge
from tests.support.in_process.outside import FAULTS, Fault
from tests.support.in_process.pushes import BIZ, queue
from tests.support.in_process.quickaudience import ok, respond, unauthorized

RECEIPTS = {"x": 4, "y": 1}


def busy() -> Any:
    return respond(500, {"code": "busy", "message": "系统繁忙"})


def refused() -> Any:
    return respond(200, {"code": "isv.X", "message": "no such recipient"})


def first_try(bridge: Bridge) -> None:
    """Let both calls be refused, at the messages' first try."""
    bridge.quick_audience.next(busy, busy)


def one_of_two(bridge: Bridge) -> None:
    """Let one of two calls be refused, at the messages' second try."""
    again(bridge)
    bridge.quick_audience.next(busy)


def again(bridge: Bridge) -> None:
    """Let both calls be accepted, at the messages' second try."""
    bridge.quick_audience.next(busy, busy)
    bridge.pump.invoke_once("push")
    to_the_next_try(bridge)


def locked_out(bridge: Bridge) -> None:
    """Let the first call be answered with 401, at the messages' second try."""
    again(bridge)
    bridge.quick_audience.next(unauthorized)


def stopped(bridge: Bridge) -> None:
    """Let the messages arrive at an open breaker, at their second try."""
    again(bridge)
    breakers.trip("quickaudience", "details: HTTP 401", int(time.time()))


def after_a_wait(bridge: Bridge) -> None:
    """Let a probe be accepted by messages that waited in the table."""
    locked_out(bridge)
    bridge.pump.invoke_once("push")
    bridge.clock.advance(seconds=120)
    bridge.pump.release()


def divided(bridge: Bridge) -> None:
    """Let a call be refused for one entry, at the try at which it is divided."""
    bridge.quick_audience.next(*[refused] * 4)
    for _ in range(2):
        bridge.pump.invoke_once("push")
        to_the_next_try(bridge)
    bridge.quick_audience.next(refused, refused, ok)


def given_up(bridge: Bridge) -> None:
    """Let both calls be refused, at the messages' last try."""
    again(bridge)
    bridge.clock.advance(hours=72)
    bridge.quick_audience.next(busy, busy)


def to_the_next_try(bridge: Bridge) -> None:
    bridge.clock.move_to(max(time.time(), *bridge.pump.due("push")) + 0.001)


def shown() -> dict[str, int]:
    found = {out_id: not_taken.of_campaign(out_id) for out_id in RECEIPTS}
    assert found == {out_id: not_taken.of_campaign(out_id, exact=True) for out_id in RECEIPTS}
    return {out_id: one["receipts"] if one else 0 for out_id, one in found.items()}


def unpushed() -> dict[str, int]:
    return {
        out_id: count - len(pushed.pushed_positions(out_id, BIZ))
        for out_id, count in RECEIPTS.items()
    }


@pytest.mark.parametrize("how", FAULTS)
@pytest.mark.parametrize(
    "state",
    [
        *(first_try, one_of_two, again, locked_out, stopped, after_a_wait, given_up),
        pytest.param(divided, marks=pytest.mark.counts("tries")),
    ],
)
def test_what_is_shown_agrees_with_what_was_pushed(
    bridge: Bridge, monkeypatch: pytest.MonkeyPatch, how: Fault, state: Callable[[Bridge], None]
) -> None:
    monkeypatch.setattr("chalicelib.functions.push._PARALLEL", 1)
    monkeypatch.setattr("random.shuffle", lambda _: None)
    for out_id, count in RECEIPTS.items():
        queue(bridge, out_id, range(count))
    state(bridge)
    for name, what in BrokenInvocations(bridge, "push", how):
        assert all(shown()[out_id] <= count for out_id, count in unpushed().items()), what
        bridge.quick_audience._next.clear()
        bridge.quick_audience.always(busy)
        # A message whose function died comes again after six minutes.
        bridge.pump.run("push", hours=0.3)
        assert shown() == unpushed(), what
        bridge.quick_audience.always(ok)
        bridge.pump.run("push", hours=3)
        dead = bridge.pump.bodies("receipts-dead")
        left = dict.fromkeys(RECEIPTS, 0) | {body["outId"]: len(body["entries"]) for body in dead}
        assert shown() == unpushed() == left, what
        # Only receipts that were given up stay recorded.
        found = list(refused_pushes.of_all(100))
        # If the last record can't be written, the one before it stays.
        unwritten = name == "dynamodb BatchWriteItem" and how.startswith("failed")
        assert {one.place for one in found} <= {"dead letters", *(["queue"] if unwritten else [])}
        assert bool(found) == bool(dead), what
        assert {one.out_id for one in found} == {out_id for out_id in left if left[out_id]}, what


@pytest.mark.parametrize("how", FAULTS)
@pytest.mark.counts("tries")
def test_tries_are_not_lost_with_the_function(
    bridge: Bridge, monkeypatch: pytest.MonkeyPatch, how: Fault
) -> None:
    monkeypatch.setattr("chalicelib.functions.push._PARALLEL", 1)
    queue(bridge, "x", range(1))
    bridge.quick_audience.next(busy, busy)
    for _ in range(2):
        bridge.pump.invoke_once("push")
        to_the_next_try(bridge)
    bridge.quick_audience.next(unauthorized)
    bridge.quick_audience.always(busy)
    for _, what in BrokenInvocations(bridge, "push", how):
        bridge.pump.run("push", hours=0.3)
        [one] = refused_pushes.of_out_id("x", "details")
        # The two before, and one more at least. A message that was set aside and not deleted exists twice, and each
        # copy counts its own tries since. The delivery to the function that died counts, even if it made no call.
        assert 3 <= one.tries <= len(bridge.quick_audience.pushes) + 1, what
        bridge.quick_audience.always(ok)
        bridge.pump.run("push", hours=3)
        assert not list(refused_pushes.of_all(100)), what
