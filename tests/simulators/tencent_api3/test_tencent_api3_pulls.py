"""Pulls and callbacks of what API 3.0 sent, by the official SDK."""

import time
from typing import Any

import pytest

from tests.support.simulators.tencent import MOBILE, Caller, Receiver
from tests.support.simulators.tencent_api3 import (
    APP,
    PHONE,
    RawCaller,
    Sdk,
    of_phone,
    record_set,
    statuses,
)
from tests.support.waiting import wait_for

FAILED = "+8613800009902"


def test_statuses_are_pulled_once_after_they_are_enabled(
    raw: RawCaller, sdk: Sdk, simulator: Caller
) -> None:
    sent = sdk.send(PHONE, FAILED)
    simulator.wait_until_idle()
    body = {**APP, "Limit": 100}
    for action in ("PullSmsSendStatus", "PullSmsReplyStatus"):
        assert sdk.refusal(action, **body) == "UnauthorizedOperation.RequestPermissionDeny"
    simulator.set_switches(pull_enabled=True)
    rows = raw.post("PullSmsSendStatus", body)["PullSmsSendStatusSet"]
    delivered, failed = sorted(rows, key=lambda row: row["PhoneNumber"])
    assert abs(delivered.pop("UserReceiveTime") - time.time()) < 60
    assert delivered == {
        "SerialNo": sent[0].SerialNo,
        "PhoneNumber": PHONE,
        "CountryCode": "86",
        "SubscriberNumber": MOBILE,
        "ReportStatus": "SUCCESS",
        "Description": "DELIVRD",
        "SessionContext": "",
    }
    assert (failed["ReportStatus"], failed["Description"]) == ("FAIL", "MK:0001")
    assert raw.post("PullSmsSendStatus", body)["PullSmsSendStatusSet"] == []


def test_replies_are_pulled_once(raw: RawCaller, simulator: Caller) -> None:
    simulator.set_switches(pull_enabled=True)
    body = {"mobile": MOBILE, "text": "好", "sign": "测试签名", "extend": "11"}
    simulator.control("reply", body)
    simulator.wait_until_idle()
    (row,) = raw.post("PullSmsReplyStatus", {**APP, "Limit": 1})["PullSmsReplyStatusSet"]
    assert abs(row.pop("ReplyTime") - time.time()) < 60
    assert row == {
        "PhoneNumber": PHONE,
        "CountryCode": "86",
        "SubscriberNumber": MOBILE,
        "SignName": "测试签名",
        "ReplyContent": "好",
        "ExtendCode": "11",
    }
    assert raw.post("PullSmsReplyStatus", {**APP, "Limit": 1})["PullSmsReplyStatusSet"] == []


def test_the_results_of_a_phone_are_pulled_any_number_of_times(sdk: Sdk, simulator: Caller) -> None:
    (sent,) = sdk.send("+8613800009941")
    simulator.wait_until_idle()
    for _ in range(2):
        (row,) = statuses(sdk, "+8613800009941")
        assert (row.SerialNo, row.PhoneNumber) == (sent.SerialNo, "+8613800009941")
        fields = of_phone("+8613800009941", EndTime=int(time.time()) + 600)
        answer = sdk.call("PullSmsReplyStatusByPhoneNumber", **fields)
        assert [reply.ReplyContent for reply in answer.PullSmsReplyStatusSet] == ["T"]
    assert statuses(sdk, "+8613800009942") == []
    simulator.set_switches(api3={"pull_by_number": False})
    for action in ("PullSmsSendStatusByPhoneNumber", "PullSmsReplyStatusByPhoneNumber"):
        assert sdk.refusal(action, **of_phone()) == "UnauthorizedOperation.RequestPermissionDeny"


@pytest.mark.parametrize(
    "action", ["PullSmsSendStatusByPhoneNumber", "PullSmsReplyStatusByPhoneNumber"]
)
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"Limit": 0}, "InvalidParameterValue.LimitVerifyFail"),
        ({"Limit": 101}, "InvalidParameterValue.LimitVerifyFail"),
        ({"Offset": 1}, "InvalidParameterValue.OffsetVerifyFail"),
        ({"PhoneNumber": MOBILE}, "InvalidParameterValue.IncorrectPhoneNumber"),
        ({"BeginTime": 1}, "InvalidParameterValue.BeginTimeVerifyFail"),
        ({"EndTime": 1}, "InvalidParameterValue.InvalidStartTime"),
        ({"SmsSdkAppId": "1"}, "UnauthorizedOperation.SmsSdkAppIdVerifyFail"),
        ({"Offset": None}, "MissingParameter"),
    ],
)
def test_a_pull_of_a_phone_is_refused(
    sdk: Sdk, action: str, changes: dict[str, Any], code: str
) -> None:
    assert sdk.refusal(action, **of_phone(**changes)) == code


