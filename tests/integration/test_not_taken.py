"""Receipts that Quick Audience does not accept: how operators see them, and the cost of that."""

import json
import re
import time
from typing import Any

import pytest

import app
from chalicelib.delivery import pushes
from chalicelib.store import breakers, pushed, refused_pushes, table
from ops import deadletters, not_taken
from tests.support.in_process import tencent, web
from tests.support.in_process.bridge import SIGN, Bridge
from tests.support.in_process.events import Context
from tests.support.in_process.meter import Meter
from tests.support.in_process.operator import answer, ops
from tests.support.in_process.pushes import BIZ, entry, queue
from tests.support.in_process.quickaudience import (
    Behaviour,
    broken,
    ok,
    respond,
    unauthorized,
)
from tests.support.in_process.sends import A, B, send

BUSY = "HTTP 500, code busy: 系统繁忙"


def busy() -> Any:
    return respond(500, {"code": "busy", "message": "系统繁忙"})


def settled(bridge: Bridge, *phones: str, out_id: str = "task-1") -> None:
    """Send a campaign and settle it; its receipts are queued."""
    if not bridge.tencent.signs:
        bridge.link()
    bridge.callback(tencent.statuses(send(bridge, *phones, out_id=out_id)))
    bridge.pump.drain("settle")


def shown(out_id: str = "task-1") -> Any:
    found = answer("campaign", "show", out_id)["notTaken"]
    assert answer("campaign", "show", out_id, "--exact")["notTaken"] == found
    return found


def recorded() -> list[refused_pushes.RefusedPush]:
    return list(refused_pushes.of_all(1000))


def beijing(epoch: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(int(epoch) + 8 * 3600))


# --- nothing is refused --------------------------------------------------------------------------


def test_pushes_that_succeed_at_once_cost_nothing_more(bridge: Bridge) -> None:
    queue(bridge, "x", range(100))
    queue(bridge, "y", range(2))
    reply(bridge, "y")
    meter = Meter()
    bridge.outside.observers.append(meter)
    with bridge.outside.watched():
        assert bridge.pump.invoke_once("push") is True
    assert len(bridge.quick_audience.pushes) == 3
    # The breaker is read, and the receipts of each campaign are recorded as pushed: new chains are read first.
    assert meter.by_operation == {"ReceiveMessage": 1, "GetItem": 1, "Query": 2, "PutItem": 2}
    assert meter.writes == 2
    assert meter.reads == 3


def test_a_campaign_whose_receipts_are_taken_has_nothing_to_show(local: Bridge) -> None:
    settled(local, A)
    assert shown() is None, "not pushed yet"
    local.pump.drain("push")
    assert shown() is None
    assert "not taken" not in ops("campaign", "show", "task-1").stdout
    [row] = answer("message", "find", A)
    assert (row["pushed"], row["notTaken"]) == (True, None)
    assert "not taken" not in ops("message", "find", A).stdout
    assert recorded() == []


# --- a push is refused ---------------------------------------------------------------------------

ANSWERS: dict[str, tuple[Behaviour, str]] = {
    "a code": (
        lambda: respond(200, {"code": "isv.X", "message": "no such outId"}),
        "HTTP 200, code isv.X: no such outId",
    ),
    "an error of the server": (busy, BUSY),
    "no code": (lambda: respond(502, b"<html>"), "HTTP 502, code missing: "),
    "no answer": (broken(web.read_timeout), "no answer: ReadTimeout"),
    "no connection": (broken(web.never_connected), "no answer: ConnectionError"),
}


@pytest.mark.parametrize("how", ANSWERS)
@pytest.mark.counts("tries")
def test_the_last_answer_the_tries_and_the_next_one_are_shown(local: Bridge, how: str) -> None:
    behaviour, text = ANSWERS[how]
    settled(local, A, B)
    local.quick_audience.always(behaviour)
    for tries in range(1, 3):
        local.clock.move_to(max(time.time(), *local.pump.due("push")) + 0.001)
        local.pump.invoke_once("push")
        [due] = local.pump.due("push")
        wanted = {"answer": text, "tries": tries, "next": beijing(due)}
        assert shown() == {"receipts": 2, **wanted, "givenUp": 0, "atLeast": False}
        for phone in (A, B):
            [row] = answer("message", "find", phone)
            assert (row["pushed"], row["notTaken"]) == (False, wanted)
    local.quick_audience.always(ok)
    local.pump.run("push", hours=1)
    assert shown() is None
    assert recorded() == []


