"""SEND_HOURS: promotional messages are sent within them, all others at any time."""

import time

import pytest

from chalicelib.domain.breaker import NAMES
from chalicelib.domain.halts import HOURS
from chalicelib.store import breakers, waiting
from tests.support.in_process.bridge import Answer, Bridge
from tests.support.in_process.clock import beijing
from tests.support.in_process.operator import Ops
from tests.support.in_process.quickaudience import by_phone
from tests.support.in_process.sends import A
from tests.support.in_process.tencent import Call, FakeTencent, obeyed

PHONES = [f"139{number:08d}" for number in range(6)]
PROMOTION = "您好${name}, 新品上市, 回T退订"


@pytest.fixture
def bridge_at_night(linked: Bridge, local: Bridge) -> Bridge:
    """A bridge at 23:00, an hour after the end. Its calls are made one after the other."""
    local.configure(SEND_HOURS="08:00-22:00", TENCENT_PARALLEL_CALLS="4")
    local.clock.advance(hours=13)
    return linked


def accept(bridge: Bridge, kind: int = 2, out_id: str = "task-1") -> Answer:
    params = [{"name": phone} for phone in PHONES]
    code = bridge.template(PROMOTION, kind)
    answer = bridge.campaign(PHONES, params, code=code, out_id=out_id)
    assert answer.code == "OK"
    return answer


def test_promotions_wait_for_the_morning(bridge_at_night: Bridge) -> None:
    bridge = bridge_at_night
    accept(bridge)
    bridge.pump.run("deliver", hours=8)
    assert not bridge.tencent.sent
    assert len(list(waiting.at(HOURS))) == 1
    bridge.pump.run("deliver", hours=10)
    assert len(bridge.tencent.sent) == len(PHONES)
    assert beijing(time.time()) == "2026-03-03 08:00:00"


@pytest.mark.parametrize("kind", [0, 1])
def test_other_messages_are_sent_at_night(bridge_at_night: Bridge, kind: int) -> None:
    accept(bridge_at_night, kind)
    bridge_at_night.pump.drain("deliver")
    assert len(bridge_at_night.tencent.sent) == len(PHONES)


def test_without_the_setting_promotions_are_always_sent(bridge_at_night: Bridge) -> None:
    bridge_at_night.configure(SEND_HOURS="")
    accept(bridge_at_night)
    bridge_at_night.pump.drain("deliver")
    assert len(bridge_at_night.tencent.sent) == len(PHONES)


def test_no_call_begins_after_the_end(linked: Bridge) -> None:
    linked.configure(SEND_HOURS="08:00-22:00", TENCENT_PARALLEL_CALLS="4")
    accept(linked)

    def take_long(tencent: FakeTencent, call: Call) -> object:
        linked.clock.advance(hours=12)
        return obeyed(tencent, call)

    linked.tencent.next("send", obeyed, take_long)  # type: ignore[arg-type]
    linked.pump.invoke_once("deliver")
    assert len(linked.tencent.sent) == 2
    linked.pump.run("deliver", "push", hours=11)
    assert len(linked.tencent.sent) == len(PHONES)
    assert len({sms.phone for sms in linked.tencent.sent}) == len(PHONES)


def test_a_changed_setting_holds_for_what_waits_already(bridge_at_night: Bridge) -> None:
    accept(bridge_at_night)
    bridge_at_night.pump.invoke_once("deliver")
    assert len(list(waiting.at(HOURS))) == 1
    bridge_at_night.configure(SEND_HOURS="08:00-24:00")
    bridge_at_night.pump.release()
    bridge_at_night.pump.drain("deliver")
    assert len(bridge_at_night.tencent.sent) == len(PHONES)


def test_what_waits_for_its_hours_does_not_use_up_the_probes_of_a_breaker(
    bridge_at_night: Bridge,
) -> None:
    bridge = bridge_at_night
    bridge.configure(SEND_HOURS="")
    breakers.trip("tencent", "no", int(time.time()))
    accept(bridge)
    bridge.pump.invoke_once("deliver")
    assert bridge.campaign([A], {"name": "您"}, code=bridge.template(), out_id="x").code == "OK"
    bridge.pump.invoke_once("deliver")
    assert bridge.pump.set_aside("sends") == 2
    bridge.configure(SEND_HOURS="08:00-22:00")
    bridge.clock.advance(seconds=61)
    bridge.pump.release()
    bridge.pump.invoke_once("deliver")
    assert [sms.phone for sms in bridge.tencent.sent] == ["86" + A]
    assert len(list(waiting.at(HOURS))) == 1
    assert not [name for name in NAMES if breakers.get_open(name)]


def test_a_campaign_that_waits_can_be_stopped(bridge_at_night: Bridge) -> None:
    bridge = bridge_at_night
    accept(bridge)
    bridge.pump.drain("deliver")
    Ops(bridge).json("campaign", "stop", "task-1", "--yes")
    bridge.pump.drain("deliver", "push")
    assert by_phone(bridge.quick_audience.receipts) == {phone: {(1, "STOPPED")} for phone in PHONES}
    bridge.pump.run("deliver", hours=10)
    assert not bridge.tencent.sent


def test_doctor_counts_what_waits_for_them(bridge_at_night: Bridge) -> None:
    accept(bridge_at_night)
    bridge_at_night.pump.invoke_once("deliver")
    assert "1 for SEND_HOURS" in Ops(bridge_at_night).type("doctor").stdout
