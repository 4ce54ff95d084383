"""A failure is not reported after a delivery of the same phone and outId: row "review 11" of docs/cases.md."""

import json

import pytest

from chalicelib.delivery import contradictions
from chalicelib.store import pushed, send_requests
from ops import receipts
from ops.campaign import account
from tests.support.in_process.breaking import BrokenInvocations
from tests.support.in_process.bridge import Bridge
from tests.support.in_process.outside import FAULTS, Fault
from tests.support.in_process.pushes import entry
from tests.support.in_process.quickaudience import respond
from tests.support.in_process.sends import A, B
from tests.support.in_process.tencent import status

TEXTS = [{"name": "甲"}, {"name": "乙"}]


def send(bridge: Bridge, numbers: list[str], params: list[dict[str, str]]) -> str:
    """Send a request until Tencent has accepted its messages; return its bizId."""
    answer = bridge.campaign(numbers, params, code=bridge.template("您好${name}"))
    assert answer.code == "OK"
    bridge.pump.drain("deliver")
    return str(answer["bizId"])


def settle(bridge: Bridge, *states: str) -> None:
    """Report a state for each message that Tencent sent, by phone and text, each in a push of its own."""
    sent = sorted(bridge.tencent.sent, key=lambda sms: (sms.phone, "甲乙丙".index(sms.params[0])))
    for sms, state in zip(sent, states, strict=True):
        if state:
            bridge.callback([status(sms, state)])
            bridge.pump.drain("settle")


def reported(bridge: Bridge) -> list[tuple[str, str]]:
    return [(one["phoneNum"], one["errCode"]) for one in bridge.quick_audience.receipts]


def test_review_11_after_a_delivery_no_failure_of_the_phone_is_reported(linked: Bridge) -> None:
    biz_id = send(linked, [A, A, B], [*TEXTS, {"name": "丙"}])
    settle(linked, "SUCCESS", "", "FAIL")
    linked.pump.drain()
    settle(linked, "", "FAIL", "")
    linked.pump.drain()
    assert sorted(reported(linked)) == [(A, "DELIVERED"), (B, "MK:0001")]
    assert linked.pump.count("receipts") == linked.pump.count("receipts-dead") == 0
    # The campaign is complete: what Quick Audience must not get counts as pushed.
    assert pushed.pushed_positions("task-1", biz_id) == {0, 1, 2}
    shown = account("task-1", send_requests.of_out_id("task-1"))
    assert (shown["delivered"], shown["failed"], shown["pushed"]) == (1, 2, 3)


def test_review_11_a_failure_may_be_reported_before_a_delivery(linked: Bridge) -> None:
    send(linked, [A, A], TEXTS)
    settle(linked, "FAIL", "")
    linked.pump.drain()
    settle(linked, "", "SUCCESS")
    linked.pump.drain()
    assert reported(linked) == [(A, "MK:0001"), (A, "DELIVERED")]


def test_review_11_a_failure_that_waits_for_quick_audience_is_overtaken(linked: Bridge) -> None:
    """The failure was queued first, but Quick Audience did not accept it until the phone had a delivery."""
    send(linked, [A, A], TEXTS)
    linked.quick_audience.next(lambda: respond(500, b"oops"))
    settle(linked, "FAIL", "")
    linked.pump.drain()
    settle(linked, "", "SUCCESS")
    linked.pump.run("push", hours=1)
    assert reported(linked) == [(A, "DELIVERED")]


@pytest.mark.counts("equal receipts")
def test_review_11_two_failures_are_both_reported(linked: Bridge) -> None:
    send(linked, [A, A], TEXTS)
    settle(linked, "FAIL", "FAIL")
    linked.pump.drain()
    assert reported(linked) == [(A, "MK:0001")] * 2


def test_review_11_a_later_request_of_the_outid_can_fail_without_contradiction(
    linked: Bridge,
) -> None:
    """The second request refuses the phone, because its parameters are missing."""
    code = linked.template("您好${name}")
    linked.campaign([A], [{"name": "甲"}], code=code)
    linked.pump.drain("deliver")
    settle(linked, "SUCCESS")
    linked.pump.drain()
    linked.campaign([A, B], [{}, {"name": "乙"}], code=code)
    linked.pump.drain()
    assert reported(linked) == [(A, "DELIVERED")]


def test_review_11_another_outid_has_states_of_its_own(linked: Bridge) -> None:
    code = linked.template("您好${name}")
    for out_id in ("task-1", "task-2"):
        linked.campaign([A], [{"name": "甲"}], code=code, out_id=out_id)
        linked.pump.drain("deliver")
    settle(linked, "SUCCESS", "FAIL")
    linked.pump.drain()
    assert reported(linked) == [(A, "DELIVERED"), (A, "MK:0001")]


def test_review_11_each_spelling_gets_a_receipt(linked: Bridge) -> None:
    """Quick Audience knows a recipient by the number as it wrote it."""
    send(linked, [A, "+86" + A], TEXTS)
    settle(linked, "SUCCESS", "FAIL")
    linked.pump.drain()
    assert reported(linked) == [(A, "DELIVERED"), ("+86" + A, "MK:0001")]


@pytest.mark.counts("equal receipts")
def test_review_11_a_replay_reports_no_failure_after_a_delivery(linked: Bridge) -> None:
    send(linked, [A, A], TEXTS)
    settle(linked, "FAIL", "SUCCESS")
    linked.pump.drain()
    before = reported(linked)
    assert receipts.replay("task-1", every=True)["queued"] == 2
    linked.pump.drain("push")
    assert reported(linked) == [*before, (A, "DELIVERED")]


@pytest.mark.parametrize("how", FAULTS)
def test_review_11_a_push_that_breaks_off_is_repeated(
    linked: Bridge, monkeypatch: pytest.MonkeyPatch, how: Fault
) -> None:
    monkeypatch.setattr(contradictions, "_PARALLEL", 1)
    biz_id = send(linked, [A, A, B], [*TEXTS, {"name": "丙"}])
    settle(linked, "SUCCESS", "FAIL", "FAIL")
    for _, what in BrokenInvocations(linked, "push", how):
        linked.pump.run("push", hours=1)
        assert set(reported(linked)) == {(A, "DELIVERED"), (B, "MK:0001")}, what
        assert pushed.pushed_positions("task-1", biz_id) == {0, 1, 2}, what
        assert linked.pump.count("receipts") == linked.pump.count("receipts-dead") == 0


def test_a_failure_that_the_first_release_queued_is_pushed(linked: Bridge) -> None:
    """Its entries do not say which phone failed."""
    failure = entry("task-1", 0, phoneNum=A, sendStatus=1, errCode="MK:0001", message="空号")
    body = {"kind": "details", "outId": "task-1", "entries": [failure]}
    linked.pump.put("receipts", json.dumps(body))
    linked.pump.drain("push")
    assert [one["phoneNum"] for one in linked.quick_audience.receipts] == [A]
