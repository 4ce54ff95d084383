"""The metrics of alarms and dashboard: their names, their dimension, and when they are counted."""

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.support.in_process import aws, tencent, web
from tests.support.in_process.bridge import SIGN, Bridge
from tests.support.in_process.pushes import queue_many
from tests.support.in_process.quickaudience import respond, unauthorized
from tests.support.in_process.sends import PHONES, A, B, C, D, accept
from tests.support.in_process.tencent import Sms, lost, numbers_refused, refused

pytestmark = pytest.mark.counts("metrics")

HANGS = lost(web.read_timeout, sent=False)


class Counts:
    """The metrics counted since the last call."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self) -> dict[str, int]:
        found: Counter[str] = Counter()
        for line in self._capsys.readouterr().out.splitlines():
            if '"_aws"' in line:
                found.update(read(json.loads(line)))
        return dict(found)


def read(record: dict[str, Any]) -> dict[str, int]:
    """Read a record in CloudWatch's embedded metric format."""
    assert isinstance(record["_aws"]["Timestamp"], int)
    found = {}
    for directive in record["_aws"]["CloudWatchMetrics"]:
        assert directive["Namespace"] == "qa-sms-bridge"
        assert directive["Dimensions"] == [["bridge"]]
        assert record["bridge"] == aws.PREFIX
        for metric in directive["Metrics"]:
            (value,) = record[metric["Name"]]
            assert value == int(value) > 0, "what did not happen is left out"
            if metric["Name"].endswith("Wait"):
                assert metric["Unit"] == "Seconds"
            else:
                assert metric["Unit"] == "Count"
                found[metric["Name"]] = int(value)
    return found


@pytest.fixture
def counts(linked: Bridge, capsys: pytest.CaptureFixture[str]) -> Counts:
    made = Counts(capsys)
    linked.configure(TENCENT_PARALLEL_CALLS="4")
    made()
    return made


def test_a_message_is_counted_as_sent_delivered_and_pushed(linked: Bridge, counts: Counts) -> None:
    accept(linked, A, B)
    assert counts() == {}
    linked.pump.drain("deliver")
    assert counts() == {"Sent": 2}
    linked.callback([tencent.status(linked.tencent.sent[0])])
    linked.callback([tencent.status(linked.tencent.sent[1], "FAIL")])
    linked.pump.drain("settle")
    assert counts() == {"Delivered": 1, "Failed": 1}
    linked.pump.drain("push")
    assert counts() == {"Pushed": 2}


def test_a_repeated_status_is_counted_once(linked: Bridge, counts: Counts) -> None:
    accept(linked, A)
    linked.pump.drain("deliver")
    linked.deliver_all()
    linked.pump.drain("settle")
    counts()
    linked.deliver_all()
    linked.pump.drain("settle")
    assert counts() == {}


def test_failures_and_unknown_outcomes_are_counted(linked: Bridge, counts: Counts) -> None:
    accept(linked, *PHONES)
    linked.tencent.next("send", numbers_refused({"86" + A: 1015, "86" + B: 1008}))
    linked.pump.drain("deliver")
    assert counts() == {"Sent": 2, "Failed": 1, "UnknownOutcomes": 1}


def test_a_refusal_of_what_the_account_may_not_send_is_counted(
    linked: Bridge, counts: Counts
) -> None:
    accept(linked, A, B, singly=True)
    linked.tencent.always("send", refused(1032))
    linked.pump.drain("deliver")
    assert counts() == {"TencentConfigErrors": 2, "Failed": 2}


@pytest.mark.both_apis
def test_numbers_that_the_account_may_not_send_to_are_one_error_of_their_call(
    linked: Bridge, counts: Counts
) -> None:
    linked.campaign([A, B, C], {"name": "您"}, code=linked.template())
    linked.tencent.next("send", numbers_refused({"86" + A: 1032, "86" + B: 1032}))
    counts()
    linked.pump.drain("deliver")
    assert counts() == {"TencentConfigErrors": 1, "Sent": 1, "Failed": 2}


