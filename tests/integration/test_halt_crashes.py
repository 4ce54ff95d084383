"""deliver, release, sweep and the commands while they die, or a call fails, at every place, with a halted request."""

from collections import Counter
from collections.abc import Callable

import pytest

from chalicelib.domain.halts import HaltState
from chalicelib.store import halts, messages, waiting
from ops import halting
from ops.errors import OperatorError
from tests.support.in_process.breaking import reached
from tests.support.in_process.bridge import Answer, Bridge
from tests.support.in_process.final_state_logs import check_logs
from tests.support.in_process.halts import (
    DELIVERED,
    NOT_SENT,
    PHONES,
    STOPPED,
    accept,
    halt_after,
)
from tests.support.in_process.outside import FAULTS, Fault, points
from tests.support.in_process.quickaudience import by_phone
from tests.support.in_process.snapshot import snapshot

UNKNOWN = {(1, "OUTCOME_UNKNOWN")}
Command = Callable[[str], object]


@pytest.fixture
def answer(linked: Bridge, monkeypatch: pytest.MonkeyPatch) -> Answer:
    # One call after the other.
    linked.configure(TENCENT_PARALLEL_CALLS="4")
    monkeypatch.setattr("chalicelib.functions.sweep._HOURS_BACK", 10)
    return accept(linked)


def check(bridge: Bridge, what: str, *expected: set[tuple[int, str]]) -> None:
    """Let everything end. Check that nobody was sent to twice, and what was reported of those who were not."""
    bridge.pump.run("deliver", "push", hours=3)
    assert bridge.pump.count("sends") == bridge.pump.count("sends-dead") == 0, what
    times = Counter(sms.phone for sms in bridge.tencent.sent)
    assert not times or max(times.values()) == 1, what
    bridge.deliver_all()
    bridge.pump.run("settle", "push", hours=3)
    # Before the sweep, which would add what the functions left out.
    check_logs(what)
    bridge.clock.advance(hours=73)
    bridge.pump.sweep()
    bridge.pump.drain("deliver", "push")
    reported = by_phone(bridge.quick_audience.receipts)
    for phone in PHONES:
        [kept] = messages.of_phone("86" + phone)
        if bridge.tencent.sent_to("86" + phone):
            assert reported[phone] == DELIVERED, f"{what}: {phone}"
        elif kept.unknown:
            # A function died that may have called Tencent.
            assert UNKNOWN in expected, f"{what}: {phone}"
            assert reported[phone] == UNKNOWN, f"{what}: {phone}"
        else:
            assert reported[phone] in expected, f"{what}: {phone}"
    assert check_logs(what)


def crash(
    bridge: Bridge, run: Callable[[], object], how: Fault, ends: Callable[[str], None]
) -> int:
    """Run something with a fault at each of its calls, and then what `ends` it; return the number of faults."""
    restore = snapshot(bridge)
    restore()
    with bridge.outside.watched():
        run()
    names = list(bridge.outside.names)
    found = points(names)
    for at, name in found:
        restore()
        with bridge.outside.watched(at, how):
            try:
                run()
            except Exception as error:
                bridge.pump.failures.append(error)
        called = reached(bridge.outside.names, at, name)
        bridge.restart()
        ends(f"call {at}, {called}")
    return len(found)


def again(command: Command) -> None:
    """Give a command again, as an operator does who saw it fail."""
    command("task-1")


@pytest.mark.parametrize("how", FAULTS)
def test_a_stop_that_dies_is_completed_by_release_or_given_again(
    linked: Bridge, answer: Answer, how: Fault
) -> None:
    def ends(what: str) -> None:
        halt = halts.get("task-1", answer["bizId"])
        if halt is None:
            again(halting.stop)
        linked.clock.advance(seconds=61)
        linked.pump.release()
        linked.pump.drain("deliver", "push")
        assert by_phone(linked.quick_audience.receipts) == dict.fromkeys(PHONES, STOPPED), what
        check(linked, what, STOPPED)
        assert not linked.tencent.send_calls, what

    assert crash(linked, lambda: halting.stop("task-1"), how, ends)


@pytest.mark.parametrize("how", FAULTS)
def test_a_stop_of_a_campaign_that_waits_elsewhere_survives_a_death(
    linked: Bridge, answer: Answer, how: Fault
) -> None:
    """The chunk waits until a time, as after a refusal for now; nothing of it is on a queue."""
    event = linked.pump.receive("deliver")
    assert event is not None
    [record] = event["Records"]
    waiting.put_until(2_000_000_000, "sends", [record["body"]])
    linked.pump._delete("sends", event)

    def ends(what: str) -> None:
        if halts.get("task-1", answer["bizId"]) is None:
            again(halting.stop)
        linked.clock.advance(seconds=61)
        linked.pump.release()
        linked.pump.drain("deliver", "push")
        assert by_phone(linked.quick_audience.receipts) == dict.fromkeys(PHONES, STOPPED), what

    assert crash(linked, lambda: halting.stop("task-1"), how, ends)


