"""push: the first 401 or 403 stops the pushes of all functions, and no entry is lost while they wait."""

import itertools
import json
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest
import requests

from chalicelib.delivery import pushes
from chalicelib.delivery.push_calls import PushCall
from chalicelib.delivery.pushes import PushSession
from chalicelib.domain import breaker
from chalicelib.domain.push_batches import Entry, PushKind
from chalicelib.queues.receiving import Record
from chalicelib.quickaudience import client
from chalicelib.quickaudience.client import EntriesRefusedError
from chalicelib.store import breakers, pushed
from tests.support.in_process import web
from tests.support.in_process.bridge import Bridge
from tests.support.in_process.pushes import BIZ, entry, queue, queue_many
from tests.support.in_process.quickaudience import (
    REPLY,
    Behaviour,
    broken,
    ok,
    respond,
    unauthorized,
)

LOCKED: dict[str, Behaviour] = {
    "401": unauthorized,
    "403": lambda: respond(403, {"code": "403", "message": "forbidden"}),
    "401 without a body": lambda: respond(401, b""),
    "403 of a gateway": lambda: respond(403, b"<html>Forbidden</html>"),
    "401 within 200": lambda: respond(200, {"code": "401"}),
    "403 within 200, as a number": lambda: respond(200, {"code": 403}),
    "401 within 500": lambda: respond(500, {"code": "401"}),
    "a yes within 403": lambda: respond(403, {"code": "OK"}),
}
DAY = 24
TRIES = pushes._TRIES_BEFORE_DIVIDING


def check_all_reported_once(bridge: Bridge, count: int) -> None:
    accepted = Counter((one["outId"], one["phoneNum"]) for one in bridge.quick_audience.receipts)
    wanted = {
        (f"task-{number}", f"139{position:08d}") for number in range(count) for position in (0, 1)
    }
    assert set(accepted) == wanted
    assert set(accepted.values()) == {1}
    assert all(pushed.pushed_positions(f"task-{number}", BIZ) == {0, 1} for number in range(count))
    assert bridge.pump.count("receipts") == bridge.pump.count("receipts-dead") == 0


def times(bridge: Bridge) -> list[float]:
    return [one.at for one in bridge.quick_audience.pushes]


def pauses(bridge: Bridge) -> list[float]:
    return [later - earlier for earlier, later in itertools.pairwise(times(bridge))]


def move_to_the_probe(bridge: Bridge) -> None:
    """Move the clock to the next probe, when all waiting messages are visible, too."""
    breaker = breakers.get_open("quickaudience")
    assert breaker
    bridge.clock.move_to(max(breaker.probe_at, time.time(), *bridge.pump.due("push")) + 0.001)


@pytest.mark.parametrize("answer", LOCKED)
def test_the_first_lockout_stops_all_pushes_after_one_call(bridge: Bridge, answer: str) -> None:
    queue_many(bridge, 25)
    bridge.quick_audience.always(LOCKED[answer])
    bridge.pump.drain("push")
    assert len(bridge.quick_audience.pushes) == 1
    assert bridge.pump.count("receipts") == 25
    assert not bridge.pump.failures, "nothing is left to SQS to give out again"
    bridge.quick_audience.always(ok)
    bridge.pump.run("push", hours=1)
    check_all_reported_once(bridge, 25)


def test_a_new_process_makes_no_call_either(bridge: Bridge) -> None:
    queue_many(bridge, 3)
    bridge.quick_audience.always(unauthorized)
    bridge.pump.drain("push")
    queue_many(bridge, 3, start=3)
    bridge.restart()
    bridge.pump.drain("push")
    assert len(bridge.quick_audience.pushes) == 1


def test_each_pause_is_three_times_as_long_up_to_an_hour(bridge: Bridge) -> None:
    queue_many(bridge, 1)
    bridge.quick_audience.always(unauthorized)
    bridge.pump.run("push", hours=DAY)
    wanted = [10, 30, 90, 270, 810, 2430, *[3600] * 22]
    found = pauses(bridge)
    assert len(found) == len(wanted)
    # The breaker is checked only every five seconds while another function may be probing.
    assert all(want <= pause <= want + 6 for want, pause in zip(wanted, found, strict=True))


