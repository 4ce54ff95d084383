"""DescribeSendRecordList, by the official SDK's client for calls that it has no model of."""

import time
from typing import Any

import pytest

from tests.support.simulators.tencent import CODE_TEMPLATE, FOREIGN_TEMPLATE, Caller
from tests.support.simulators.tencent_api3 import PHONE, Sdk, record_set, records, refusal

FAILED = "+8613800009902"
CODE: dict[str, Any] = {"TemplateId": str(CODE_TEMPLATE), "TemplateParamSet": ["卡", "123456", "5"]}


def test_a_record_says_what_became_of_a_message(sdk: Sdk, simulator: Caller) -> None:
    simulator.set_switches(report_delay=[60, 60])
    (sent,) = sdk.send(**CODE)
    (record,) = record_set(sdk)
    assert abs(record.pop("SendTime") - time.time()) < 60
    assert record == {
        "PhoneNumber": PHONE,
        "SerialNo": sent.SerialNo,
        "SendStatus": 3,
        "RequestCode": "Ok",
        "StatusCode": "",
        "IsoCode": "CN",
        "Content": "【测试签名】您的****是1****6，****分钟内有效。",
        "UserReceiveTime": 0,
    }


def test_delivered_failed_and_refused_messages_have_their_status(
    sdk: Sdk, simulator: Caller
) -> None:
    sdk.send(PHONE, FAILED, "+8613800009914")
    simulator.wait_until_idle()
    (record,) = record_set(sdk)
    assert (record["SendStatus"], record["StatusCode"]) == (2, "DELIVRD")
    assert abs(record["UserReceiveTime"] - time.time()) < 60
    (record,) = record_set(sdk, FAILED)
    assert (record["SendStatus"], record["StatusCode"]) == (4, "MK:0001")
    assert record["UserReceiveTime"] == 0
    (record,) = record_set(sdk, "+8613800009914")
    assert (record["SendStatus"], record["SerialNo"]) == (1, "")
    assert record["RequestCode"] == "LimitExceeded.PhoneNumberDailyLimit"


def test_records_come_newest_first_in_pages(sdk: Sdk, simulator: Caller) -> None:
    serials = [sdk.send()[0].SerialNo for _ in range(5)]
    serials.reverse()

    def page(offset: int) -> tuple[int, list[str]]:
        answer = records(sdk, Limit=2, Offset=offset)
        return answer["TotalCount"], [record["SerialNo"] for record in answer["SendRecordSet"]]

    assert [page(0), page(2)] == [(5, serials[:2]), (5, serials[2:4])]
    assert [page(4), page(6)] == [(5, serials[4:]), (5, [])]
    simulator.set_switches(api3={"records_shift": 1})
    assert [page(0), page(2)] == [(5, serials[:2]), (6, serials[1:3])]
    assert [page(4), page(6)] == [(6, serials[3:]), (6, [])]


def test_records_of_v5_are_there_or_not(sdk: Sdk, simulator: Caller) -> None:
    sid = simulator.send()["sid"]
    assert simulator.send("13800009914")["result"] == 1025
    assert [record["SerialNo"] for record in record_set(sdk)] == [sid]
    (record,) = record_set(sdk, "+8613800009914")
    assert record["RequestCode"] == "LimitExceeded.PhoneNumberDailyLimit"
    simulator.set_switches(api3={"records_of_v5": False})
    assert record_set(sdk) == []


def test_records_can_lag_and_be_missing(sdk: Sdk, simulator: Caller) -> None:
    for _ in range(20):
        sdk.send()
    simulator.set_switches(api3={"records_lag": 3600})
    assert records(sdk)["TotalCount"] == 0
    simulator.set_switches(api3={"records_lag": 0, "records_missing": 0.5})
    assert 0 < records(sdk)["TotalCount"] < 20
    simulator.set_switches(api3={"records_missing": 1})
    assert records(sdk)["TotalCount"] == 0


def test_more_than_1000_records_are_truncated(sdk: Sdk, simulator: Caller) -> None:
    (sent,) = sdk.send()
    simulator.set_switches(api3={"records_of_others": 3})
    answer = records(sdk)
    assert answer["TotalCount"] == 4
    assert sent.SerialNo in [record["SerialNo"] for record in answer["SendRecordSet"]]
    simulator.set_switches(api3={"records_of_others": 1500})
    assert records(sdk)["TotalCount"] == 1000


@pytest.mark.parametrize(
    ("mask", "content"),
    [("nothing", "【测试签名】您的卡是123456，5分钟内有效。"), ("everything", "****")],
)
def test_records_can_be_masked_otherwise(
    sdk: Sdk, simulator: Caller, mask: str, content: str
) -> None:
    simulator.set_switches(api3={"records_mask": mask})
    sdk.send(**CODE)
    assert record_set(sdk)[0]["Content"] == content


def test_a_foreign_number_has_records(sdk: Sdk) -> None:
    fields = {"TemplateId": str(FOREIGN_TEMPLATE), "TemplateParamSet": ["Li"], "SignName": None}
    sdk.send("+85251234567", **fields)
    assert record_set(sdk, "+85251234567")[0]["IsoCode"] == "HK"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"Limit": 0}, "InvalidParameterValue.LimitVerifyFail"),
        ({"Limit": 51}, "InvalidParameterValue.LimitVerifyFail"),
        ({"Offset": 1001}, "InvalidParameterValue.OffsetVerifyFail"),
        ({"PhoneNumber": "x"}, "InvalidParameterValue.IncorrectPhoneNumber"),
        ({"BeginTime": int(time.time()) - 73 * 3600}, "InvalidParameterValue.BeginTimeVerifyFail"),
        ({"EndTime": int(time.time()) + 3600}, "InvalidParameterValue.EndTimeVerifyFail"),
        ({"EndTime": 1}, "InvalidParameterValue.EndTimeVerifyFail"),
        ({"SmsSdkAppId": "1"}, "UnauthorizedOperation.SmsSdkAppIdVerifyFail"),
        ({"SessionContext": ""}, "UnknownParameter"),
    ],
)
def test_a_query_of_records_is_refused(sdk: Sdk, changes: dict[str, Any], code: str) -> None:
    assert refusal(lambda: records(sdk, **changes)) == code
