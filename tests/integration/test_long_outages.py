"""Outages of hours and days, under Lambda's detection of recursive loops.

Afterwards every recipient was sent to once and reported once, and no queue has a dead letter. In between, nothing
spins. It makes no difference whether the functions' setting `RecursiveLoop` is Allow or was lost: no message goes
round in a loop at all. A loop that were there would show, as the last tests do.
"""

import time
from collections import Counter
from typing import Any

import pytest
from moto.sqs.models import sqs_backends

from local.hostile import chain
from local.hostile.chain import Recursion
from tests.support import thoroughness
from tests.support.in_process import aws, hostile, web
from tests.support.in_process.bridge import Bridge
from tests.support.in_process.outages import (
    HOURS,
    UNREACHABLE,
    WEEK,
    Moves,
    Outage,
    check_nothing_spun,
)
from tests.support.in_process.pushes import queue
from tests.support.in_process.quickaudience import by_phone, ok, respond, unauthorized
from tests.support.in_process.sends import times_sent
from tests.support.in_process.tencent import Behaviour, lost, statuses

SILENT = lost(web.read_timeout, sent=False)


@pytest.fixture(params=thoroughness.some(["Terminate", "Allow"], 2))
def setting(request: pytest.FixtureRequest) -> str:
    """The functions' setting RecursiveLoop; Terminate is what is left where it was lost."""
    return str(request.param)


@pytest.fixture
def ready(bridge: Bridge, moves: Moves, setting: str) -> Bridge:
    """A bridge with an approved sign and template, on a Lambda that stops loops."""
    hostile.use("chain").recursion = Recursion(setting)
    bridge.link()
    bridge.template("您好${name}")
    return bridge


def accept(bridge: Bridge, campaigns: int = 3, size: int = 40) -> list[str]:
    """Accept campaigns with single and bulk calls; return their phones."""
    phones = [f"139{number:08d}" for number in range(campaigns * size)]
    for number in range(campaigns):
        mine = phones[number * size : (number + 1) * size]
        names = [{"name": phone if place < 5 else "您"} for place, phone in enumerate(mine)]
        assert bridge.campaign(mine, names, code="7000", out_id=f"task-{number}").code == "OK"
    return phones


def silence(bridge: Bridge, behaviour: Behaviour | None) -> None:
    bridge.tencent.always("send", behaviour)
    bridge.tencent.always("get_template", behaviour)


def check(bridge: Bridge, moves: Moves, phones: list[str], codes: set[str] | None = None) -> None:
    """Check that everybody was sent to once and reported once, and that nothing spun or died."""
    bridge.pump.sweep()
    bridge.pump.run(hours=200)
    bridge.clock.advance(hours=100)
    bridge.pump.sweep()
    bridge.pump.run(hours=2)
    assert times_sent(bridge) == Counter(phones)
    reported = by_phone(bridge.quick_audience.receipts)
    assert reported == {phone: {(2, "DELIVERED")} for phone in phones}
    assert len(bridge.quick_audience.receipts) == len(phones)
    check_nothing_spun(bridge, moves)


def test_quick_audience_answers_401_for_a_week(ready: Bridge, moves: Moves) -> None:
    phones = accept(ready)
    ready.pump.drain("deliver")
    ready.quick_audience.always(unauthorized)
    ready.deliver_all()
    ready.pump.run("settle", "push", hours=WEEK)
    assert ready.quick_audience.receipts == []
    # One call of each function that runs at that moment, then the probes.
    assert len(ready.quick_audience.pushes) <= WEEK + 10
    ready.quick_audience.always(ok)
    check(ready, moves, phones)


def test_quick_audience_answers_500_for_70_hours(ready: Bridge, moves: Moves) -> None:
    phones = accept(ready)
    ready.pump.drain("deliver")
    ready.quick_audience.always(lambda: respond(500, {"code": "500", "message": "no"}))
    ready.deliver_all()
    ready.pump.run("settle", "push", hours=HOURS)
    assert ready.quick_audience.receipts == []
    ready.quick_audience.always(ok)
    check(ready, moves, phones)


def test_tencent_can_not_be_reached_for_70_hours(ready: Bridge, moves: Moves) -> None:
    phones = accept(ready)
    silence(ready, UNREACHABLE)
    ready.pump.run("deliver", hours=HOURS)
    assert ready.tencent.sent == []
    assert ready.pump.set_aside("sends") > 0
    silence(ready, None)
    ready.pump.run("deliver", hours=1)
    assert times_sent(ready) == Counter(phones)
    ready.deliver_all()
    check(ready, moves, phones)