def test_after_a_week_nothing_is_lost_and_no_receive_is_used_up(bridge: Bridge) -> None:
    queue_many(bridge, 2)
    bridge.quick_audience.always(unauthorized)
    start = time.time()
    bridge.pump.run("push", hours=8)
    while time.time() < start + 7 * DAY * 3600:
        # What is only put back in between was seen in the first hours.
        move_to_the_probe(bridge)
        bridge.pump.drain("push")
    assert bridge.pump.count("receipts") == 2
    assert bridge.pump.count("receipts-dead") == 0
    assert 7 * DAY <= len(bridge.quick_audience.pushes) <= 7 * DAY + 6
    bridge.clock.move_to(max(bridge.pump.due("push")) + 0.001)
    event = bridge.pump.receive("push")
    assert event
    counts = [one["attributes"]["ApproximateReceiveCount"] for one in event["Records"]]
    assert counts == ["1"], "the message that probes"
    bridge.quick_audience.always(ok)
    assert bridge.pump.invoke("push", event)
    bridge.pump.run("push", hours=2)
    check_all_reported_once(bridge, 2)


def test_one_function_at_a_time_probes(bridge: Bridge) -> None:
    queue_many(bridge, 40)
    bridge.quick_audience.always(unauthorized)
    bridge.pump.drain("push")
    move_to_the_probe(bridge)

    def meanwhile() -> requests.Response:
        # Three other functions get new messages while the probe waits for its answer.
        for number in range(3):
            queue_many(bridge, 1, start=40 + number)
            assert bridge.pump.invoke_once("push") is True
        return unauthorized()

    bridge.quick_audience.next(meanwhile)
    bridge.pump.invoke_once("push")
    assert len(bridge.quick_audience.pushes) == 2
    bridge.pump.drain("push")
    assert len(bridge.quick_audience.pushes) == 2
    bridge.quick_audience.always(ok)
    bridge.pump.run("push", hours=1)
    check_all_reported_once(bridge, 43)


def test_a_stale_read_gives_no_right_to_probe(bridge: Bridge) -> None:
    now = int(time.time())
    seen = breakers.trip("quickaudience", "401", now)
    assert not breakers.take_probe(seen, now + 9)
    assert breakers.take_probe(seen, now + 10)
    assert not breakers.take_probe(seen, now + 10_000), "it was written since"


def test_two_functions_that_are_locked_out_at_once_open_the_breaker_once(bridge: Bridge) -> None:
    queue_many(bridge, 20)

    def meanwhile() -> requests.Response:
        bridge.quick_audience.next(unauthorized)
        assert bridge.pump.invoke_once("push") is True
        return unauthorized()

    bridge.quick_audience.next(meanwhile)
    bridge.pump.invoke_once("push")
    # Its first call was already in progress when the other one was locked out.
    assert len(bridge.quick_audience.pushes) == 2
    breaker = breakers.get_open("quickaudience")
    assert breaker
    assert breaker.probes == 0
    bridge.pump.run("push", hours=1)
    check_all_reported_once(bridge, 20)


@pytest.mark.counts("receipts on the queue")
def test_after_a_lockout_calls_in_progress_are_followed_by_no_other(bridge: Bridge) -> None:
    queue_many(bridge, 40)
    bridge.quick_audience.next(ok)
    bridge.quick_audience.always(unauthorized)
    bridge.pump.drain("push")
    # One event makes ten calls, the first of them before the others.
    assert 2 <= len(bridge.quick_audience.pushes) <= 10
    assert bridge.pump.count("receipts") == 39
    bridge.quick_audience.always(ok)
    bridge.pump.run("push", hours=1)
    check_all_reported_once(bridge, 40)


@pytest.mark.parametrize(
    "answer",
    [
        lambda: respond(500, b"oops"),
        lambda: respond(429, {"code": "429"}),
        broken(web.read_timeout),
        broken(web.never_connected),
        lambda: respond(200, b"<html>"),
        lambda: respond(405, b"<html>blocked by a firewall</html>"),
    ],
    ids=["500", "429", "read timeout", "no connection", "garbage", "firewall"],
)
def test_a_probe_that_is_refused_keeps_the_breaker_open(bridge: Bridge, answer: Behaviour) -> None:
    queue_many(bridge, 20)
    bridge.quick_audience.always(unauthorized)
    bridge.pump.drain("push")
    bridge.quick_audience.always(answer)
    for tries in range(1, 4):
        move_to_the_probe(bridge)
        bridge.pump.drain("push")
        assert len(bridge.quick_audience.pushes) == 1 + tries
        breaker = breakers.get_open("quickaudience")
        assert breaker
        assert breaker.probe_at - int(time.time()) == 10 * 3**tries
    bridge.quick_audience.always(ok)
    bridge.pump.run("push", hours=3)
    check_all_reported_once(bridge, 20)
    assert breakers.get_open("quickaudience") is None