@pytest.mark.counts("tries")
def test_what_people_see_is_in_words(local: Bridge) -> None:
    settled(local, A, B)
    local.quick_audience.always(busy)
    local.pump.drain("push")
    [due] = local.pump.due("push")
    summary = f"2 receipts: {BUSY}; 1 try, next try {beijing(due)} Beijing time"
    assert unfolded(summary) in unfolded(ops("campaign", "show", "task-1").stdout)
    one = f"not taken by Quick Audience{BUSY}; 1 try, next try {beijing(due)} Beijing time"
    assert unfolded(one) in unfolded(ops("message", "find", A).stdout)
    [row] = [one for one in doctor() if one["check"] == "receipts not taken"]
    assert row == {"check": "receipts not taken", "state": "warning", "found": f"task-1: {summary}"}
    local.quick_audience.always(ok)
    local.pump.run("push", hours=1)
    [row] = [one for one in doctor() if one["check"] == "receipts not taken"]
    assert (row["state"], row["found"]) == ("ok", "none")


def unfolded(text: str) -> str:
    """Return a text without white space and the lines of tables."""
    return re.sub(r"[\s│]", "", text)


def doctor() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(ops("doctor", "--json").stdout)
    return found


def test_the_doctor_names_a_few_campaigns(local: Bridge) -> None:
    local.quick_audience.always(busy)
    for number in range(7):
        queue(local, f"task-{number}", range(number + 1))
    local.pump.drain("push")
    [row] = [one for one in doctor() if one["check"] == "receipts not taken"]
    parts = row["found"].split("; ")
    assert parts[-1] == "and 2 more campaigns"
    assert sum("HTTP 500" in part for part in parts) == 5


def test_a_campaign_whose_id_begins_like_another_one_is_not_mixed_up(local: Bridge) -> None:
    local.quick_audience.always(busy)
    queue(local, "a", range(1))
    queue(local, "a#details#", range(2))
    local.pump.drain("push")
    counts = {name: (not_taken.of_campaign(name) or {})["receipts"] for name in ("a", "a#details#")}
    assert counts == {"a": 1, "a#details#": 2}


