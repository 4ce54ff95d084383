"""The cost of a campaign of 1,000, from the request to the pushed receipts. `tests/bench` has one of 10,000."""

import sys
from collections.abc import Iterator
from decimal import Decimal

import pytest

import app
from tests.support.in_process import tencent
from tests.support.in_process.bridge import Bridge
from tests.support.in_process.events import Context
from tests.support.in_process.meter import Meter

RECIPIENTS = 1000
PHONES = [f"139{number:08d}" for number in range(RECIPIENTS)]


@pytest.fixture
def meter(linked: Bridge) -> Iterator[Meter]:
    meter = Meter()
    linked.outside.observers.append(meter)
    yield meter
    per = {
        "write units": float(meter.writes),
        "read units": float(meter.reads),
        "SQS requests": float(meter.requests),
    }
    lines = [
        f"{name}: {count:g}, {count / RECIPIENTS:.4f} a message" for name, count in per.items()
    ]
    sys.stdout.write("\n".join([*lines, f"calls: {dict(meter.by_operation)}", ""]))


def run(bridge: Bridge, params: object) -> None:
    code = bridge.template()
    bridge.restart()
    with bridge.outside.watched():
        assert bridge.campaign(PHONES, params, code=code).code == "OK"
        bridge.pump.drain("deliver")
        assert len(bridge.tencent.sent) == RECIPIENTS
        for first in range(0, RECIPIENTS, 100):
            bridge.callback(tencent.statuses(bridge.tencent.sent[first : first + 100]))
        bridge.pump.drain("settle", "push")
    assert len(bridge.quick_audience.receipts) == RECIPIENTS
    assert len(bridge.quick_audience.pushes) == RECIPIENTS // 100
    assert not bridge.pump.failures


def test_the_cost_of_a_campaign_of_equal_messages(linked: Bridge, meter: Meter) -> None:
    run(linked, {"name": "您"})
    assert len(linked.tencent.send_calls) == 5
    assert meter.writes / RECIPIENTS <= 2.15
    assert meter.reads / RECIPIENTS <= Decimal("0.6")
    assert meter.requests / RECIPIENTS <= 0.06


def test_a_repetition_reads_the_log_and_writes_no_row(linked: Bridge) -> None:
    """A function that stored its receipts, reported them and died: its repetition pays for reads."""
    code = linked.template()
    assert linked.campaign(PHONES, {"name": "您"}, code=code).code == "OK"
    linked.pump.drain("deliver")
    for first in range(0, RECIPIENTS, 100):
        linked.callback(tencent.statuses(linked.tencent.sent[first : first + 100]))
    event = linked.pump.receive("settle")
    assert event
    meters = [Meter(), Meter()]
    for meter in meters:
        linked.outside.observers[:] = [meter]
        with linked.outside.watched():
            app.settle(event, Context("settle"))
    begun, repeated = meters
    assert repeated.by_operation["PutItem"] == 0
    assert repeated.writes == RECIPIENTS
    assert begun.writes > RECIPIENTS
    # Each status finds its message, as at the first time, and the log's one slot is read.
    assert 0 < repeated.reads - begun.reads <= 10


def test_the_cost_of_a_campaign_of_different_messages(linked: Bridge, meter: Meter) -> None:
    run(linked, [{"name": phone} for phone in PHONES])
    assert len(linked.tencent.send_calls) == RECIPIENTS
    assert meter.writes / RECIPIENTS <= 2.15
    assert meter.reads / RECIPIENTS <= Decimal("0.6")
    assert meter.requests / RECIPIENTS <= 0.08
