"""`ops doctor` and `ops stats` with API 3.0, the metric of packages, and sends that Tencent refuses for the account."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chalicelib import metrics
from chalicelib.store import breakers
from ops import sign as ops_sign
from tests.support.in_process import api3
from tests.support.in_process import bridge as in_process
from tests.support.in_process.api3 import FakeApi3, Fields
from tests.support.in_process.bridge import SIGN, Bridge, template_body
from tests.support.in_process.operator import answer, ops
from tests.support.in_process.pulls import run

PHONE = "13900001111"
DAY = 86400


@pytest.fixture
def tencent(local: Bridge, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeApi3]:
    environment = {"environment": in_process.ENVIRONMENT | api3.ENVIRONMENT}
    Path(local.state, "stack.json").write_text(json.dumps(environment))
    for fake in api3.connected(local, monkeypatch):
        fake.sign(SIGN)
        yield fake


def findings() -> dict[str, tuple[str, str]]:
    result = ops("doctor", "--json")
    for key in ("TENCENT_SECRET_ID", "TENCENT_SECRET_KEY"):
        assert api3.ENVIRONMENT[key] not in result.output
    return {one["check"]: (one["state"], one["found"]) for one in json.loads(result.stdout)}


def package(left: int, days: float, *, bought: int = 1, begins: float = -1) -> Fields:
    now = int(time.time())
    return {
        "PackageId": 1,
        "PackageType": bought,
        "PackageAmount": left + 5,
        "CurrentUsage": 5,
        "PackageCreateTime": now - 30 * DAY,
        "PackageEffectiveTime": now + int(begins * DAY),
        "PackageExpiredTime": now + int(days * DAY),
    }


def packages(tencent: FakeApi3, *found: Fields) -> None:
    tencent.answers["SmsPackagesStatistics"] = {"SmsPackagesStatisticsSet": list(found)}


def test_a_healthy_account_has_no_finding(tencent: FakeApi3) -> None:
    packages(tencent, package(95_000, 100))
    tencent.template("您好")
    found = findings()
    of_tencent = {name: found[name] for name in ("signs", "templates", "packages", "send records")}
    assert found["Tencent and clock"][0] == "ok"
    assert "3.0" in found["Tencent and clock"][1]
    assert of_tencent == {
        "signs": ("ok", "1 can be used"),
        "templates": ("ok", "1 approved, 0 pending, 0 rejected"),
        "packages": ("ok", "95,000 messages left in 1"),
        "send records": ("ok", "offered to this account"),
    }
    assert tencent.sent == []
    assert {action for action, _ in tencent.calls} <= {
        "DescribeSmsSignList",
        "DescribeSmsTemplateList",
        "SendStatusStatistics",
        "SmsPackagesStatistics",
        "DescribeSendRecordList",
    }


REFUSALS = [
    ("*", "AuthFailure.SecretIdNotFound", "TENCENT_SECRET_ID"),
    ("*", "AuthFailure.SignatureFailure", "TENCENT_SECRET_KEY"),
    ("*", "AuthFailure.SignatureExpire", "clock"),
    ("*", "AuthFailure.UnauthorizedOperation", "CAM"),
    ("*", "UnsupportedRegion", "TENCENT_REGION"),
    ("*", "NoSuchProduct", "TENCENT_BASE_URL"),
    ("app", "UnauthorizedOperation.SmsSdkAppIdVerifyFail", "TENCENT_SDK_APP_ID"),
    ("app", "UnauthorizedOperation.SmsSdkAppidVerifyFail", "TENCENT_SDK_APP_ID"),
    ("app", "InvalidParameterValue.SdkAppIdNotExist", "does not exist"),
    ("app", "UnauthorizedOperation.SdkAppidIsDisabled", "disabled"),
    ("app", "UnauthorizedOperation.SerivceSuspendDueToArrears", "arrears"),
    ("app", "UnauthorizedOperation.RequestIpNotInWhitelist", "address"),
]
OF_APPLICATION = ("SendSms", "SendStatusStatistics", "CallbackStatusStatistics")


def refuse(tencent: FakeApi3, what: str, code: str) -> None:
    for action in ("*",) if what == "*" else OF_APPLICATION:
        tencent.refusals[action] = code


@pytest.mark.parametrize(("what", "code", "said"), REFUSALS)
def test_a_refusal_of_the_account_is_named_by_the_doctor(
    tencent: FakeApi3, what: str, code: str, said: str
) -> None:
    refuse(tencent, what, code)
    state, found = findings()["Tencent and clock"]
    assert state == "error"
    assert said in found
    assert code in found
    assert "signs" not in findings()


@pytest.mark.parametrize(("what", "code", "said"), REFUSALS)
def test_a_refusal_of_the_account_holds_sends_and_fails_nobody(
    local: Bridge, tencent: FakeApi3, what: str, code: str, said: str
) -> None:
    local.configure(TENCENT_PARALLEL_CALLS="4")
    assert local.campaign([PHONE], code=tencent.template("您好")).code == "OK"
    refuse(tencent, what, code)
    local.pump.drain()
    held = breakers.get_open("tencent-account") or breakers.get_open("tencent-mainland")
    assert held is not None
    assert code in held.why
    assert local.quick_audience.receipts == []
    assert "error" in {
        state for name, (state, _) in findings().items() if name.startswith("breaker")
    }
    tencent.refusals.clear()
    local.pump.run("deliver", hours=1)
    assert [call["PhoneNumberSet"] for call in tencent.sent] == [[f"+86{PHONE}"]]


def test_an_answer_that_repeats_a_key_does_not_show_it(tencent: FakeApi3) -> None:
    key = api3.ENVIRONMENT["TENCENT_SECRET_ID"]
    tencent.refusals["*"] = f"AuthFailure.SecretIdNotFound.{key}"
    assert findings()["Tencent and clock"][0] == "error"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"StatusCode": -1, "ReviewReply": "资质不全"}, "is rejected (资质不全)"),
        ({"StatusCode": 2}, "审核通过, 待生效"),
        ({"QualificationStatusCode": 2}, "qualification"),
        ({"SignId": 999}, "Tencent does not have"),
    ],
)
def test_a_sign_that_can_not_be_used_is_a_warning(
    tencent: FakeApi3, change: Fields, said: str
) -> None:
    ops_sign.link(SIGN, 701)
    tencent.sign("别的", 702)
    tencent.signs[0] |= change
    state, found = findings()["signs"]
    assert state == "warning"
    assert said in found


def test_signs_abroad_need_no_qualification(tencent: FakeApi3) -> None:
    tencent.sign("Brand", 702, International=1, QualificationStatusCode=0)
    assert findings()["signs"] == ("ok", "2 can be used")


def test_an_account_whose_signs_are_not_listed_is_said_to_need_links(tencent: FakeApi3) -> None:
    tencent.lists_signs = False
    found = findings()
    assert found["Tencent and clock"][0] == "ok"
    assert found["signs"] == (
        "warning",
        "Tencent does not list this account's signs: link each with ops sign link. 0 can be used",
    )
    ops_sign.link(SIGN, 701)
    state, text = findings()["signs"]
    assert (state, text.endswith("1 can be used")) == ("warning", True)


def test_templates_that_break_todays_rules_are_named(local: Bridge, tencent: FakeApi3) -> None:
    def create(content: str, kind: int) -> str:
        answer = local.ask("POST", "/sms/smsTemplate", template_body(content, kind))
        return str(answer["templateCode"])

    promotion = create("新品 回T退订", 2)
    create("新品 拒收请回复R", 2)
    variable = create("您好${name}", 1)
    state, found = findings()["templates"]
    assert state == "warning"
    assert f"拒收请回复R, as Tencent requires: {promotion};" in found
    assert found.endswith(f"some accounts only: {variable}")


def test_a_sub_account_that_may_not_list_templates_is_no_error(tencent: FakeApi3) -> None:
    tencent.refusals["DescribeSmsTemplateList"] = "FailedOperation.ProhibitSubAccountUse"
    state, found = findings()["templates"]
    assert (state, "sub-account" in found) == ("ok", True)


@pytest.mark.parametrize(
    ("found", "state", "said"),
    [
        ([], "ok", "billed by the month"),
        ([(500, -1, 0)], "ok", "billed by the month"),
        ([(500, -1, 1)], "warning", "no message is left"),
        ([(0, 90, 1)], "warning", "no message is left"),
        ([(500, 90, 1), (700, 90, 0)], "ok", "1,200 messages left in 2"),
        ([(500, 5, 1), (700, 90, 1)], "ok", "500 of them expire within 14 days"),
        ([(500, 5, 1)], "warning", "500 of them expire within 14 days"),
    ],
)
def test_the_balance_of_packages_is_shown(
    tencent: FakeApi3, found: list[tuple[int, float, int]], state: str, said: str
) -> None:
    packages(tencent, *(package(left, days, bought=bought) for left, days, bought in found))
    shown = findings()["packages"]
    assert shown[0] == state
    assert said in shown[1]


@pytest.mark.parametrize(
    ("code", "state", "said"),
    [
        ("InvalidAction", "warning", "not offered"),
        ("UnauthorizedOperation.RequestPermissionDeny", "warning", "not offered"),
        ("AuthFailure.UnauthorizedOperation", "warning", "CAM"),
        ("InvalidParameterValue.IncorrectPhoneNumber", "ok", "offered"),
        ("RequestLimitExceeded", "ok", "offered"),
    ],
)
def test_whether_send_records_are_offered_is_found_out(
    tencent: FakeApi3, code: str, state: str, said: str
) -> None:
    tencent.refusals["DescribeSendRecordList"] = code
    found = findings()["send records"]
    assert found[0] == state
    assert said in found[1]


# --- statistics ---


def test_statistics_show_the_packages(local: Bridge, tencent: FakeApi3) -> None:
    tencent.answers["SendStatusStatistics"] = {
        "SendStatusStatistics": {"RequestCount": 4, "RequestSuccessCount": 3, "FeeCount": 3}
    }
    tencent.answers["CallbackStatusStatistics"] = {
        "CallbackStatusStatistics": {"CallbackCount": 2, "CallbackSuccessCount": 1}
    }
    packages(tencent, package(95, 100), package(0, 100), package(7, -1))
    span = ("--from", "2026-03-02", "--to", "2026-03-02")
    shown = answer("stats", *span)
    rows = {row["count"]: row["tencent"] for row in shown["counts"]}
    assert (rows["submitted"], rows["accepted"], rows["billed"]) == (4, 3, 3)
    assert (rows["reported"], rows["delivered"]) == (2, 1)
    [one] = shown["packages"]
    assert (one["messages"], one["used"], one["left"]) == (100, 5, 95)
    text = ops("stats", *span).stdout
    assert "Packages of messages" in text
    assert "95" in text


# --- the metric of packages ---


def published(capsys: pytest.CaptureFixture[str]) -> list[int]:
    lines = [json.loads(one) for one in capsys.readouterr().out.splitlines() if '"_aws"' in one]
    return [int(line["PackageMessagesLeft"][0]) for line in lines if "PackageMessagesLeft" in line]


@pytest.mark.parametrize(
    ("found", "metric"),
    [
        ([], []),
        ([(500, -1, 0)], []),
        ([(500, -1, 1)], [0]),
        ([(0, 90, 1)], [0]),
        ([(500, 90, 1), (700, 90, 0), (9, -1, 1)], [1200]),
    ],
)
def test_an_hourly_run_publishes_what_is_left(
    tencent: FakeApi3,
    capsys: pytest.CaptureFixture[str],
    found: list[tuple[int, float, int]],
    metric: list[int],
) -> None:
    packages(tencent, *(package(left, days, bought=bought) for left, days, bought in found))
    run("inquire")
    assert published(capsys) == metric


def test_a_package_that_is_not_in_force_yet_does_not_count(
    tencent: FakeApi3, capsys: pytest.CaptureFixture[str]
) -> None:
    packages(tencent, package(500, 90, begins=1))
    run("inquire")
    assert published(capsys) == [0]


@pytest.mark.parametrize("code", ["AuthFailure.UnauthorizedOperation", "InternalError.Timeout"])
def test_a_refused_balance_does_not_disturb_the_run(
    tencent: FakeApi3, capsys: pytest.CaptureFixture[str], code: str
) -> None:
    tencent.refusals["SmsPackagesStatistics"] = code
    run("inquire")
    assert published(capsys) == []


def test_a_failing_metric_does_not_disturb_the_run(
    tencent: FakeApi3, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**_: Any) -> None:
        raise RuntimeError("no metrics")

    monkeypatch.setattr(metrics, "gauge", fail)
    packages(tencent, package(500, 90))
    run("inquire")
    assert tencent.calls_of("SmsPackagesStatistics")


@pytest.mark.v5_only("3.0 publishes it")
def test_v5_publishes_no_balance(bridge: Bridge, capsys: pytest.CaptureFixture[str]) -> None:
    run("inquire")
    assert published(capsys) == []
    assert bridge.tencent.calls == []


# --- pulls ---


def test_statuses_and_replies_are_pulled(local: Bridge, tencent: FakeApi3) -> None:
    local.configure(TENCENT_RECEIPTS="pull")
    local.campaign([PHONE], code=tencent.template("您好"))
    local.pump.drain()
    [sent] = tencent.sent
    batches = [{"PullSmsSendStatusSet": [api3.status(sent)]}, {}]
    original = tencent.answer

    def once(request: Any) -> Any:
        if request.headers["X-TC-Action"] == "PullSmsSendStatus":
            tencent.answers["PullSmsSendStatus"] = batches.pop(0)
        return original(request)

    tencent.answer = once  # type: ignore[method-assign]
    run("pull")
    local.pump.drain()
    assert [one["outId"] for one in local.quick_audience.receipts] == ["task-1"]
    assert len(tencent.calls_of("PullSmsSendStatus")) == 2
    assert len(tencent.calls_of("PullSmsReplyStatus")) == 1