@pytest.mark.counts("tries")
def test_a_single_refused_receipt_is_shown_without_the_others(
    local: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("random.shuffle", lambda _: None)
    settled(local, A, B, *(f"1380000000{number}" for number in range(6)))
    take = local.quick_audience._answer

    def refuse(path: str, query: Any, body: Any, headers: Any) -> Any:
        (entries,) = body.values()
        if any(one["phoneNum"] == A for one in entries):
            no = {"code": "isv.X", "message": f"{A} is no recipient, nor is +86 139-0000-1111"}
            local.quick_audience.next(lambda: respond(200, no))
        return take(path, query, body, headers)

    monkeypatch.setattr(local.quick_audience, "_answer", refuse)
    local.pump.run("push", hours=0.1)
    found = shown()
    assert (found["receipts"], found["answer"]) == (
        1,
        "HTTP 200, code isv.X: … is no recipient, nor is +…",
    )
    assert found["tries"] > pushes._TRIES_BEFORE_DIVIDING
    assert answer("message", "find", A)[0]["notTaken"]["answer"] == found["answer"]
    assert answer("message", "find", B)[0]["notTaken"] is None
    [one] = recorded()
    assert one.tries == found["tries"]


@pytest.mark.counts("tries")
def test_no_digits_of_a_number_are_kept(local: Bridge) -> None:
    settled(local, A, B)
    text = f"{A}, 86{B} and 139 0000 1111" + "。" * 1000
    local.quick_audience.always(lambda: respond(200, {"code": A, "message": text}))
    local.pump.drain("push")
    [item] = table.query("NOT_TAKEN")
    assert re.sub("。+", "", item["answer"]) == "HTTP 200, code …: …, … and …"
    assert not any(phone in str(item) for phone in (A, B))
    assert len(item["answer"]) <= refused_pushes.MAX_ANSWER


# --- pushes are stopped --------------------------------------------------------------------------


@pytest.mark.counts("tries")
def test_receipts_that_wait_for_a_breaker_are_not_taken_either(local: Bridge) -> None:
    settled(local, A, out_id="first")
    settled(local, B, out_id="second")
    local.quick_audience.always(unauthorized)
    local.pump.drain("push")
    settled(local, A, out_id="third")
    local.pump.drain("push")
    assert len(local.quick_audience.pushes) == 1
    breaker = breakers.get_open("quickaudience")
    assert breaker
    probe = beijing(breaker.probe_at)
    found = [shown(one) for one in ("first", "second", "third")]
    assert {one["receipts"] for one in found} == {1}
    assert {one["next"] for one in found} == {probe}
    assert {one["answer"] for one in found} == {"HTTP 401, code 401: unauthorized"}
    assert sorted(one["tries"] for one in found) == [0, 0, 1]
    [row] = [one for one in answer("message", "find", B) if one["outId"] == "second"]
    assert row["notTaken"]["next"] == probe
    assert "not tried yet" in " ".join(ops("campaign", "show", "third").stdout.split())
    local.quick_audience.always(ok)
    local.pump.run("push", hours=1)
    assert [shown(one) for one in ("first", "second", "third")] == [None] * 3
    assert recorded() == []


@pytest.mark.counts("tries")
def test_tries_are_counted_across_waits_in_the_table(local: Bridge) -> None:
    settled(local, A)
    local.quick_audience.next(busy, busy, unauthorized, unauthorized)
    local.quick_audience.always(busy)
    local.pump.run("push", hours=45 / 3600)
    before = len(local.quick_audience.pushes)
    assert before >= 4
    found = shown()
    assert (found["tries"], found["receipts"]) == (before, 1)
    local.quick_audience.always(ok)
    local.pump.run("push", hours=1)
    assert (shown(), recorded()) == (None, [])


def test_a_refused_failure_that_a_delivery_contradicts_is_shown_no_longer(local: Bridge) -> None:
    local.link()
    local.campaign([A, A], [{"name": "1"}, {"name": "2"}], code=local.template())
    local.pump.drain("deliver")
    first, second = local.tencent.sent
    local.callback([tencent.status(first, "FAIL")])
    local.pump.drain("settle")
    local.quick_audience.next(busy)
    local.pump.drain("push")
    assert shown()["receipts"] == 1
    local.callback([tencent.status(second)])
    local.pump.run("settle", "push", hours=1)
    assert local.quick_audience.reported(A) == [(2, "DELIVERED")]
    assert (shown(), recorded()) == (None, [])


# --- given up, and replayed ----------------------------------------------------------------------


@pytest.fixture
def given_up(local: Bridge, monkeypatch: pytest.MonkeyPatch) -> Bridge:
    """Two receipts are in the dead letters."""
    # The clock stands still, so a receive that waits would never end.
    monkeypatch.setattr(deadletters, "_WAIT_SECONDS", 0)
    settled(local, A, B)
    local.quick_audience.always(busy)
    local.pump.run("push", hours=0.01)
    local.clock.advance(hours=72)
    local.pump.drain("push")
    assert local.pump.count("receipts-dead") == 1
    local.clock.advance(seconds=0.002)
    return local


@pytest.mark.counts("dead letters")
def test_receipts_that_are_given_up_are_shown(given_up: Bridge) -> None:
    found = shown()
    assert (found["receipts"], found["givenUp"], found["next"]) == (2, 2, None)
    assert found["tries"] == len(given_up.quick_audience.pushes) > 2
    assert found["answer"] == BUSY
    words = " ".join(ops("campaign", "show", "task-1").stdout.split())
    assert "given up" in words
    assert answer("message", "find", A)[0]["notTaken"]["next"] is None


@pytest.mark.counts("dead letters")
def test_dead_letters_that_are_replayed_and_taken_are_shown_no_longer(given_up: Bridge) -> None:
    answer("deadletters", "replay", "--queue", "receipts")
    tries = shown()["tries"]
    given_up.pump.invoke_once("push")
    again = shown()
    assert (again["tries"], again["givenUp"]) == (tries + 1, 0)
    assert again["next"] is not None
    given_up.quick_audience.always(ok)
    given_up.pump.run("push", hours=1)
    assert (shown(), recorded()) == (None, [])


@pytest.mark.counts("dead letters")
def test_receipts_that_are_queued_anew_leave_no_record_of_the_dead_letter(
    given_up: Bridge,
) -> None:
    assert answer("receipts", "replay", "--out-id", "task-1", "--dry-run")["queued"] == 2
    assert shown()["givenUp"] == 2
    # Of one of the two, the dead letter's record has to stay.
    assert answer("receipts", "replay", "--out-id", "task-1", "--phone", A)["queued"] == 1
    assert shown()["receipts"] == 2
    given_up.quick_audience.always(ok)
    given_up.pump.drain("push")
    assert shown()["receipts"] == 1
    assert answer("message", "find", A)[0]["notTaken"] is None
    assert answer("message", "find", B)[0]["notTaken"]["next"] is None
    assert answer("receipts", "replay", "--out-id", "task-1")["queued"] == 1
    assert recorded() == [], "before it is pushed"
    given_up.pump.drain("push")
    assert (shown(), recorded()) == (None, [])


@pytest.mark.counts("dead letters")
def test_receipts_that_are_queued_anew_and_refused_are_counted_once(given_up: Bridge) -> None:
    assert answer("receipts", "replay", "--out-id", "task-1")["queued"] == 2
    answer("deadletters", "replay", "--queue", "receipts")
    given_up.pump.drain("push")
    assert len(recorded()) == 2
    assert shown()["receipts"] == 2


@pytest.mark.counts("tries")
def test_receipts_that_the_bridge_itself_gives_up_are_shown(
    local: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    settled(local, A)
    local.quick_audience.always(busy)
    local.pump.drain("push")
    local.clock.advance(hours=72)

    def fail(*_: Any) -> None:
        raise TimeoutError("the breaker can't be read")

    with monkeypatch.context() as patch:
        patch.setattr(breakers, "get_open", fail)
        local.pump.drain("push")
    assert local.pump.count("receipts-dead") == 1
    found = shown()
    assert (found["givenUp"], found["tries"], found["next"]) == (1, 1, None)
    assert found["answer"] == "the bridge failed: TimeoutError"
    [body] = local.pump.bodies("receipts-dead")
    assert body["earlier"]["tries"] == 1


# --- replies -------------------------------------------------------------------------------------


def reply(bridge: Bridge, out_id: str) -> None:
    fields = {"phoneNum": A, "sendTime": "2026-03-02 10:00:00", "content": "退订"}
    body = {"kind": "reply", "outId": out_id, "entries": [{"outId": out_id, **fields}]}
    bridge.pump.put("receipts", json.dumps(body))


@pytest.mark.counts("tries")
def test_replies_that_are_not_taken_are_shown_by_themselves(local: Bridge) -> None:
    settled(local, A)
    local.pump.drain("push")
    local.callback(tencent.reply("86" + A, "好", SIGN))
    local.quick_audience.always(busy)
    local.pump.drain("settle", "push")
    assert shown() is None
    found = answer("campaign", "show", "task-1")["repliesNotTaken"]
    assert (found["replies"], found["answer"], found["tries"]) == (1, BUSY, 1)
    words = unfolded(ops("campaign", "show", "task-1").stdout)
    assert unfolded(f"replies not taken1 reply: {BUSY}") in words
    [row] = [one for one in doctor() if one["check"] == "receipts not taken"]
    assert row["found"].startswith(f"task-1: 1 reply: {BUSY}")
    assert answer("message", "find", A)[0]["notTaken"] is None
    answer("receipts", "replay", "--out-id", "task-1", "--replies")
    assert recorded() == []
    local.pump.run("push", hours=0.01)
    assert len(recorded()) == 2, "the reply and its copy"
    local.quick_audience.always(ok)
    local.pump.run("push", hours=1)
    assert recorded() == []


# --- what may go wrong ---------------------------------------------------------------------------


def fail(*_: Any) -> None:
    raise TimeoutError("DynamoDB is not there")


@pytest.mark.counts("tries")
def test_a_record_that_cannot_be_written_changes_nothing(
    bridge: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue(bridge, "x", range(3))
    bridge.quick_audience.next(busy)
    with monkeypatch.context() as patch:
        patch.setattr(refused_pushes, "record", fail)
        assert bridge.pump.invoke_once("push") is False
    bridge.pump.run("push", hours=1)
    assert pushed.pushed_positions("x", BIZ) == {0, 1, 2}
    assert len(bridge.quick_audience.pushes) == 2


def test_a_record_that_cannot_be_removed_is_removed_by_a_repetition(
    bridge: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue(bridge, "x", range(3))
    bridge.quick_audience.next(busy)
    bridge.pump.drain("push")
    with monkeypatch.context() as patch:
        patch.setattr(refused_pushes, "remove", fail)
        bridge.pump.run("push", hours=7 / 3600)
    assert pushed.pushed_positions("x", BIZ) == {0, 1, 2}
    assert not_taken.of_campaign("x") is None, "what is pushed is taken"
    assert len(recorded()) == 1
    bridge.pump.run("push", hours=1)
    assert recorded() == []
    assert bridge.pump.count("receipts") == 0


def test_a_message_that_sqs_delivers_twice_is_not_shown_once_it_is_taken(bridge: Bridge) -> None:
    """One function pushes it, while another one is refused and records that last."""
    queue(bridge, "x", range(3))
    event = bridge.pump.receive("push")
    assert event
    assert bridge.pump.invoke("push", event)
    bridge.quick_audience.next(busy)
    with pytest.raises(Exception, match="come again"):
        app.push(event, Context("push"))
    assert len(recorded()) == 1
    assert not_taken.of_campaign("x") is None
    assert not_taken.of_campaign("x", exact=True) is None
    bridge.clock.advance(hours=24 * 4 + 1)
    [item] = table.query("NOT_TAKEN")
    assert item["expires"] < time.time()


def test_a_call_that_was_not_made_for_lack_of_time_leaves_no_record(bridge: Bridge) -> None:
    queue(bridge, "x", range(1))
    queue(bridge, "y", range(1))

    def slow() -> Any:
        bridge.clock.advance(seconds=40)
        return busy()

    bridge.quick_audience.next(slow)
    bridge.pump.invoke_once("push")
    assert [one.out_id for one in recorded()] == ["x"]


@pytest.mark.counts("tries")
def test_a_function_without_time_leaves_the_record_to_the_next_try(bridge: Bridge) -> None:
    queue(bridge, "x", range(1))

    def slow() -> Any:
        bridge.clock.advance(seconds=56)
        return busy()

    bridge.quick_audience.next(slow)
    bridge.pump.invoke_once("push")
    assert recorded() == []
    bridge.quick_audience.next(busy)
    bridge.pump.run("push", hours=8 / 3600)
    assert [one.tries for one in recorded()] == [2]


def test_receipts_of_an_older_release_without_positions_are_counted(local: Bridge) -> None:
    entries = [
        {name: value for name, value in entry("x", position).items() if name != "at"}
        for position in range(3)
    ]
    body = {"kind": "details", "outId": "x", "entries": entries}
    local.pump.put("receipts", json.dumps(body))
    local.quick_audience.always(busy)
    local.pump.drain("push")
    found = not_taken.of_campaign("x")
    assert found
    assert found["receipts"] == 3


def test_many_refused_receipts_are_counted_as_far_as_that_is_cheap(local: Bridge) -> None:
    local.quick_audience.always(busy)
    for first in range(0, 500, 10):
        queue(local, "x", range(first, first + 10))
    local.pump.drain("push")
    meter = Meter()
    local.outside.observers.append(meter)
    with local.outside.watched():
        found = not_taken.of_campaign("x")
    assert found
    assert (found["receipts"], found["atLeast"]) == (10 * not_taken._MAX_OF_CAMPAIGN, True)
    assert "at least 400 receipts: HTTP 500" in not_taken.in_words(found)
    assert meter.reads <= 4
    exact = not_taken.of_campaign("x", exact=True)
    assert exact
    assert (exact["receipts"], exact["atLeast"]) == (500, False)