@pytest.mark.skipif(not thoroughness.ALL, reason="takes half a minute: BREAKS=all runs it")
def test_tencent_is_silent_for_70_hours(ready: Bridge, moves: Moves) -> None:
    """Calls whose answers are lost may have sent something, so nobody is called a second time."""
    phones = accept(ready)
    silence(ready, SILENT)
    ready.pump.run("deliver", hours=70)
    uncertain = {phone for call in ready.tencent.send_calls for phone in call.phones}
    assert uncertain
    silence(ready, None)
    ready.pump.run("deliver", hours=1)
    certain = [phone for phone in phones if f"86{phone}" not in uncertain]
    assert times_sent(ready) == Counter(certain)
    ready.deliver_all()
    ready.pump.run(hours=10)
    ready.clock.advance(hours=10)
    ready.pump.sweep()
    ready.pump.run(hours=10)
    reported = by_phone(ready.quick_audience.receipts)
    expected = {phone: {(2, "DELIVERED")} for phone in certain}
    expected |= {phone: {(1, "OUTCOME_UNKNOWN")} for phone in phones if phone not in certain}
    assert reported == expected
    assert len(ready.quick_audience.receipts) == len(phones)
    check_nothing_spun(ready, moves)


def test_one_message_that_waits_alone_does_not_spin_either(ready: Bridge, moves: Moves) -> None:
    phones = accept(ready, campaigns=1, size=1)
    silence(ready, UNREACHABLE)
    ready.pump.run("deliver", hours=10)
    assert ready.pump.set_aside("sends") == 1
    silence(ready, None)
    ready.pump.run("deliver", hours=1)
    ready.deliver_all()
    check(ready, moves, phones)


def test_dynamodb_fails_for_six_hours(
    ready: Bridge, moves: Moves, monkeypatch: pytest.MonkeyPatch
) -> None:
    phones = accept(ready)
    ready.pump.drain("deliver")
    dynamodb = Outage("dynamodb")
    dynamodb.install(monkeypatch)
    ready.restart()
    more = [f"138{number:08d}" for number in range(20)]
    assert ready.campaign(more, {"name": "您"}, code="7000", out_id="late").code == "OK"
    dynamodb.lasts = True
    ready.deliver_all()
    end = time.time() + 6 * 3600
    ready.pump.run(hours=6)
    assert time.time() > end - 900, "they are tried again and again"
    assert ready.quick_audience.receipts == []
    dynamodb.lasts = False
    ready.pump.run("deliver", hours=1)
    ready.deliver_all()
    check(ready, moves, [*phones, *more])


@pytest.mark.skipif(not thoroughness.ALL, reason="CI runs it: DynamoDB's outage is like it")
def test_sqs_fails_for_six_hours(
    ready: Bridge, moves: Moves, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Functions are called, and can neither queue anything nor set the pause of a message."""
    phones = accept(ready, size=8)
    ready.pump.drain("deliver")
    ready.deliver_all()
    sqs = Outage("sqs")
    sqs.install(monkeypatch)
    ready.restart()
    more = [f"138{number:08d}" for number in range(20)]
    assert ready.campaign(more, {"name": "您"}, code="7000", out_id="late").code == "OK"
    sqs.lasts = True
    # Tencent has to push again, and Quick Audience learns that nothing was accepted.
    status, _ = ready.callback(statuses(ready.tencent.sent[:1]))
    assert status >= 500
    again: dict[str, Any] = {
        "phones": ["13700000000"],
        "params": {"name": "您"},
        "code": "7000",
        "out_id": "again",
    }
    assert ready.campaign(**again).code == "isp.SYSTEM_ERROR"
    ready.pump.run(hours=6)
    sqs.lasts = False
    assert ready.campaign(**again).code == "OK"
    ready.pump.run("deliver", hours=1)
    ready.deliver_all()
    check(ready, moves, [*phones, *more, *again["phones"]])


# --- what a loop would look like ---


@pytest.fixture
def impatient(bridge: Bridge, monkeypatch: pytest.MonkeyPatch) -> Bridge:
    """A bridge whose receipts are dead letters after five receives. The template allows a thousand, which are days."""
    backend: Any = sqs_backends[aws.ACCOUNT][aws.REGION]
    policy = backend.queues[f"{aws.PREFIX}receipts"].redrive_policy
    monkeypatch.setitem(policy, "maxReceiveCount", 5)
    return bridge


def queue_after_hops(bridge: Bridge, hops: int) -> None:
    """Queue a receipt that functions have queued again this many times in a row."""
    queue(bridge, "task-1", range(1))
    [message] = bridge.pump._messages("receipts")
    header = {"StringValue": f"Root=1-0-0;Lineage=1:a1b2c3d4:{hops}", "DataType": "String"}
    message.system_attributes = {"AWSTraceHeader": header}


def test_a_loop_without_the_setting_is_dropped_and_counted_and_a_dead_letter_at_last(
    impatient: Bridge,
) -> None:
    hostile.use("chain").recursion = Recursion("Terminate")
    queue_after_hops(impatient, chain.MAX_HOPS)
    impatient.pump.run("push", hours=24)
    assert impatient.quick_audience.receipts == []
    assert hostile.current.dropped == {"push": 5}
    assert impatient.pump.count("receipts-dead") == 1


@pytest.mark.parametrize(("setting", "hops"), [("push=Allow", 1000), ("", chain.MAX_HOPS - 1)])
def test_a_loop_with_the_setting_or_before_its_limit_goes_on(
    bridge: Bridge, setting: str, hops: int
) -> None:
    hostile.use("chain").recursion = Recursion(setting)
    queue_after_hops(bridge, hops)
    bridge.pump.run("push", hours=24)
    assert len(bridge.quick_audience.receipts) == 1
    assert not hostile.current.dropped