@pytest.mark.counts("calls, and dies at one of them")
def test_a_probe_whose_function_dies_is_followed_by_a_longer_pause(bridge: Bridge) -> None:
    queue_many(bridge, 20)
    bridge.quick_audience.always(unauthorized)
    bridge.pump.drain("push")
    move_to_the_probe(bridge)
    names = ["dynamodb GetItem", "dynamodb PutItem", "sqs GetQueueUrl", "quickaudience details"]
    called = bridge.pump.watch("push", 2, "killed before")
    assert [name for name in called if name in names][:3] == [*names[:2], names[3]]
    died = time.time()
    bridge.pump.drain("push")
    assert len(bridge.quick_audience.pushes) == 1
    bridge.quick_audience.always(ok)
    bridge.pump.run("push", hours=1)
    assert 30 <= times(bridge)[1] - died <= 36
    check_all_reported_once(bridge, 20)


def test_a_breaker_that_opens_again_soon_keeps_its_long_pauses(bridge: Bridge) -> None:
    queue_many(bridge, 1)
    bridge.quick_audience.next(unauthorized, unauthorized, unauthorized, unauthorized, ok)
    bridge.pump.run("push", hours=1)
    assert breakers.get_open("quickaudience") is None
    bridge.clock.advance(seconds=890)
    queue_many(bridge, 1, start=1)
    bridge.quick_audience.always(unauthorized)
    bridge.pump.drain("push")
    breaker = breakers.get_open("quickaudience")
    assert breaker
    assert breaker.probe_at - breaker.opened_at == 810, "after 10, 30, 90 and 270"


def test_a_breaker_that_opens_again_much_later_starts_with_short_pauses(bridge: Bridge) -> None:
    queue_many(bridge, 1)
    bridge.quick_audience.next(unauthorized, unauthorized, unauthorized, unauthorized, ok)
    bridge.pump.run("push", hours=1)
    bridge.clock.advance(seconds=901)
    queue_many(bridge, 1, start=1)
    bridge.quick_audience.always(unauthorized)
    bridge.pump.drain("push")
    breaker = breakers.get_open("quickaudience")
    assert breaker
    assert breaker.probe_at - breaker.opened_at == 10


def reply(bridge: Bridge, out_id: str) -> None:
    entry_fields = {
        "outId": out_id,
        "phoneNum": "13900000000",
        "sendTime": "2026-03-02 10:00:00",
        "content": "退订",
    }
    body = {"kind": "reply", "outId": out_id, "entries": [entry_fields]}
    bridge.pump.put("receipts", json.dumps(body))


def test_receipts_and_replies_wait_for_the_same_breaker(bridge: Bridge) -> None:
    reply(bridge, "task-0")
    bridge.quick_audience.always(unauthorized)
    bridge.pump.drain("push")
    queue_many(bridge, 2)
    reply(bridge, "task-1")
    bridge.pump.drain("push")
    assert [one.path for one in bridge.quick_audience.pushes] == [REPLY]
    bridge.quick_audience.always(ok)
    bridge.pump.run("push", hours=1)
    check_all_reported_once(bridge, 2)
    assert sorted(one["outId"] for one in bridge.quick_audience.replies) == ["task-0", "task-1"]


def test_an_unreadable_message_does_not_keep_the_breaker_open(bridge: Bridge) -> None:
    queue_many(bridge, 3)
    bridge.quick_audience.always(unauthorized)
    bridge.pump.drain("push")
    for _ in range(5):
        bridge.pump.put("receipts", "not JSON")
    bridge.quick_audience.always(ok)
    bridge.pump.run("push", hours=12)
    accepted = Counter(one["outId"] for one in bridge.quick_audience.receipts)
    assert accepted == Counter({"task-0": 2, "task-1": 2, "task-2": 2})


def refuse_together(bridge: Bridge, then: Behaviour) -> list[int]:
    """Refuse the entries together, answer later calls with `then`, and return the sizes of the calls."""
    sizes: list[int] = []
    take = bridge.quick_audience._answer

    def answer(path: str, query: Any, body: Any, headers: Any) -> requests.Response:
        (entries,) = body.values()
        sizes.append(len(entries))
        whole = len(entries) == 8
        bridge.quick_audience.next((lambda: respond(200, {"code": "isv.X"})) if whole else then)
        return take(path, query, body, headers)

    bridge.quick_audience._answer = answer  # type: ignore[method-assign]
    return sizes


