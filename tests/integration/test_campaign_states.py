"""The states of campaigns that are halted, or wait for SEND_HOURS, in `campaign show` and `campaign list`."""

import time
from datetime import date
from decimal import Decimal

import pytest

from chalicelib import dates
from chalicelib.domain import tally
from ops import campaign, campaign_days, campaign_states, halting
from ops.campaign_states import State
from tests.support.in_process.bridge import Bridge
from tests.support.in_process.campaign_counts import check_counts
from tests.support.in_process.file_campaigns import FileCampaigns
from tests.support.in_process.halts import accept, halt_after
from tests.support.in_process.meter import Meter
from tests.support.in_process.sends import A, B
from tests.support.in_process.tencent import refused

PROMOTION = "您好${name}, 新品上市, 回T退订"


def today() -> date:
    return date.fromisoformat(dates.to_beijing(time.time())[:10])


def state(out_id: str = "task-1") -> str:
    """Return the state of a campaign, which `show`, `show --exact` and `list` agree on."""
    kept = check_counts(out_id)["state"]
    listed = {one["outId"]: one["state"] for one in campaign_days.listed(today(), today())}
    assert listed[out_id] == kept
    return str(kept)


def finish(bridge: Bridge) -> None:
    bridge.pump.drain("deliver")
    bridge.deliver_all()
    bridge.pump.drain("settle", "push")


def test_a_campaign_that_is_paused_resumed_and_stopped(linked: Bridge) -> None:
    accept(linked)
    assert state() == "sending"
    halting.pause("task-1")
    assert state() == "paused"
    linked.pump.drain("deliver")
    assert state() == "paused"
    halting.resume("task-1")
    assert state() == "sending"
    halting.stop("task-1")
    assert state() == "stopped"
    linked.pump.drain("deliver")
    assert state() == "stopped"


def test_a_campaign_that_is_stopped_half_way(
    linked: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    linked.configure(TENCENT_PARALLEL_CALLS="4")
    answer = accept(linked)
    with monkeypatch.context() as patch:
        halt_after(linked, patch, answer, "stopped", 2)
        linked.pump.invoke_once("deliver")
    halting.stop("task-1")
    assert state() == "stopped"
    finish(linked)
    assert state() == "stopped"


def test_halting_a_campaign_that_was_sent_changes_nothing(linked: Bridge) -> None:
    accept(linked)
    linked.pump.drain("deliver")
    halting.pause("task-1")
    assert state() == "waiting"
    halting.stop("task-1")
    assert state() == "waiting"
    finish(linked)
    assert state() == "done"


def test_a_pause_is_seen_although_a_hold_is_open(linked: Bridge) -> None:
    accept(linked)
    linked.tencent.always("send", refused(1031))
    linked.pump.drain("deliver")
    assert state() == "held"
    halting.pause("task-1")
    assert state() == "paused"


def test_a_later_request_says_how_the_campaign_goes_on(linked: Bridge) -> None:
    accept(linked)
    halting.stop("task-1")
    linked.pump.drain("deliver", "push")
    assert state() == "stopped"
    accept_another(linked)
    assert state() == "sending"
    finish(linked)
    assert state() == "done"


def accept_another(bridge: Bridge) -> None:
    assert bridge.campaign([A], {"name": "您"}, code="7000").code == "OK"


def test_a_file_that_is_being_read_is_paused_and_stopped(
    linked: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaigns = FileCampaigns(linked, monkeypatch)
    campaigns.send(f'{A},{{"name":"您"}}\n{B},{{"name":"您"}}', linked.template())
    halting.pause("task-1")
    assert state() == "paused"
    halting.stop("task-1")
    assert state() == "stopped"
    linked.pump.drain("read", "deliver", "push")
    assert state() == "stopped"


def test_a_promotion_waits_for_its_hours(linked: Bridge) -> None:
    linked.configure(SEND_HOURS="08:00-22:00")
    linked.clock.advance(hours=13)
    code = linked.template(PROMOTION, 2)
    assert linked.campaign([A], {"name": "您"}, code=code).code == "OK"
    assert linked.campaign([B], {"name": "您"}, code=code, out_id="task-2").code == "OK"
    halting.pause("task-2")
    assert (state(), state("task-2")) == ("hours", "paused")
    linked.pump.drain("deliver")
    assert (state(), state("task-2")) == ("hours", "paused")
    other = linked.template()
    assert linked.campaign([A], {"name": "您"}, code=other, out_id="task-3").code == "OK"
    assert state("task-3") == "sending"
    finish(linked)
    assert state("task-3") == "done"


def test_a_stop_is_seen_although_its_code_was_folded(
    linked: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tally, "MAX_REASONS", 1)
    linked.configure(TENCENT_PARALLEL_CALLS="4")
    answer = accept(linked)
    with monkeypatch.context() as patch:
        halt_after(linked, patch, answer, "stopped", 4)
        linked.pump.invoke_once("deliver")
    halting.stop("task-1")
    linked.deliver_all("FAIL")
    linked.pump.drain("settle", "push")
    shown = campaign.show("task-1")
    assert sorted(shown["failureReasons"].values()) == [2, 4]
    assert "STOPPED" not in shown["failureReasons"]
    assert shown["state"] == "stopped"
    [line] = campaign_days.listed(today(), today())
    assert line["state"] == "stopped"


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        (["stopped", "done"], "done"),
        (["stopped", "stopped"], "stopped"),
        (["paused", "sending"], "sending"),
        (["waiting", "paused"], "paused"),
        (["stopped", "waiting"], "waiting"),
        (["failed", "done"], "failed"),
        (["held", "hours"], "held"),
    ],
)
def test_a_campaign_of_several_requests(states: list[State], expected: State) -> None:
    assert campaign_states.of_campaign(states) == expected


@pytest.mark.parametrize("halted", [False, True])
def test_a_page_of_the_list_costs_two_read_units_a_campaign(linked: Bridge, halted: bool) -> None:
    meter = Meter()
    linked.outside.observers.append(meter)
    code = linked.template()
    for number in range(50):
        linked.campaign([A], {"name": str(number)}, code=code, out_id=f"task-{number}")
        if halted:
            halting.pause(f"task-{number}")
    meter.reads = Decimal(0)
    with linked.outside.watched():
        found = list(campaign_days.listed(today(), today()))
    assert {one["state"] for one in found} == {"paused" if halted else "sending"}
    assert meter.reads <= 2 * len(found)
