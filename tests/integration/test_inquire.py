"""inquire: queries to Tencent about messages without a receipt, 6, 24 and 48 hours after acceptance."""

import time
from contextlib import suppress
from typing import Any

import pytest

from chalicelib.delivery import phone_queries
from chalicelib.domain import planning
from chalicelib.functions import inquire
from chalicelib.functions.inquire import AGES
from chalicelib.queues import sending
from chalicelib.queues.bodies import CallbackBody
from chalicelib.store import pulled
from tests.support.in_process import log_lines
from tests.support.in_process.bridge import Bridge
from tests.support.in_process.outside import FAULTS, Fault, points
from tests.support.in_process.pulls import Pulls, run
from tests.support.in_process.tencent import (
    Behaviour,
    Sms,
    lost,
    raw_answer,
    refused,
    status,
    statuses,
)
from tests.support.in_process.web import read_timeout

PHONES = [f"1390000{number:04d}" for number in range(6)]


@pytest.fixture
def pulls(linked: Bridge) -> Pulls:
    return Pulls(linked)


@pytest.fixture
def sent(linked: Bridge, pulls: Pulls) -> Bridge:
    """A bridge with six sent messages without a status."""
    linked.campaign(PHONES, code=linked.template("您好"))
    linked.pump.drain()
    assert len(linked.tencent.sent) == 6
    return linked