@pytest.mark.parametrize("answer", ["401", "403 within 200, as a number"])
@pytest.mark.counts("pushes")
def test_a_lockout_while_a_batch_is_divided_stops_all_pushes(bridge: Bridge, answer: str) -> None:
    queue(bridge, "x", range(8))
    sizes = refuse_together(bridge, LOCKED[answer])
    bridge.pump.run("push", hours=19 / 3600)
    assert sizes == [*[8] * TRIES, 4]
    assert breakers.get_open("quickaudience")
    queue_many(bridge, 12)
    bridge.pump.drain("push")
    assert len(sizes) == TRIES + 1


@pytest.mark.counts("pushes")
def test_entries_accepted_before_a_lockout_are_not_repeated(bridge: Bridge) -> None:
    queue(bridge, "x", range(8))
    answers = iter([ok, LOCKED["403"]])

    def in_turns() -> requests.Response:
        return next(answers, ok)()

    sizes = refuse_together(bridge, in_turns)
    bridge.pump.run("push", hours=19 / 3600)
    assert sizes == [*[8] * TRIES, 4, 4]
    assert breakers.get_open("quickaudience")
    bridge.pump.run("push", hours=1)
    assert len(bridge.quick_audience.receipts) == 8
    assert pushed.pushed_positions("x", BIZ) == set(range(8))
    assert bridge.pump.count("receipts") == 0


def test_dividing_a_batch_ends_when_another_call_is_locked_out(
    bridge: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = PushSession(time.time() + 60, probing=False)
    sizes: list[int] = []

    def refuse(_: PushKind, entries: Sequence[dict[str, Any]]) -> None:
        sizes.append(len(entries))
        if len(entries) < 8:
            # Another call of this invocation at the same moment.
            session._stopped.set()
        raise EntriesRefusedError("no")

    monkeypatch.setattr(client, "push", refuse)
    body = json.dumps({})
    records = [Record(body, "handle", pushes._TRIES_BEFORE_DIVIDING, time.time())]
    entries = [Entry(entry("x", position)) for position in range(8)]
    assert session.send(PushCall("details", "x", records, entries)) is pushes.PUT_BACK
    assert sizes == [8, 4]


def test_a_breaker_that_cannot_be_closed_does_not_repeat_pushed_entries(
    bridge: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue_many(bridge, 3)
    bridge.quick_audience.next(unauthorized)
    bridge.pump.drain("push")
    move_to_the_probe(bridge)

    def fail(*_: Any) -> None:
        raise TimeoutError("DynamoDB is not there")

    with monkeypatch.context() as patch:
        patch.setattr(breakers, "close", fail)
        assert bridge.pump.invoke_once("push") is True
    assert len(bridge.quick_audience.receipts) == 2, "those of the message that probed"
    assert breakers.get_open("quickaudience"), "the next one tries again"
    queue_many(bridge, 1, start=3)
    bridge.pump.run("push", hours=1)
    check_all_reported_once(bridge, 4)


def test_a_breaker_that_cannot_be_opened_does_not_repeat_pushed_entries(
    bridge: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue_many(bridge, 3)
    bridge.quick_audience.next(ok, unauthorized)

    def fail(*_: Any) -> None:
        raise TimeoutError("DynamoDB is not there")

    with monkeypatch.context() as patch:
        patch.setattr(breakers, "trip", fail)
        bridge.pump.invoke_once("push")
    assert not [error for error in bridge.pump.failures if isinstance(error, TimeoutError)]
    bridge.pump.run("push", hours=1)
    check_all_reported_once(bridge, 3)


def test_closing_wins_over_a_probe_of_another_function(
    bridge: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = int(time.time())
    breakers.trip("quickaudience", "401", now)
    get_open, pending = breakers.get_open, [True]

    def seen_before(name: breaker.BreakerName) -> breaker.Breaker | None:
        found = get_open(name)
        if pending and found:
            pending.pop()
            assert breakers.take_probe(found, now + 20)
        return found

    monkeypatch.setattr(breakers, "get_open", seen_before)
    breakers.close("quickaudience", now + 20)
    assert get_open("quickaudience") is None


def test_an_invocation_starts_no_call_that_it_cannot_finish(bridge: Bridge) -> None:
    """The first call takes all the time: the others are left to the next invocation."""
    queue_many(bridge, 5)

    def slow() -> requests.Response:
        bridge.clock.advance(seconds=45)
        return ok()

    bridge.quick_audience.next(slow)
    bridge.pump.invoke_once("push")
    assert len(bridge.quick_audience.pushes) == 1
    bridge.pump.run("push", hours=1)
    check_all_reported_once(bridge, 5)