@pytest.mark.parametrize("code", [1001, 1019, 1031])
def test_each_minute_of_a_hold_is_counted_while_something_waits(
    linked: Bridge, counts: Counts, code: int
) -> None:
    accept(linked, A, B, singly=True)
    linked.tencent.always("send", refused(code))
    linked.pump.drain("deliver")
    assert counts() == {"SendsHeld": 1}
    for _ in range(3):
        linked.clock.advance(seconds=60)
        linked.pump.drain("deliver")
        assert counts() == {"SendsHeld": 1}
    linked.tencent.always("send", None)
    linked.clock.advance(seconds=60)
    linked.pump.drain("deliver")
    assert counts() == {"SendsHeld": 1, "Sent": 2}, "the run of release that queued the probe"
    linked.clock.advance(seconds=60)
    linked.pump.release()
    assert counts() == {}


def test_a_refusal_that_needs_no_operator_is_not_counted(linked: Bridge, counts: Counts) -> None:
    accept(linked, A)
    linked.tencent.always("send", refused(1016))
    linked.pump.drain("deliver")
    assert counts() == {"Failed": 1}


def test_a_refused_push_is_counted(linked: Bridge, counts: Counts) -> None:
    queue_many(linked, 1)
    linked.quick_audience.next(lambda: respond(500, b"oops"))
    linked.pump.invoke_once("push")
    assert counts() == {"PushesRefused": 1}


def test_each_invocation_that_finds_pushing_stopped_is_counted(
    linked: Bridge, counts: Counts
) -> None:
    queue_many(linked, 30)
    linked.quick_audience.always(unauthorized)
    for _ in range(3):
        linked.pump.invoke_once("push")
        assert counts() == {"BreakerOpen": 1}
    linked.clock.advance(seconds=11)
    linked.pump.invoke_once("push")
    assert counts() == {"BreakerOpen": 2}, "release queued one message, which was a try in vain"


def test_each_invocation_that_finds_sending_stopped_is_counted(
    linked: Bridge, counts: Counts
) -> None:
    accept(linked, A, B, C, singly=True)
    linked.tencent.always("send", HANGS)
    linked.pump.invoke_once("deliver")
    assert counts() == {"BreakerOpen": 1, "UnknownOutcomes": 2}
    linked.clock.advance(seconds=1)
    accept(linked, D)
    linked.pump.invoke_once("deliver")
    assert counts() == {"BreakerOpen": 1}


def test_parked_events_are_counted(linked: Bridge, counts: Counts) -> None:
    linked.callback([tencent.status(Sms("86" + A, "stray", "x", 1, ()))])
    linked.callback(tencent.reply("86" + B, "好", SIGN))
    linked.pump.run("settle", hours=3)
    assert counts() == {"Parked": 2}


def test_messages_closed_without_a_receipt_are_counted(linked: Bridge, counts: Counts) -> None:
    accept(linked, A, B)
    linked.pump.drain("deliver")
    counts()
    linked.clock.advance(hours=74)
    linked.pump.sweep()
    assert counts() == {"ClosedWithoutReceipt": 2, "Failed": 2}
    linked.pump.sweep()
    assert counts() == {}


def test_alarms_and_dashboard_use_the_counted_metrics() -> None:
    """The template and the code have the same names."""
    template = Path(".chalice/resources.json").read_text()
    code = "\n".join(path.read_text() for path in Path("chalicelib").rglob("*.py"))
    counted = set(re.findall(r"(\w+)=", " ".join(re.findall(r"metrics\.count\((.*)\)", code))))
    assert {"BreakerOpen", "UnknownOutcomes", "TencentConfigErrors", "Sent"} <= counted
    watched = set(re.findall(r'"MetricName": "(\w+)"', template))
    ours = {name for name in watched if name in counted}
    assert {"BreakerOpen", "UnknownOutcomes", "TencentConfigErrors"} <= ours
    for name in counted:
        assert name in template, f"{name} is counted, and neither alarm nor dashboard uses it"