@pytest.mark.parametrize("action", ["PullSmsSendStatus", "PullSmsReplyStatus"])
def test_a_pull_is_refused(sdk: Sdk, simulator: Caller, action: str) -> None:
    simulator.set_switches(pull_enabled=True)
    for limit in (0, 101):
        code = sdk.refusal(action, **APP, Limit=limit)
        assert code == "InvalidParameterValue.LimitVerifyFail"


def test_an_end_that_lies_ahead_can_be_refused(sdk: Sdk, simulator: Caller) -> None:
    ahead = of_phone(EndTime=int(time.time()) + 600)
    simulator.set_switches(api3={"future_end_time": "refuse"})
    code = sdk.refusal("PullSmsSendStatusByPhoneNumber", **ahead)
    assert code == "InvalidParameterValue.EndTimeVerifyFail"


def test_the_times_of_a_pull_can_mean_sending(sdk: Sdk, simulator: Caller) -> None:
    simulator.set_switches(report_delay=[1.2, 1.2])
    sdk.send()
    sent = int(time.time())
    wait_for(lambda: statuses(sdk))
    late: dict[str, Any] = {"BeginTime": sent - 60, "EndTime": sent}
    assert statuses(sdk, **late) == []
    simulator.set_switches(api3={"pull_times": "send"})
    assert len(statuses(sdk, **{**late, "EndTime": sent + 1})) == 1


def test_a_callback_has_v5_s_shape(sdk: Sdk, receiver: Receiver) -> None:
    (sent,) = sdk.send(SessionContext="b:1")
    (receipt,) = wait_for(lambda: receiver.receipts)
    assert receipt.keys() == {
        *("user_receive_time", "nationcode", "mobile", "report_status", "errmsg"),
        *("description", "sid"),
    }
    assert receipt["sid"] == sent.SerialNo


@pytest.mark.filterwarnings("ignore:SubError(Desc)?,SubError(Desc)? fileds are useless:UserWarning")
def test_session_contexts_and_sub_errors_can_be_enabled(
    sdk: Sdk, simulator: Caller, receiver: Receiver
) -> None:
    simulator.set_switches(api3={"session_context_enabled": True, "sub_errors": True})
    sdk.send(PHONE, FAILED, SessionContext="b:1")
    wait_for(lambda: len(receiver.receipts) == 2)
    delivered, failed = sorted(receiver.receipts, key=lambda receipt: receipt["mobile"])
    assert (delivered["ext"], failed["ext"]) == ("b:1", "b:1")
    assert "sub_error" not in delivered
    assert (failed["sub_error"], failed["sub_error_desc"]) == ("MK:0001", "空号")
    (row,) = statuses(sdk, FAILED)
    assert row.SessionContext == "b:1"
    (record,) = record_set(sdk, FAILED)
    assert (record["SubError"], record["SubErrorDesc"]) == ("MK:0001", "空号")


def test_sub_errors_are_pulled(raw: RawCaller, sdk: Sdk, simulator: Caller) -> None:
    simulator.set_switches(api3={"sub_errors": True})
    sdk.send(FAILED)
    simulator.wait_until_idle()
    (row,) = raw.post("PullSmsSendStatusByPhoneNumber", of_phone(FAILED))["PullSmsSendStatusSet"]
    assert (row["SubError"], row["SubErrorDesc"]) == ("MK:0001", "空号")


def test_one_api_pulls_what_the_other_sent(sdk: Sdk, simulator: Caller) -> None:
    simulator.set_switches(pull_enabled=True)
    sid = simulator.send()["sid"]
    (sent,) = sdk.send()
    simulator.wait_until_idle()
    assert {row.SerialNo for row in statuses(sdk)} == {sid, sent.SerialNo}
    pulled = simulator.call("pullstatus", type=0, max=100)["data"]
    assert {row["sid"] for row in pulled} == {sid, sent.SerialNo}
    answer = sdk.call("PullSmsSendStatus", **APP, Limit=100)
    assert answer.PullSmsSendStatusSet == []
