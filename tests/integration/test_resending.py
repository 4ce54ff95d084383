"""`ops campaign resend`: recipients whom Tencent never accepted get a message; nobody gets two."""

import re
import time
from typing import Any

import pytest
import requests

from chalicelib.domain.chunks import ChunkKey
from chalicelib.store import chunks, messages, resends, send_requests
from ops import halting, resend_reasons, resending
from ops.errors import OperatorError
from tests.support.in_process.bridge import Bridge
from tests.support.in_process.final_state_logs import stored_items
from tests.support.in_process.operator import Ops, counts
from tests.support.in_process.quickaudience import by_phone, unauthorized
from tests.support.in_process.resends import (
    BLACK,
    DELIVERED,
    FAILED,
    ILLEGAL,
    PHONES,
    REFUSED,
    accept_again,
    campaign,
    left_out,
    look,
    refuse,
    resend,
    sent_to,
    settle,
)
from tests.support.in_process.tencent import SETTINGS, coded, lost, refused, status

# With `local`, the operator's commands find the bridge.
pytestmark = pytest.mark.usefixtures("local")


def _row(code: int | str) -> Any:
    """Accept a call and refuse each of its numbers with this code."""
    return lambda tencent, call: tencent.obey(call, dict.fromkeys(call.phones, (code, "no")))


def everything() -> dict[tuple[str, str], Any]:
    """Return the whole table, without the times of reviews."""
    return {(item["pk"], item["sk"]): item for item in stored_items()}


# --- what is sent, and what Quick Audience learns ----------------------------------------------


def test_the_refused_are_sent_to_and_reported_a_second_time(linked: Bridge, operator: Ops) -> None:
    first = campaign(linked)
    assert settle(linked) == FAILED | dict.fromkeys(PHONES[4:], DELIVERED)
    before = sent_to(linked)
    account = operator.json("campaign", "resend", "task-1", "--yes")
    assert account["recipients"] == account["segments"] == len(REFUSED)
    [request] = account["requests"]
    assert request["bizId"] != first["bizId"]
    reported = settle(linked)
    assert reported == dict.fromkeys(PHONES, DELIVERED) | {
        phone: failed | DELIVERED for phone, failed in FAILED.items()
    }
    # The second receipt comes last.
    assert all(linked.quick_audience.reported(phone)[-1][0] == 2 for phone in REFUSED)
    assert sent_to(linked) == before | {phone: (phone,) for phone in REFUSED}
    assert counts() == {
        "requests": 2,
        "recipients": 10,
        "sent": 6,
        "delivered": 6,
        "failed": 4,
        "waiting": 0,
        "unsent": 0,
        "unreported": 0,
        "unknown": 0,
        "pushed": 10,
        "replies": 0,
        "segments": 6,
        "unpriced": 0,
        "resent": 4,
    }
    [line] = operator.json("campaign", "list")
    assert (line["recipients"], line["delivered"], line["failed"]) == (10, 6, 4)
    # Quick Audience finds both in the sending details.
    details = linked.ask(
        "POST",
        "/sms/sendDetails",
        {"outId": "task-1", "currentPage": 1, "pageSize": 100, "startDate": "", "endDate": ""},
    )
    assert details["totalCount"] == 10


def test_only_the_codes_that_were_chosen(linked: Bridge) -> None:
    campaign(linked)
    account = resend(BLACK)
    assert account["failures"] == [
        {"code": BLACK, "reason": account["failures"][0]["reason"], "recipients": 2}
    ]
    assert left_out(account) == {resend_reasons.ACCEPTED: 2, resend_reasons.OTHER_CODE: 2}
    settle(linked)
    assert set(sent_to(linked)) == set(PHONES[2:])
    assert resend(BLACK, ILLEGAL)["recipients"] == 2
    settle(linked)
    assert set(sent_to(linked)) == set(PHONES)


def test_a_code_that_nobody_failed_with_is_an_error(linked: Bridge, operator: Ops) -> None:
    campaign(linked)
    line = operator.fails("campaign", "resend", "task-1", "--code", "1O16", "--dry-run")
    assert "failed with 1O16" in line
    assert f"the codes are: {BLACK}, {ILLEGAL}" in line


