"""What a campaign over API 3.0 has and one over v5 has not. The tests marked `both_apis` cover what they share."""

from collections import Counter
from typing import Any

import pytest

from tests.support.in_process import log_lines
from tests.support.in_process.bridge import Bridge, template_body
from tests.support.in_process.operator import answer as ops
from tests.support.in_process.pulls import Pulls, run
from tests.support.in_process.sends import PHONES, A, B, C, D, accept, outcomes, times_sent
from tests.support.in_process.tencent import lost, numbers_refused, refused
from tests.support.in_process.web import read_timeout

pytestmark = pytest.mark.parametrize("bridge", ["3.0"], indirect=True)
PATH = "/sms/smsTemplate"
NO_POLICY = "AuthFailure.UnauthorizedOperation"


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the warnings and errors that are logged."""
    return log_lines.collect(monkeypatch, "warning", "error")


# --- sends ---


def answer_code(bridge: Bridge) -> str:
    """Return the code of the template that `accept` made."""
    [code] = bridge.tencent.templates
    return str(code)


def test_a_call_names_its_first_recipient(linked: Bridge) -> None:
    answer = accept(linked, *PHONES)
    linked.pump.drain("deliver")
    linked.campaign([A, B], [{"name": "a"}, {"name": "b"}], code=answer_code(linked), out_id="2")
    linked.pump.drain("deliver")
    contexts = [call.body["context"] for call in linked.tencent.send_calls]
    assert contexts[0] == f"{answer['bizId']}:0"
    assert {context.partition(":")[2] for context in contexts[1:]} == {"0", "1"}
    assert all(len(context.encode()) < 512 for context in contexts)


@pytest.mark.parametrize("code", ["RequestLimitExceeded", "RequestLimitExceeded.Newcomer"])
def test_the_gateways_limit_of_rate_is_waited_for(linked: Bridge, code: str) -> None:
    accept(linked, *PHONES)
    linked.tencent.next("send", refused(code))
    linked.pump.run("deliver", hours=1)
    assert times_sent(linked) == Counter(PHONES)


@pytest.mark.parametrize(
    ("setting", "code"),
    [
        ("LimitExceeded.PhoneNumberDailyLimit", "LimitExceeded.PhoneNumberDailyLimit"),
        ("LimitExceeded.PhoneNumberDailyLimit", "limitexceeded.PhoneNumberDailyLimi"),
        ("1047", "LimitExceeded.AppGlobalDailyLimit"),
        ("1047", "LimitExceeded.DailyLimit"),
    ],
)
def test_a_named_code_is_waited_for(linked: Bridge, setting: str, code: str) -> None:
    linked.configure(TENCENT_WAIT_CODES=setting)
    answer = accept(linked, *PHONES)
    codes: Any = dict.fromkeys(("86" + A, "86" + C), code)
    linked.tencent.next("send", numbers_refused(codes))
    linked.pump.run("deliver", "push", hours=1)
    assert times_sent(linked) == Counter(PHONES)
    assert set(outcomes(linked, answer)) == set(PHONES)
    assert not linked.quick_audience.receipts


def test_a_code_beside_the_named_one_is_not_waited_for(linked: Bridge) -> None:
    linked.configure(TENCENT_WAIT_CODES="LimitExceeded.DailyLimit")
    answer = accept(linked, *PHONES)
    codes: Any = {
        "86" + A: "LimitExceeded.AppGlobalDailyLimit",
        "86" + B: "LimitExceeded.DailyLimit",
    }
    linked.tencent.next("send", numbers_refused(codes))
    linked.pump.drain("deliver")
    found = outcomes(linked, answer)
    assert (found[A], found.get(B)) == ("isv.DAY_LIMIT_CONTROL", "…")
    assert times_sent(linked) == Counter([C, D])


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (NO_POLICY, "grant sms:SendSms"),
        ("AuthFailure.SignatureFailure", "TENCENT_SECRET_KEY"),
        ("UnauthorizedOperation.ServiceSuspendDueToArrears", "arrears"),
    ],
)
def test_a_hold_is_stored_with_its_name_and_shown_in_words(
    local: Bridge, code: str, words: str
) -> None:
    local.link()
    accept(local, *PHONES)
    local.tencent.always("send", refused(code, "不行"))
    local.pump.drain("deliver")
    (row,) = [one for one in ops("breaker", "show") if one["state"] == "open"]
    assert row["breaker"] == "tencent-account"
    for text in (f"Tencent {code}", "不行", words):
        assert text in row["why"]
    local.tencent.always("send", None)
    local.pump.run("deliver", hours=1)
    assert times_sent(local) == Counter(PHONES)


# --- pulls ---


def test_a_pull_without_a_policy_has_another_remedy_than_one_that_is_not_enabled(
    linked: Bridge, logged: list[str]
) -> None:
    linked.configure(TENCENT_RECEIPTS="pull")
    linked.tencent.always("pullstatus", refused(NO_POLICY))
    run("pull")
    [line] = logged
    assert "sms:PullSmsSendStatus" in line
    assert "TENCENT_RECEIPTS" not in line


def test_a_query_without_a_policy_ends_the_run_with_a_remedy(
    linked: Bridge, logged: list[str]
) -> None:
    Pulls(linked)
    linked.campaign(PHONES, code=linked.template("您好"))
    linked.pump.drain()
    linked.tencent.always("pullstatus4mobile", refused(NO_POLICY))
    linked.clock.advance(hours=7)
    logged.clear()
    run("inquire")
    assert len(linked.tencent.calls_of("pullstatus4mobile")) == 1
    [line] = logged
    assert "sms:PullSmsSendStatusByPhoneNumber" in line


# --- templates ---


@pytest.mark.parametrize("sent", [False, True])
def test_a_key_that_may_not_list_templates_submits_one_again(bridge: Bridge, *, sent: bool) -> None:
    body = template_body("您好")
    bridge.tencent.next("add_template", lost(read_timeout, sent=sent))
    assert bridge.ask("POST", PATH, body).code == "isp.SYSTEM_ERROR"
    bridge.tencent.next("get_template", refused("FailedOperation.ProhibitSubAccountUse"))
    assert bridge.ask("POST", PATH, body).code == "OK"
    assert len(bridge.tencent.templates) == 1 + sent


def test_a_template_that_is_approved_and_not_effective_yet_is_pending(linked: Bridge) -> None:
    code = linked.template("您好", approve=False)
    # Of the fake's statuses, 2 is v5's for rejected; another one goes out as it is.
    linked.tencent.review(int(code), 3)
    found = linked.ask("GET", f"{PATH}/{code}")
    assert (found["templateStatus"], found["reason"]) == (0, "无审批备注")
    assert linked.campaign([A], code=code).code == "isv.SMS_TEMPLATE_ILLEGAL"


def test_a_template_for_both_kinds_of_numbers_is_sent_to_both(linked: Bridge) -> None:
    linked.tencent.templates[55] = {"id": 55, "text": "您好", "status": 0}
    assert linked.campaign([A, "+85251234567"], code="55").code == "OK"
    linked.pump.drain("deliver")
    assert {sms.phone for sms in linked.tencent.sent} == {"86" + A, "85251234567"}