@pytest.mark.parametrize("how", FAULTS)
def test_a_resume_that_dies_is_completed_by_release_or_given_again(
    linked: Bridge, answer: Answer, how: Fault
) -> None:
    halting.pause("task-1")
    linked.pump.drain("deliver")

    def ends(what: str) -> None:
        halt = halts.get("task-1", answer["bizId"])
        assert halt
        if halt.state == "paused":
            again(halting.resume)
        linked.clock.advance(seconds=61)
        linked.pump.release()
        linked.pump.drain("deliver")
        assert len(linked.tencent.sent) == len(PHONES), what
        check(linked, what)

    assert crash(linked, lambda: halting.resume("task-1"), how, ends)


@pytest.mark.parametrize("how", FAULTS)
def test_a_pause_that_dies_pauses_or_does_not(linked: Bridge, answer: Answer, how: Fault) -> None:
    def ends(what: str) -> None:
        linked.pump.drain("deliver")
        halt = halts.get("task-1", answer["bizId"])
        assert len(linked.tencent.sent) == (0 if halt else len(PHONES)), what
        try:
            again(halting.resume)
        except OperatorError:
            assert halt is None, what
        check(linked, what)

    assert crash(linked, lambda: halting.pause("task-1"), how, ends)


@pytest.mark.parametrize("how", FAULTS)
def test_deliver_dies_while_it_parks_a_chunk(linked: Bridge, answer: Answer, how: Fault) -> None:
    halting.pause("task-1")

    def ends(what: str) -> None:
        linked.pump.run("deliver", hours=2)
        assert not linked.tencent.sent, what
        again(halting.resume)
        check(linked, what)

    assert crash(linked, lambda: linked.pump.invoke_once("deliver"), how, ends)


@pytest.mark.parametrize("how", FAULTS)
def test_deliver_dies_while_it_ends_a_stopped_chunk(
    linked: Bridge, answer: Answer, how: Fault
) -> None:
    """Nobody is of unknown outcome, because nobody was called."""
    halting.stop("task-1")
    assert crash(
        linked,
        lambda: linked.pump.invoke_once("deliver"),
        how,
        lambda what: check(linked, what, STOPPED),
    )


@pytest.mark.parametrize("how", FAULTS)
@pytest.mark.parametrize("state", ["paused", "stopped"])
def test_deliver_dies_with_a_chunk_in_hand_that_is_halted(
    linked: Bridge, answer: Answer, how: Fault, state: HaltState
) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch:
        restore = snapshot(linked)
        restore()
        halt_after(linked, monkeypatch, answer, state, 2)
        names = linked.pump.watch("deliver")
        assert sum(name.startswith("tencent send") for name in names) == 2
    for at, name in points(names):
        restore()
        with pytest.MonkeyPatch.context() as monkeypatch:
            halt_after(linked, monkeypatch, answer, state, 2)
            linked.pump.watch("deliver", at, how)
            what = f"call {at}, {name}"
            # Afterwards, the halt of the operator is in the table.
        {"paused": halting.pause, "stopped": halting.stop}[state]("task-1")
        linked.pump.run("deliver", hours=2)
        assert len(linked.tencent.sent) <= 2, what
        if state == "paused":
            again(halting.resume)
        check(linked, what, STOPPED if state == "stopped" else DELIVERED, UNKNOWN)


@pytest.mark.parametrize("how", FAULTS)
def test_release_dies_while_it_completes_a_stop(
    linked: Bridge, answer: Answer, how: Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The command died before it queued anything.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("chalicelib.delivery.resuming.queue_incomplete", lambda *_: (0, False))
        halting.stop("task-1")

    def ends(what: str) -> None:
        linked.clock.advance(hours=0.5)
        linked.pump.release()
        check(linked, what, STOPPED)

    assert crash(linked, linked.pump.release, how, ends)


@pytest.mark.parametrize("how", FAULTS)
def test_the_end_of_a_pause_survives_deaths(linked: Bridge, answer: Answer, how: Fault) -> None:
    halting.pause("task-1")
    linked.pump.drain("deliver")
    linked.clock.advance(hours=73)

    def ends(what: str) -> None:
        linked.clock.advance(hours=0.5)
        linked.pump.release()
        linked.clock.advance(hours=0.5)
        linked.pump.sweep()
        check(linked, what, NOT_SENT)
        assert not linked.tencent.send_calls, what

    def end_of_the_pause() -> None:
        linked.pump.release()
        linked.pump.invoke_once("deliver")

    def is_stopped(what: str) -> None:
        """An operator stops it after some were reported: they keep what was reported."""
        halting.stop("task-1")
        check(linked, what, NOT_SENT, STOPPED)

    assert crash(linked, end_of_the_pause, how, ends)
    assert crash(linked, end_of_the_pause, how, is_stopped)
    assert crash(linked, linked.pump.sweep, how, ends)
