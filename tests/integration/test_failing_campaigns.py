"""A campaign whose recipients fail raises an alarm and, by setting, is paused once."""

import logging
import threading
import time

import pytest
from rich.console import Console

from chalicelib.store import halts, send_requests, table
from ops import campaign, halting, unknown
from ops.commands import output
from tests.support.in_process.bridge import Bridge
from tests.support.in_process.failing import PHONES, Alarms, accept, report, state
from tests.support.in_process.meter import Meter
from tests.support.in_process.operator import Ops, answer
from tests.support.in_process.sends import send_unanswered
from tests.support.in_process.snapshot import snapshot
from tests.support.in_process.tencent import and_first, refused


@pytest.fixture(autouse=True)
def rate(bridge: Bridge) -> None:
    bridge.configure(FAILURE_ALARM="20% of 10", TENCENT_PARALLEL_CALLS="4")


@pytest.fixture
def alarms(rate: None, capsys: pytest.CaptureFixture[str]) -> Alarms:
    return Alarms(capsys)


@pytest.fixture
def operator(linked: Bridge, local: Bridge, monkeypatch: pytest.MonkeyPatch) -> Ops:
    monkeypatch.setattr(output, "_console", Console(width=250))
    return Ops(local)


@pytest.fixture
def pauses(linked: Bridge) -> None:
    linked.configure(PAUSE_ON_FAILURES="on")


# --- the alarm -----------------------------------------------------------------------------------


@pytest.mark.both_apis
def test_refusals_raise_the_alarm(linked: Bridge, alarms: Alarms) -> None:
    linked.tencent.always("send", refused(1014))
    accept(linked)
    linked.pump.drain("deliver")
    assert alarms() == 1


@pytest.mark.both_apis
@pytest.mark.parametrize(("failed", "expected"), [(2, 1), (1, 0)])
def test_statuses_raise_the_alarm_from_the_rate_on(
    linked: Bridge, alarms: Alarms, failed: int, expected: int
) -> None:
    accept(linked)
    linked.pump.drain("deliver")
    report(linked, failed=failed, delivered=10 - failed)
    assert alarms() == expected


def test_too_few_final_states_raise_none(linked: Bridge, alarms: Alarms) -> None:
    accept(linked, 20)
    linked.pump.drain("deliver")
    report(linked, failed=9)
    assert alarms() == 0
    report(linked, failed=1, since=9)
    assert alarms() == 1


@pytest.mark.counts("alarms")
def test_a_campaign_that_goes_on_failing_keeps_the_alarm_up(linked: Bridge, alarms: Alarms) -> None:
    accept(linked, 30)
    linked.pump.drain("deliver")
    for since in (0, 10, 20):
        report(linked, failed=10, since=since)
        assert alarms() == 1


def test_it_can_be_turned_off(linked: Bridge, alarms: Alarms) -> None:
    linked.configure(FAILURE_ALARM="off")
    linked.tencent.always("send", refused(1014))
    accept(linked)
    linked.pump.drain("deliver")
    assert alarms() == 0


def test_refusals_raise_none_while_most_are_accepted_and_not_delivered_yet(
    linked: Bridge, alarms: Alarms
) -> None:
    """Tencent refuses at once, and reports deliveries later."""
    linked.configure(FAILURE_ALARM="20% of 2")
    for phone in PHONES[:3]:
        linked.tencent.next("86" + phone, refused(1015))
    accept(linked, 40)
    linked.pump.drain("deliver")
    assert alarms() == 0
    report(linked, failed=1)
    assert alarms() == 0
    report(linked, failed=8, since=1)
    assert alarms() == 1


def test_what_an_operator_stopped_raises_none(linked: Bridge, alarms: Alarms) -> None:
    accept(linked)
    halting.stop("task-1")
    linked.pump.drain("deliver")
    assert campaign.show("task-1")["failed"] == 10
    assert alarms() == 0