@pytest.fixture
def warned(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    return log_lines.collect(monkeypatch, "warning")


def queried(bridge: Bridge) -> list[str]:
    """Return the mobiles of the queries, in order."""
    return [str(call.body["mobile"]) for call in bridge.tencent.calls_of("pullstatus4mobile")]


def reported(bridge: Bridge) -> dict[str, tuple[int, str]]:
    return {
        one["phoneNum"]: (one["sendStatus"], one["errCode"])
        for one in bridge.quick_audience.receipts
    }


# --- the queries and their times ----------------------------------------------------------------


@pytest.mark.both_apis
def test_a_receipt_that_never_arrived_is_found(sent: Bridge, pulls: Pulls) -> None:
    first, *others = sent.tencent.sent
    sent.callback(statuses(others))
    pulls.add(status(first, "FAIL"))
    sent.pump.drain()
    sent.clock.advance(hours=7)
    run("inquire")
    sent.pump.drain()
    assert queried(sent) == [first.phone.removeprefix("86")]
    assert reported(sent)[first.phone.removeprefix("86")] == (1, "MK:0001")


def test_the_query_is_as_documented(sent: Bridge) -> None:
    accepted = int(time.time())
    sent.clock.advance(hours=7)
    run("inquire")
    body = sent.tencent.calls_of("pullstatus4mobile")[0].body
    assert body.keys() == {
        *("sig", "time", "type", "max", "begin_time", "end_time", "nationcode", "mobile")
    }
    assert (body["type"], body["max"], body["nationcode"]) == (0, 100, "86")
    assert accepted - 3600 < body["begin_time"] < accepted
    assert time.time() <= body["end_time"] < time.time() + 3600


def test_messages_are_queried_three_times_and_then_closed(sent: Bridge) -> None:
    hours: list[int] = []
    accepted = time.time()
    for hour in (5, 6, 7, 8, 23, 24, 25, 26, 48, 49, 50, 71, 72, 73):
        sent.clock.move_to(accepted + hour * 3600)
        run("inquire")
        if len(queried(sent)) > len(hours) * 6:
            hours.append(hour)
    sent.pump.sweep()
    sent.pump.drain()
    assert hours == [age + 1 for age in AGES]
    assert len(queried(sent)) == 18
    assert set(reported(sent).values()) == {(1, "NO_RECEIPT")}


@pytest.mark.parametrize("minutes", [0, 1, 30, 59])
def test_nothing_is_queried_before_six_hours(linked: Bridge, pulls: Pulls, minutes: int) -> None:
    code = linked.template("您好")
    linked.clock.advance(seconds=60 * minutes)
    linked.campaign(PHONES, code=code)
    linked.pump.drain()
    accepted = time.time()
    linked.clock.advance(hours=5)
    while not queried(linked):
        linked.clock.advance(seconds=1200)
        run("inquire")
    assert 6 * 3600 <= time.time() - accepted <= 7 * 3600 + 1200


def test_the_next_hours_query_nothing_again(sent: Bridge) -> None:
    sent.clock.advance(hours=7)
    for _ in range(3):
        run("inquire")
        sent.clock.advance(hours=1)
    assert len(queried(sent)) == 6


def test_hours_that_were_missed_are_made_up_for(sent: Bridge, pulls: Pulls) -> None:
    pulls.add(*statuses(sent.tencent.sent))
    sent.clock.advance(hours=20)
    run("inquire")
    sent.pump.drain()
    assert len(reported(sent)) == 6


@pytest.mark.counts("equal receipts")
def test_a_phone_with_two_messages_is_queried_once(linked: Bridge, pulls: Pulls) -> None:
    code = linked.template("您好${a}")
    linked.campaign(PHONES[:1] * 2, [{"a": "1"}, {"a": "2"}], code=code)
    linked.pump.drain()
    pulls.add(*statuses(linked.tencent.sent))
    linked.clock.advance(hours=7)
    run("inquire")
    linked.pump.drain()
    assert queried(linked) == PHONES[:1]
    assert len(linked.quick_audience.receipts) == 2


@pytest.mark.both_apis
def test_a_foreign_number_is_queried_in_tencents_two_fields(linked: Bridge, pulls: Pulls) -> None:
    linked.campaign(["+852 5123 4567"], code=linked.template("Hello", 3))
    linked.pump.drain()
    pulls.add(*statuses(linked.tencent.sent))
    linked.clock.advance(hours=7)
    run("inquire")
    linked.pump.drain()
    body = linked.tencent.calls_of("pullstatus4mobile")[0].body
    assert (body["nationcode"], body["mobile"]) == ("852", "51234567")
    assert len(reported(linked)) == 1


def test_other_messages_of_the_phone_are_not_queued(sent: Bridge, pulls: Pulls) -> None:
    first = sent.tencent.sent[0]
    pulls.add(status(first), status(Sms(first.phone, "8:of-another-system", "x", 1, ())))
    sent.clock.advance(hours=7)
    run("inquire")
    queued = [one for body in sent.pump.bodies("callbacks") for one in body["statuses"]]
    assert [one["sid"] for one in queued] == [first.sid]


def test_refused_recipients_are_not_queried(linked: Bridge, pulls: Pulls) -> None:
    linked.tencent.next("13900000000", refused(1016))
    linked.tencent.always("8613900000000", refused(1016))
    linked.campaign(["13900000000", "bad"], code=linked.template("您好"))
    linked.pump.drain()
    linked.clock.advance(hours=7)
    run("inquire")
    assert queried(linked) == []


# --- sends of unknown outcome -------------------------------------------------------------------


def test_a_send_of_unknown_outcome_is_settled_by_a_status_that_is_found(
    linked: Bridge, pulls: Pulls
) -> None:
    linked.tencent.next("sendsms", lost(read_timeout, sent=True))
    linked.campaign(PHONES[:1], code=linked.template("您好"))
    linked.pump.drain()
    pulls.add(*statuses(linked.tencent.sent))
    linked.clock.advance(hours=7)
    run("inquire")
    linked.pump.run(hours=1)
    assert reported(linked) == {PHONES[0]: (2, "DELIVERED")}


def test_a_send_of_unknown_outcome_without_a_status_stays_unknown(
    linked: Bridge, pulls: Pulls
) -> None:
    linked.tencent.next("sendsms", lost(read_timeout, sent=False))
    linked.campaign(PHONES[:1], code=linked.template("您好"))
    linked.pump.drain()
    linked.clock.advance(hours=7)
    run("inquire")
    linked.pump.run(hours=1)
    assert queried(linked) == PHONES[:1]
    assert reported(linked) == {}


def test_known_messages_of_a_phone_with_an_unknown_send_are_settled_once(
    linked: Bridge, pulls: Pulls
) -> None:
    """A mark does not adopt the sid of another campaign."""
    code = linked.template("您好")
    linked.campaign(PHONES[:1], code=code, out_id="known")
    linked.pump.drain()
    linked.tencent.next("sendsms", lost(read_timeout, sent=False))
    linked.campaign(PHONES[:1], code=code, out_id="unknown")
    linked.pump.drain()
    pulls.add(*statuses(linked.tencent.sent))
    linked.clock.advance(hours=7)
    run("inquire")
    linked.pump.run(hours=1)
    assert linked.quick_audience.reported(PHONES[0], "known") == [(2, "DELIVERED")]
    assert linked.quick_audience.reported(PHONES[0], "unknown") == []


# --- bounds -------------------------------------------------------------------------------------


def test_if_queries_are_not_enabled_the_first_answer_ends_the_run(
    sent: Bridge, warned: list[str]
) -> None:
    sent.tencent.always("pullstatus4mobile", refused(1006, "请求没有权限"))
    sent.clock.advance(hours=7)
    run("inquire")
    assert len(queried(sent)) == 1
    [line] = warned
    assert "not enabled" in line


@pytest.mark.parametrize("code", [1001, 1009, 1013])
def test_a_refusal_of_the_application_ends_the_run(
    sent: Bridge, warned: list[str], code: int
) -> None:
    sent.tencent.always("pullstatus4mobile", refused(code))
    sent.clock.advance(hours=7)
    run("inquire")
    assert len(queried(sent)) == 1
    assert len(warned) == 1


@pytest.fixture
def quick_tries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(phone_queries, "_RATE_PAUSE", 0.01)
    monkeypatch.setattr(inquire, "_SLOW_PER_SECOND", 1000)


@pytest.mark.usefixtures("quick_tries")
@pytest.mark.parametrize("behaviour", [refused(1013), raw_answer(429, b"")])
def test_a_refusal_for_the_rate_slows_down_and_does_not_end_the_run(
    sent: Bridge, pulls: Pulls, warned: list[str], behaviour: Behaviour
) -> None:
    pulls.add(*statuses(sent.tencent.sent))
    sent.tencent.next("pullstatus4mobile", pulls.pull_of_phone, behaviour, behaviour)
    sent.clock.advance(hours=7)
    run("inquire")
    sent.pump.drain()
    assert len(queried(sent)) == 8
    assert len(reported(sent)) == 6
    assert warned == []


@pytest.mark.usefixtures("quick_tries")
def test_a_rate_that_is_always_refused_ends_the_run(
    sent: Bridge, pulls: Pulls, monkeypatch: pytest.MonkeyPatch, warned: list[str]
) -> None:
    monkeypatch.setattr(phone_queries, "_MAX_FAILURES", 2)
    sent.tencent.next("pullstatus4mobile", pulls.pull_of_phone, *[refused(1013)] * 20)
    sent.clock.advance(hours=7)
    run("inquire")
    # Three tries of up to five phones, of which two are given up at once with the others under way.
    assert 1 + 2 * 3 <= len(queried(sent)) <= 1 + 5 * 3
    assert len(warned) == 1


@pytest.mark.parametrize(
    "behaviour",
    [lost(read_timeout, sent=False), raw_answer(502, b""), refused(1016), refused(1004)],
)
def test_a_phone_without_an_answer_does_not_hold_up_the_others(
    sent: Bridge, pulls: Pulls, behaviour: Any
) -> None:
    pulls.add(*statuses(sent.tencent.sent))
    sent.tencent.next("pullstatus4mobile", behaviour)
    sent.clock.advance(hours=7)
    run("inquire")
    sent.pump.drain()
    assert len(queried(sent)) == 6
    assert len(reported(sent)) == 5
    sent.clock.advance(hours=18)
    run("inquire")
    sent.pump.drain()
    assert len(reported(sent)) == 6


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give each chunk two recipients."""
    monkeypatch.setattr(planning, "MAX_PER_CALL", 2)


@pytest.mark.usefixtures("small_chunks")
def test_while_tencent_is_down_a_run_ends_soon_and_the_next_one_continues(
    sent: Bridge, pulls: Pulls, monkeypatch: pytest.MonkeyPatch, warned: list[str]
) -> None:
    pulls.add(*statuses(sent.tencent.sent))
    monkeypatch.setattr(phone_queries, "_MAX_FAILURES", 3)
    sent.tencent.next("pullstatus4mobile", *[raw_answer(502, b"")] * 3)
    sent.clock.advance(hours=7)
    run("inquire")
    assert len(queried(sent)) in (3, 4)
    assert len(warned) == 1
    sent.clock.advance(hours=1)
    run("inquire")
    sent.pump.drain()
    # The chunk that was given up is queried again; the one before it at the next age.
    assert len(reported(sent)) >= 4


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize("code", [1016, 1015, 1004, 60012, -1])
def test_phones_that_tencent_refuses_for_good_do_not_hold_up_the_others(
    sent: Bridge, pulls: Pulls, monkeypatch: pytest.MonkeyPatch, warned: list[str], code: int
) -> None:
    """Otherwise the first chunk would end each run, and no later one would be asked about."""
    pulls.add(*statuses(sent.tencent.sent[4:]))
    monkeypatch.setattr(phone_queries, "_MAX_FAILURES", 2)
    sent.tencent.next("pullstatus4mobile", *[refused(code)] * 4)
    sent.clock.advance(hours=7)
    run("inquire")
    sent.pump.drain()
    assert len(queried(sent)) == 6
    assert len(reported(sent)) == 2
    assert warned == []


@pytest.mark.v5_only("its answer is v5's JSON")
def test_unanswered_calls_end_a_run_only_in_a_row(
    sent: Bridge, pulls: Pulls, monkeypatch: pytest.MonkeyPatch, warned: list[str]
) -> None:
    pulls.add(*statuses(sent.tencent.sent))
    monkeypatch.setattr(phone_queries, "_MAX_FAILURES", 2)
    monkeypatch.setattr(inquire, "_PARALLEL", 1)
    fails, nothing = raw_answer(502, b""), raw_answer(200, b'{"result":0,"data":[]}')
    sent.tencent.next("pullstatus4mobile", fails, refused(1016), fails, nothing, fails)
    sent.clock.advance(hours=7)
    run("inquire")
    assert len(queried(sent)) == 6
    assert warned == []


@pytest.mark.parametrize("status", [403, 404])
def test_a_refusal_by_something_in_between_is_no_answer(
    sent: Bridge, monkeypatch: pytest.MonkeyPatch, warned: list[str], status: int
) -> None:
    monkeypatch.setattr(phone_queries, "_MAX_FAILURES", 2)
    sent.tencent.always("pullstatus4mobile", raw_answer(status, b"<html>"))
    sent.clock.advance(hours=7)
    run("inquire")
    assert len(queried(sent)) <= 5
    assert len(warned) == 1


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize("most", [2, 3, 4, 5])
def test_a_run_makes_a_limited_number_of_calls_and_the_next_ones_continue(
    sent: Bridge, pulls: Pulls, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    pulls.add(*statuses(sent.tencent.sent))
    monkeypatch.setattr(inquire, "MAX_CALLS", most)
    sent.clock.advance(hours=7)
    runs = 0
    while len(queried(sent)) < 6:
        before = len(queried(sent))
        run("inquire")
        assert 0 < len(queried(sent)) - before <= most
        sent.clock.advance(hours=1)
        runs += 1
    sent.pump.drain()
    assert runs == (3 if most < 4 else 2)
    assert len(set(queried(sent))) == 6
    assert len(reported(sent)) == 6


def test_a_run_without_time_queries_nothing_and_the_next_one_continues(
    sent: Bridge, pulls: Pulls
) -> None:
    pulls.add(*statuses(sent.tencent.sent))
    sent.clock.advance(hours=7)
    run("inquire", seconds=30)
    assert queried(sent) == []
    run("inquire")
    sent.pump.drain()
    assert len(reported(sent)) == 6


def test_the_table_is_not_scanned(sent: Bridge) -> None:
    sent.clock.advance(hours=7)
    sent.restart()
    with sent.outside.watched():
        run("inquire")
    assert "dynamodb Scan" not in sent.outside.names


def test_events_that_a_pull_could_only_store_are_queued_even_in_callback_mode(sent: Bridge) -> None:
    pulled.save([CallbackBody(statuses=statuses(sent.tencent.sent)).to_dict()])
    run("inquire")
    sent.pump.drain()
    assert len(reported(sent)) == 6


# --- crashes ------------------------------------------------------------------------------------


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize("how", FAULTS)
def test_every_receipt_is_found_whatever_call_fails(
    linked: Bridge, pulls: Pulls, how: Fault
) -> None:
    code, phones = linked.template("您好"), PHONES[:3]
    # Tencent's sids begin again for each campaign, so messages take the place of earlier ones.
    linked.logs_are_complete = False

    def due(out_id: str) -> None:
        """Prepare messages to query, with all earlier hours finished."""
        linked.tencent.sent.clear()
        linked.quick_audience.pushes.clear()
        pulls.history.clear()
        linked.campaign(phones, code=code, out_id=out_id)
        linked.pump.drain()
        pulls.add(*statuses(linked.tencent.sent))
        linked.clock.advance(hours=6)
        run("inquire")
        linked.clock.advance(hours=1)
        linked.restart()

    due("dry")
    with linked.outside.watched():
        run("inquire")
    names = list(linked.outside.names)
    assert names.count("tencent pullstatus4mobile") == 3
    assert names.count("sqs SendMessageBatch") == 2
    for number, name in points(names):
        if name in ("dynamodb Query", "dynamodb GetItem", "dynamodb BatchGetItem"):
            # Reads change nothing: a fault at the next write has the same effect.
            continue
        due(f"{how}-{number}")
        with linked.outside.watched(number, how), suppress(Exception):
            run("inquire")
        linked.restart()
        # The next hour continues; a call without an answer is made up for at the next age.
        for hours in (1, 17):
            linked.clock.advance(hours=hours)
            run("inquire")
            linked.pump.drain()
            if len(reported(linked)) == 3:
                break
        assert set(reported(linked)) == set(phones), (name, how)


def test_found_events_are_queued_before_their_chunk_is_marked_as_queried(
    sent: Bridge, pulls: Pulls, monkeypatch: pytest.MonkeyPatch
) -> None:
    pulls.add(*statuses(sent.tencent.sent))
    sent.clock.advance(hours=7)
    with monkeypatch.context() as patch:
        patch.setattr(sending, "send", broken)
        with pytest.raises(sending.NotQueuedError):
            run("inquire")
    sent.clock.advance(hours=1)
    run("inquire")
    sent.pump.drain()
    assert len(reported(sent)) == 6


def broken(*_: Any, **__: Any) -> None:
    raise sending.NotQueuedError("SQS is down")