def test_a_dry_run_counts_and_changes_nothing(linked: Bridge, operator: Ops) -> None:
    campaign(linked)
    linked.pump.drain()
    before = everything()
    account = operator.json("campaign", "resend", "task-1", "--dry-run")
    assert everything() == before
    assert account["dryRun"]
    assert account["recipients"] == 4
    assert [(one["code"], one["recipients"]) for one in account["failures"]] == [
        (BLACK, 2),
        (ILLEGAL, 2),
    ]
    assert account["leftOut"] == [{"why": resend_reasons.ACCEPTED, "recipients": 2}]
    assert [one["bizId"] for one in account["requests"]] == [None]
    shown = operator.type("campaign", "resend", "task-1", "--dry-run").stdout
    assert re.search(r"recipients to send to +│ 4", shown)
    assert "2  Tencent accepted a message" in shown
    assert linked.pump.count("sends") == 0


def test_every_recipient_is_sent_to_or_left_out_for_one_reason(linked: Bridge) -> None:
    campaign(linked)
    for turn in range(3):
        account = look()
        parts = account["recipients"] + sum(left_out(account).values())
        assert parts == counts()["recipients"], turn
        resend()
        settle(linked)


def test_it_asks_first_and_sends_no_more_than_was_confirmed(
    linked: Bridge, operator: Ops, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign(linked)
    assert "nothing was done" in operator.fails("campaign", "resend", "task-1", answer="n\n")
    linked.pump.drain("deliver")
    assert len(linked.tencent.sent) == 2
    linked.configure(SEGMENT_PRICE="0.045 CNY")
    agreed = operator.type("campaign", "resend", "task-1", answer="y\n")
    assert agreed.exit_code == 0
    question = "Send again to 4 recipients of task-1, about 4 segments for about 0.180 CNY?"
    assert question in agreed.stderr
    settle(linked)
    assert len(linked.tencent.sent) == 6
    # With nobody to send to, there is nothing to ask.
    assert operator.json("campaign", "resend", "task-1")["recipients"] == 0
    with pytest.raises(OperatorError, match="nothing was accepted under the outId other"):
        resending.resend("other")


def test_more_recipients_than_were_confirmed_are_not_sent_to(linked: Bridge) -> None:
    campaign(linked)
    with pytest.raises(OperatorError, match="there are 4 recipients by now, and 3 were confirmed"):
        resend(at_most=3)
    assert linked.pump.count("sends") == 0
    assert len(send_requests.of_out_id("task-1")) == 1
    # What was planned is gone.
    assert not [key for key, _ in chunks.of_out_id("task-1") if key.biz_id not in _biz_ids()]
    assert not [one for one in stored_items() if str(one["pk"]).startswith("DUE#")][1:]
    assert resend(at_most=4)["recipients"] == 4


def _biz_ids() -> set[str]:
    return {request.biz_id for request in send_requests.of_out_id("task-1")}


# --- never to a phone that was sent to, or perhaps was --------------------------------------------


def test_what_tencent_accepted_is_never_sent_again(linked: Bridge) -> None:
    """Neither after a failure receipt nor without any receipt."""
    answer = linked.campaign(PHONES, [{"name": "甲"}], code=linked.template())
    assert answer.code == "OK"
    linked.pump.drain("deliver")
    linked.callback([status(linked.tencent.sent[0], "FAIL", errmsg="MK:100C")])
    linked.pump.drain()
    account = resend()
    assert account["recipients"] == 0
    assert left_out(account) == {resend_reasons.ACCEPTED: 6}
    with pytest.raises(OperatorError, match="failed with MK:100C"):
        resend("MK:100C")
    linked.pump.drain("deliver")
    assert len(linked.tencent.sent) == 6


def test_a_send_of_unknown_outcome_is_never_repeated(linked: Bridge) -> None:
    """Neither while it is unknown, nor after a status adopted it, nor after it failed at last."""
    # One call after the other, so that no two in a row have no answer.
    linked.configure(TENCENT_PARALLEL_CALLS="4")
    linked.tencent.next("86" + PHONES[0], lost(requests.ReadTimeout, sent=True))
    linked.tencent.next("86" + PHONES[2], lost(requests.ReadTimeout, sent=False))
    refuse(linked)
    params = [{"name": phone} for phone in PHONES]
    assert linked.campaign(PHONES[:4], params[:4], code=linked.template()).code == "OK"
    linked.pump.drain("deliver")
    accept_again(linked)
    account = resend()
    assert (account["recipients"], left_out(account)) == (2, {resend_reasons.UNKNOWN: 2})
    linked.clock.advance(hours=1)
    linked.deliver_all()
    linked.pump.run(hours=3)
    assert messages.of_phone("86" + PHONES[0])[0].adopted
    assert resend()["recipients"] == 0
    linked.clock.advance(hours=73)
    linked.pump.sweep()
    linked.pump.run(hours=1)
    account = resend()
    assert account["recipients"] == 0
    assert left_out(account)[resend_reasons.UNKNOWN] == 2
    assert len(linked.tencent.sent_to("86" + PHONES[0])) == 1


@pytest.mark.parametrize(
    ("api", "behaviour"),
    [
        ("v5", refused(1007, "other")),
        ("v5", refused(9999)),
        ("3.0", refused("FailedOperation.OtherError")),
        ("3.0", refused("FailedOperation.ParametersOtherError")),
        ("3.0", refused("FailedOperation.New")),
        ("3.0", _row("FailedOperation.OtherError")),
        ("3.0", _row("Surprise.New")),
        ("v5", _row(1007)),
        ("v5", _row(9999)),
    ],
)
def test_a_refusal_that_is_not_certain_is_never_sent_again(
    linked: Bridge, api: str, behaviour: Any
) -> None:
    """Quick Audience gets the failure, and a certain refusal of another text to the phone changes nothing."""
    linked.configure(**SETTINGS[api])
    code = linked.template("您好")
    linked.tencent.always("send", behaviour)
    assert linked.campaign(PHONES[:2], code=code).code == "OK"
    linked.pump.run("deliver", "push", hours=1)
    assert {failed for failed, _ in linked.quick_audience.reported(PHONES[0])} == {1}
    linked.tencent.always("send", refused(coded(1016)))
    linked.clock.advance(seconds=10)
    assert linked.campaign(PHONES[1:3], code=linked.template("再见")).code == "OK"
    linked.pump.run("deliver", hours=1)
    linked.tencent.always("send", None)
    account = resend()
    assert account["recipients"] == 1
    assert left_out(account) == {resend_reasons.UNCERTAIN: 3}
    linked.pump.drain("deliver")
    assert set(sent_to(linked)) == {PHONES[2]}


@pytest.mark.parametrize("how", ["queued", "refused for now", "paused", "claimed"])
def test_nobody_who_still_may_be_sent_to_is_sent_to(linked: Bridge, how: str) -> None:
    """The phones are refused under one request, and wait under another one."""
    campaign(linked)
    other = linked.template("再见${name}")
    params = [{"name": "再见"}]
    assert linked.campaign(PHONES[:2], params, code=other).code == "OK"
    if how == "refused for now":
        linked.tencent.next("send", *[refused(coded(1013), "limit")] * 3)
        linked.pump.drain("deliver")
    elif how == "paused":
        halting.pause("task-1")
        linked.pump.drain("deliver")
    elif how == "claimed":
        [request] = [one for one in send_requests.of_out_id("task-1") if one.template_code == other]
        assert chunks.claim(
            ChunkKey("task-1", request.biz_id, 0), 0, int(time.time()) + 300, request.expires
        )
    account = resend()
    assert account["recipients"] == 2
    assert left_out(account)[resend_reasons.UNDER_WAY] == 4
    if how == "paused":
        halting.resume("task-1")
    reported = settle(linked)
    assert set(reported) == set(PHONES)


def test_a_phone_that_another_request_sent_to_is_left_out(linked: Bridge) -> None:
    other = linked.campaign(PHONES[:1], code=linked.template("再见"), out_id="task-1")
    assert other.code == "OK"
    linked.pump.drain("deliver")
    campaign(linked)
    # Under another outId, it does not count.
    assert linked.campaign(PHONES[1:2], code=linked.template("又"), out_id="task-2").code == "OK"
    linked.pump.drain("deliver")
    account = resend()
    assert account["recipients"] == 3
    assert left_out(account)[resend_reasons.ACCEPTED] == 4
    linked.pump.drain("deliver")
    assert len(linked.tencent.sent_to("86" + PHONES[0])) == 1


def test_a_phone_with_several_texts_gets_all_that_failed_or_none(linked: Bridge) -> None:
    """One of its texts was accepted in the first campaign, none in the second."""
    code = linked.template()
    for out_id in ("task-1", "task-2"):
        linked.tencent.next("send", *[refused(coded(1016))] * 2)
        if out_id == "task-1":
            linked.tencent.next("send", lambda tencent, call: tencent.obey(call))
        else:
            linked.tencent.next("send", refused(coded(1016)))
        linked.configure(TENCENT_PARALLEL_CALLS="4")
        names = [{"name": "甲"}, {"name": "乙"}, {"name": "丙"}]
        assert linked.campaign(PHONES[:1] * 3, names, code=code, out_id=out_id).code == "OK"
        linked.pump.drain("deliver")
    assert resend()["recipients"] == 0
    assert resending.resend("task-2")["recipients"] == 3
    linked.pump.drain("deliver")
    assert len(linked.tencent.sent) == 4
    assert {sms.params for sms in linked.tencent.sent[1:]} == {("甲",), ("乙",), ("丙",)}


def test_of_several_failures_of_a_phone_the_newest_request_counts(linked: Bridge) -> None:
    campaign(linked)
    linked.clock.advance(seconds=10)
    linked.tencent.always("send", refused(coded(1015), "black list"))
    names = [{"name": "新"}]
    assert linked.campaign(PHONES[:1], names, code=linked.template("您好, ${name}")).code == "OK"
    linked.pump.drain("deliver")
    linked.tencent.always("send", None)
    account = look()
    assert account["recipients"] == 4
    assert left_out(account)[resend_reasons.LATER] == 1
    assert {one["recipients"] for one in account["requests"]} == {1, 3}
    account = resend(BLACK)
    assert account["recipients"] == 3
    linked.pump.drain("deliver")
    [sms] = linked.tencent.sent_to("86" + PHONES[0])
    assert sms.params == ("新",)


def test_a_second_resend_while_the_first_is_under_way_sends_nothing(linked: Bridge) -> None:
    campaign(linked)
    assert resend()["recipients"] == 4
    account = resend()
    assert account["recipients"] == 0
    assert account["requests"] == []
    assert left_out(account) == {resend_reasons.ACCEPTED: 2, resend_reasons.UNDER_WAY: 8}
    settle(linked)
    assert resend()["recipients"] == 0


def test_what_fails_again_can_be_sent_again(linked: Bridge) -> None:
    campaign(linked)
    refuse(linked)
    assert resend()["recipients"] == 4
    linked.pump.drain("deliver")
    linked.clock.advance(seconds=1)
    account = resend()
    assert account["recipients"] == 4
    assert left_out(account)[resend_reasons.LATER] == 4
    halting.stop("task-1")
    linked.pump.drain("deliver")
    accept_again(linked)
    assert resend("STOPPED")["recipients"] == 4
    settle(linked)
    assert set(sent_to(linked)) == set(PHONES)


def test_quick_audience_may_repeat_the_request_meanwhile(linked: Bridge) -> None:
    code = linked.template()
    first = campaign(linked, code)
    resend()
    params = [{"name": phone} for phone in PHONES]
    again = linked.campaign(PHONES, params, code=code)
    assert again["bizId"] == first["bizId"]
    settle(linked)
    assert linked.campaign(PHONES, params, code=code)["bizId"] == first["bizId"]
    settle(linked)
    assert len(linked.tencent.sent) == 6


def test_a_request_that_comes_while_a_resend_is_planned_ends_it(
    linked: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign(linked)
    code = linked.template("又")
    plan = chunks.record_plan

    def and_a_request(request: Any, planned: Any) -> Any:
        monkeypatch.setattr(chunks, "record_plan", plan)
        assert linked.campaign(PHONES[:1], code=code).code == "OK"
        return plan(request, planned)

    monkeypatch.setattr(chunks, "record_plan", and_a_request)
    with pytest.raises(OperatorError, match="a request was accepted under task-1 meanwhile"):
        resend()
    assert resend()["recipients"] == 3
    settle(linked)


def test_a_resend_that_slept_is_not_accepted(
    linked: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign(linked)
    record_plan = chunks.record_plan

    def sleep(*arguments: Any) -> Any:
        linked.clock.advance(hours=1.1)
        return record_plan(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(chunks, "record_plan", sleep)
        with pytest.raises(OperatorError, match="longer than an hour"):
            resend()
    assert resend()["recipients"] == 4


@pytest.mark.parametrize(
    "step",
    [(resends, "begin"), (chunks, "record_plan"), (resends, "commit")],
    ids=["begin", "plan", "commit"],
)
def test_another_resend_that_begins_meanwhile_wins(
    linked: Bridge, monkeypatch: pytest.MonkeyPatch, step: tuple[Any, str]
) -> None:
    """The other one begins and ends just before a step of the first."""
    campaign(linked)
    module, name = step
    original = getattr(module, name)
    inner: list[int] = []

    def and_another(*arguments: Any) -> Any:
        monkeypatch.setattr(module, name, original)
        inner.append(resend()["recipients"])
        return original(*arguments)

    monkeypatch.setattr(module, name, and_another)
    with pytest.raises(OperatorError, match="another resend of task-1 began meanwhile"):
        resend()
    assert inner == [4]
    assert resend()["recipients"] == 0
    settle(linked)
    assert set(sent_to(linked)) == set(PHONES)
    assert not [key for key, _ in chunks.of_out_id("task-1") if key.biz_id not in _biz_ids()]


# --- recipients who were not sent to -------------------------------------------------------------


def test_recipients_of_a_stopped_campaign(linked: Bridge) -> None:
    linked.configure(TENCENT_PARALLEL_CALLS="4")
    names = [{"name": phone} for phone in PHONES]
    code = linked.template()
    assert linked.campaign(PHONES, names, code=code).code == "OK"
    halting.stop("task-1")
    linked.pump.drain("deliver")
    assert resend("STOPPED")["recipients"] == 6
    reported = settle(linked)
    assert reported == {phone: {(1, "STOPPED"), *DELIVERED} for phone in PHONES}
    assert sent_to(linked) == {phone: (phone,) for phone in PHONES}
    # The stopped request is still refused, and the resend is not.
    assert linked.campaign(PHONES, names, code=code).code == "isv.BUSINESS_LIMIT_CONTROL"


def test_recipients_who_were_not_sent_to_within_72_hours(linked: Bridge) -> None:
    names = [{"name": phone} for phone in PHONES]
    assert linked.campaign(PHONES, names, code=linked.template()).code == "OK"
    halting.pause("task-1")
    linked.clock.advance(hours=74)
    linked.pump.sweep()
    linked.pump.run(hours=2)
    assert resend("NOT_SENT")["recipients"] == 6
    reported = settle(linked)
    assert reported == {phone: {(1, "NOT_SENT"), *DELIVERED} for phone in PHONES}


# --- receipts ------------------------------------------------------------------------------------


def test_a_failure_that_is_not_pushed_yet_does_not_follow_the_delivery(linked: Bridge) -> None:
    linked.quick_audience.always(unauthorized)
    campaign(linked)
    linked.pump.drain("push")
    assert not linked.quick_audience.receipts
    resend()
    linked.pump.drain("deliver")
    linked.deliver_all()
    linked.pump.drain("settle", "push")
    linked.quick_audience.__init__(linked.outside)  # type: ignore[misc]
    linked.pump.run(hours=5)
    assert by_phone(linked.quick_audience.receipts) == dict.fromkeys(PHONES, DELIVERED)
    assert counts()["pushed"] == 10