def test_what_could_not_be_sent_in_time_raises_none(
    linked: Bridge, alarms: Alarms, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chalicelib.functions.sweep._HOURS_BACK", 10)
    accept(linked)
    linked.clock.advance(hours=74)
    linked.pump.sweep()
    assert campaign.show("task-1")["failureReasons"] == {"NOT_SENT": 10}
    assert alarms() == 0


def test_what_has_no_receipt_after_72_hours_raises_it_and_pauses_nothing(
    linked: Bridge, alarms: Alarms, pauses: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chalicelib.functions.sweep._HOURS_BACK", 10)
    [request] = accept(linked)
    linked.pump.drain("deliver")
    linked.clock.advance(hours=74)
    linked.pump.sweep()
    assert campaign.show("task-1")["failureReasons"] == {"NO_RECEIPT": 10}
    assert (alarms(), state(request)) == (1, "")


def test_what_an_operator_settles_counts_no_metric(
    linked: Bridge, alarms: Alarms, pauses: None
) -> None:
    linked.configure(FAILURE_ALARM="1% of 1")
    send_unanswered(linked, PHONES[0])
    alarms()
    sends = unknown.find("task-1", PHONES[0])
    assert unknown.record_and_report(sends, "failed")
    assert alarms() == 0


@pytest.mark.counts("log lines")
def test_the_campaign_is_named_in_the_log(linked: Bridge, caplog: pytest.LogCaptureFixture) -> None:
    [request] = accept(linked)
    linked.pump.drain("deliver")
    report(linked, failed=5, delivered=5)
    [record] = [one for one in caplog.records if one.message == "campaign fails"]
    assert record.levelno == logging.ERROR
    fields = ("outId", "bizId", "failed", "finalStates", "percent")
    found = [getattr(record, name) for name in fields]
    assert found == ["task-1", request["bizId"], 5, 10, 50]


# --- its price -----------------------------------------------------------------------------------


def price(bridge: Bridge, *, failed: int) -> tuple[int, object]:
    """Return the write and read units of a campaign that is sent and settled."""
    meter = Meter()
    bridge.outside.observers.append(meter)
    with bridge.outside.watched():
        accept(bridge)
        bridge.pump.drain("deliver")
        report(bridge, failed=failed, delivered=10 - failed)
    bridge.outside.observers.remove(meter)
    return meter.writes, meter.reads


@pytest.mark.parametrize("failed", [0, 1])
def test_as_long_as_all_is_well_it_costs_nothing(linked: Bridge, pauses: None, failed: int) -> None:
    linked.template()
    restore = snapshot(linked)
    watched = price(linked, failed=failed)
    restore()
    linked.configure(FAILURE_ALARM="off", PAUSE_ON_FAILURES="off")
    assert price(linked, failed=failed) == watched


# --- the pause -----------------------------------------------------------------------------------


def test_by_default_nothing_is_paused(linked: Bridge, alarms: Alarms) -> None:
    linked.tencent.always("send", refused(1014))
    [request] = accept(linked)
    linked.pump.drain("deliver")
    assert (alarms(), state(request)) == (1, "")


@pytest.mark.both_apis
def test_a_failing_campaign_is_paused_and_goes_on_when_it_is_resumed(
    linked: Bridge, pauses: None, caplog: pytest.LogCaptureFixture
) -> None:
    linked.tencent.always("send", refused(1014))
    first, second = accept(linked, times=2)
    linked.pump.invoke_once("deliver", 1)
    assert [state(one) for one in (first, second)] == ["paused", "paused"]
    called = len(linked.tencent.send_calls)
    linked.clock.advance(seconds=5)
    linked.pump.drain("deliver")
    assert len(linked.tencent.send_calls) == called == 10
    shown = campaign.show("task-1")
    assert (shown["state"], shown["unsent"]) == ("paused", 10)
    [pause] = shown["pauses"]
    assert (pause["bizId"], pause["by"]) == (second["bizId"], "failures")
    assert pause["reason"] == f"10 of 10 final states of {first['bizId']} are failures"
    logged = [one for one in caplog.records if one.message == "request paused because of failures"]
    assert {one.__dict__["bizId"] for one in logged} == {first["bizId"], second["bizId"]}
    # The operator repairs the cause, and resumes it.
    linked.tencent.always("send", None)
    halting.resume("task-1")
    linked.pump.drain("deliver")
    shown = campaign.show("task-1")
    assert (shown["sent"], shown["unsent"], shown["pauses"]) == (10, 0, [])


def test_a_chunk_in_hand_stops(linked: Bridge, pauses: None) -> None:
    """The function that pauses its own request reads the halt like any other, within a second."""
    [request] = accept(linked, 40)

    def wait_for_the_pause() -> None:
        if len(linked.tencent.send_calls) >= 30:
            never = threading.Event()
            while state(request) != "paused":
                never.wait(0.01)
            linked.clock.advance(seconds=1.1)

    linked.tencent.always("send", and_first(wait_for_the_pause, refused(1014)))
    linked.pump.invoke_once("deliver")
    assert len(linked.tencent.send_calls) == 30
    assert campaign.show("task-1")["unsent"] == 10


def test_after_a_resume_the_same_failures_pause_nothing(
    linked: Bridge, pauses: None, alarms: Alarms
) -> None:
    linked.tencent.always("send", refused(1014))
    first, second, third = accept(linked, times=3)
    linked.pump.invoke_once("deliver", 1)
    halting.resume("task-1")
    # The others fail, too, and so would late final states of the first.
    linked.pump.drain("deliver")
    assert [state(one) for one in (first, second, third)] == ["sending"] * 3
    assert alarms() == 3, "the alarm comes all the same"
    assert campaign.show("task-1")["unsent"] == 0


def test_what_an_operator_resumed_before_is_left_to_the_operator(
    linked: Bridge, pauses: None
) -> None:
    linked.tencent.always("send", refused(1014))
    [request] = accept(linked)
    halting.pause("task-1")
    halting.resume("task-1")
    linked.pump.drain("deliver")
    assert state(request) == "sending"


def test_a_later_request_of_the_outid_is_sent_and_paused_by_its_own_failures(
    linked: Bridge, pauses: None
) -> None:
    linked.tencent.always("send", refused(1014))
    [first] = accept(linked)
    linked.pump.drain("deliver")
    assert state(first) == "paused"
    halting.resume("task-1")
    [later] = accept(linked, first=10)
    assert state(later) == ""
    linked.pump.drain("deliver")
    assert (state(first), state(later)) == ("sending", "paused")


def test_another_campaign_goes_on(linked: Bridge, pauses: None) -> None:
    [other] = accept(linked, first=10, out_id="task-2")
    for phone in PHONES[:10]:
        linked.tencent.always("86" + phone, refused(1014))
    [request] = accept(linked)
    linked.pump.drain("deliver")
    assert (state(request), state(other, "task-2")) == ("paused", "")
    assert campaign.show("task-2")["sent"] == 10


def test_a_paused_or_stopped_campaign_stays_as_it_is(linked: Bridge, pauses: None) -> None:
    [request] = accept(linked)
    linked.pump.drain("deliver")
    halting.stop("task-1")
    report(linked, failed=10)
    assert state(request) == "stopped"


def test_an_operators_mark_at_the_same_moment_wins(
    linked: Bridge, pauses: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The operator stops the campaign after the function has read that there is no halt."""
    [request] = accept(linked)
    linked.pump.drain("deliver")
    put, stops = table.put, [send_requests.get("task-1", request["bizId"])]

    def stop_first(item: table.Item) -> None:
        if item["pk"] == halts.LIST and stops:
            halts.change(stops.pop(), "stopped", int(time.time()))
        put(item)

    monkeypatch.setattr(table, "put", stop_first)
    report(linked, failed=10)
    assert not stops
    assert state(request) == "stopped"


def test_an_error_of_the_pause_holds_up_nothing(
    linked: Bridge, pauses: None, alarms: Alarms, monkeypatch: pytest.MonkeyPatch
) -> None:
    [request] = accept(linked, 20)
    linked.pump.drain("deliver")
    with monkeypatch.context() as broken:

        def fails(*_: object) -> bool:
            raise TimeoutError

        broken.setattr(halts, "pause_once", fails)
        report(linked, failed=10)
    assert (alarms(), state(request)) == (1, "")
    assert not linked.pump.failures
    # The next final state makes up for it.
    report(linked, failed=1, since=10)
    assert state(request) == "paused"


def test_show_says_why_a_campaign_is_paused(linked: Bridge, operator: Ops, pauses: None) -> None:
    linked.tencent.always("send", refused(1014))
    accept(linked, times=2)
    linked.pump.invoke_once("deliver", 1)
    said = operator.type("campaign", "show", "task-1").stdout
    assert "10 of 10 final states of" in said
    assert "because of failures" in said
    since = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 8 * 3600))
    assert answer("campaign", "show", "task-1")["pauses"][0]["since"].startswith(since)
