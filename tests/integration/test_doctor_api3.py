"""`ops doctor` and `ops stats` with API 3.0, the metric of packages, and sends that Tencent refuses for the account."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from chalicelib import metrics
from chalicelib.store import breakers
from ops import sign as ops_sign
from tests.support.in_process.bridge import ENVIRONMENT, SIGN, Bridge
from tests.support.in_process.operator import answer, ops
from tests.support.in_process.pulls import run
from tests.support.in_process.tencent import (
    SETTINGS,
    FakeTencent,
    answered,
    raw_answer,
    refused,
    status,
    unlisted,
)

PHONE = "13900001111"
DAY = 86400
API3 = SETTINGS["3.0"]
Fields = dict[str, Any]


@pytest.fixture
def tencent(local: Bridge, tencent: FakeTencent) -> FakeTencent:
    environment = {"environment": ENVIRONMENT | API3}
    Path(local.state, "stack.json").write_text(json.dumps(environment))
    tencent.add_sign(SIGN)
    return tencent


def findings() -> dict[str, tuple[str, str]]:
    result = ops("doctor", "--json")
    for key in ("TENCENT_SECRET_ID", "TENCENT_SECRET_KEY"):
        assert API3[key] not in result.output
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


def packages(tencent: FakeTencent, *found: Fields) -> None:
    tencent.always("getsmspackages", answered(data=list(found)))


def test_a_healthy_account_has_no_finding(tencent: FakeTencent) -> None:
    packages(tencent, package(95_000, 100))
    tencent.add_template("您好")
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
    assert {call.action for call in tencent.calls} <= {
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
OF_APPLICATION = ("send", "pullsendstatus", "pullcallbackstatus")


def refuse(tencent: FakeTencent, what: str, code: str | None) -> None:
    """Refuse all calls, or those that name the application; with None, obey them again."""
    for name in ("*",) if what == "*" else OF_APPLICATION:
        tencent.always(name, refused(code) if code else None)


@pytest.mark.parametrize(("what", "code", "said"), REFUSALS)
def test_a_refusal_of_the_account_is_named_by_the_doctor(
    tencent: FakeTencent, what: str, code: str, said: str
) -> None:
    refuse(tencent, what, code)
    state, found = findings()["Tencent and clock"]
    assert state == "error"
    assert said in found
    assert code in found
    assert "signs" not in findings()


def test_something_else_at_tencents_address_is_named_by_the_doctor(tencent: FakeTencent) -> None:
    tencent.always("*", raw_answer(403, b"<html>"))
    state, found = findings()["Tencent and clock"]
    assert state == "error"
    assert "TENCENT_BASE_URL" in found
    assert "HTTP 403" in found


@pytest.mark.parametrize(("what", "code", "said"), REFUSALS)
def test_a_refusal_of_the_account_holds_sends_and_fails_nobody(
    local: Bridge, tencent: FakeTencent, what: str, code: str, said: str
) -> None:
    local.configure(TENCENT_PARALLEL_CALLS="4")
    assert local.campaign([PHONE], code=tencent.add_template("您好")).code == "OK"
    refuse(tencent, what, code)
    local.pump.drain()
    held = breakers.get_open("tencent-account") or breakers.get_open("tencent-mainland")
    assert held is not None
    assert code in held.why
    assert local.quick_audience.receipts == []
    assert "error" in {
        state for name, (state, _) in findings().items() if name.startswith("breaker")
    }
    refuse(tencent, what, None)
    local.pump.run("deliver", hours=1)
    assert [sms.phone for sms in tencent.sent] == [f"86{PHONE}"]
    assert tencent.requests_of("SendSms")[-1]["PhoneNumberSet"] == [f"+86{PHONE}"]


def test_an_answer_that_repeats_a_key_does_not_show_it(tencent: FakeTencent) -> None:
    key = API3["TENCENT_SECRET_ID"]
    tencent.always("*", refused(f"AuthFailure.SecretIdNotFound.{key}"))
    assert findings()["Tencent and clock"][0] == "error"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"StatusCode": -1, "ReviewReply": "资质不全"}, "is rejected (资质不全)"),
        ({"StatusCode": 2}, "审核通过, 待生效"),
        ({"QualificationStatusCode": 2}, "qualification"),
        ({"id": 999}, "Tencent does not have"),
    ],
)
def test_a_sign_that_can_not_be_used_is_a_warning(
    tencent: FakeTencent, change: Fields, said: str
) -> None:
    ops_sign.link(SIGN, 701)
    tencent.add_sign("别的", 702)
    tencent.signs[701] |= change
    state, found = findings()["signs"]
    assert state == "warning"
    assert said in found


def test_signs_abroad_need_no_qualification(tencent: FakeTencent) -> None:
    tencent.add_sign("Brand", 702, International=1, QualificationStatusCode=0)
    assert findings()["signs"] == ("ok", "2 can be used")


def test_an_account_whose_signs_are_not_listed_is_said_to_need_links(tencent: FakeTencent) -> None:
    tencent.always("get_sign", unlisted)
    found = findings()
    assert found["Tencent and clock"][0] == "ok"
    assert found["signs"] == (
        "warning",
        "Tencent does not list this account's signs: link each with ops sign link. 0 can be used",
    )
    ops_sign.link(SIGN, 701)
    state, text = findings()["signs"]
    assert (state, text.endswith("1 can be used")) == ("warning", True)


def test_templates_that_break_todays_rules_are_named(local: Bridge, tencent: FakeTencent) -> None:
    promotion = local.template("新品 回T退订", 2)
    local.template("新品 拒收请回复R", 2)
    variable = local.template("您好${name}", 1)
    state, found = findings()["templates"]
    assert state == "warning"
    assert f"拒收请回复R, as Tencent requires: {promotion};" in found
    assert found.endswith(f"some accounts only: {variable}")


def test_a_sub_account_that_may_not_list_templates_is_no_error(tencent: FakeTencent) -> None:
    tencent.always("get_template", refused("FailedOperation.ProhibitSubAccountUse"))
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
    tencent: FakeTencent, found: list[tuple[int, float, int]], state: str, said: str
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
    tencent: FakeTencent, code: str, state: str, said: str
) -> None:
    tencent.always("records", refused(code))
    found = findings()["send records"]
    assert found[0] == state
    assert said in found[1]


# --- statistics ---


def test_statistics_show_the_packages(local: Bridge, tencent: FakeTencent) -> None:
    sent = {"request": 4, "success": 3, "bill_number": 3}
    tencent.always("pullsendstatus", answered(data=sent))
    tencent.always("pullcallbackstatus", answered(data={"status": 2, "status_success": 1}))
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
    tencent: FakeTencent,
    capsys: pytest.CaptureFixture[str],
    found: list[tuple[int, float, int]],
    metric: list[int],
) -> None:
    packages(tencent, *(package(left, days, bought=bought) for left, days, bought in found))
    run("inquire")
    assert published(capsys) == metric


def test_a_package_that_is_not_in_force_yet_does_not_count(
    tencent: FakeTencent, capsys: pytest.CaptureFixture[str]
) -> None:
    packages(tencent, package(500, 90, begins=1))
    run("inquire")
    assert published(capsys) == [0]


@pytest.mark.parametrize("code", ["AuthFailure.UnauthorizedOperation", "InternalError.Timeout"])
def test_a_refused_balance_does_not_disturb_the_run(
    tencent: FakeTencent, capsys: pytest.CaptureFixture[str], code: str
) -> None:
    tencent.always("getsmspackages", refused(code))
    run("inquire")
    assert published(capsys) == []


def test_a_failing_metric_does_not_disturb_the_run(
    tencent: FakeTencent, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**_: Any) -> None:
        raise RuntimeError("no metrics")

    monkeypatch.setattr(metrics, "gauge", fail)
    packages(tencent, package(500, 90))
    run("inquire")
    assert tencent.requests_of("SmsPackagesStatistics")


@pytest.mark.v5_only("3.0 publishes it")
def test_v5_publishes_no_balance(bridge: Bridge, capsys: pytest.CaptureFixture[str]) -> None:
    run("inquire")
    assert published(capsys) == []
    assert bridge.tencent.calls == []


# --- pulls ---


def test_statuses_and_replies_are_pulled(local: Bridge, tencent: FakeTencent) -> None:
    local.configure(TENCENT_RECEIPTS="pull")
    local.campaign([PHONE], code=tencent.add_template("您好"))
    local.pump.drain()
    [sms] = tencent.sent
    tencent.next("pullstatus", answered(data=[status(sms)]))
    tencent.always("pullstatus", answered(data=[]))
    run("pull")
    local.pump.drain()
    assert [one["outId"] for one in local.quick_audience.receipts] == ["task-1"]
    assert len(tencent.requests_of("PullSmsSendStatus")) == 2
    assert len(tencent.requests_of("PullSmsReplyStatus")) == 1
