"""The calls of API 3.0 that the bridge does not make, driven by Tencent's SDK."""

from typing import Any

import pytest
from tencentcloud.sms.v20210111.sms_client import SmsClient

from local.tencent.api3.switches import ACTIONS
from tests.support.simulators.tencent_api3 import APP, Sdk

INFO = "DescribePhoneNumberInfo"
# The SDK does not have it yet.
NOT_IN_THE_SDK = {"DescribeSendRecordList"}


def test_every_call_of_the_sdk_is_known() -> None:
    methods = {
        name for name, value in vars(SmsClient).items() if name[0].isupper() and callable(value)
    }
    assert set(ACTIONS) == methods | NOT_IN_THE_SDK


def test_a_number_is_taken_apart(sdk: Sdk) -> None:
    numbers = ["+8613800000000", "13800000001", "+85251234567", "x"]
    found = sdk.call(INFO, PhoneNumberSet=numbers).PhoneNumberInfoSet
    assert [(one.Code, one.NationCode, one.SubscriberNumber) for one in found] == [
        ("Ok", "86", "13800000000"),
        ("Ok", "86", "13800000001"),
        ("Ok", "852", "51234567"),
        ("FailedOperation.PhoneNumberParseFail", "", ""),
    ]
    assert [one.PhoneNumber for one in found] == [
        "+8613800000000",
        "+8613800000001",
        "+85251234567",
        "x",
    ]
    assert [one.IsoCode for one in found] == ["CN", "CN", "HK", "DEF"]


@pytest.mark.parametrize(
    ("numbers", "code"),
    [
        ([], "InvalidParameterValue.IncorrectPhoneNumber"),
        (["+8613800000000"] * 201, "LimitExceeded.PhoneNumberCountLimit"),
        ([8613800000000], "InvalidParameter"),
        (None, "MissingParameter"),
    ],
    ids=["none", "too many", "a number", "missing"],
)
def test_numbers_are_refused(sdk: Sdk, numbers: Any, code: str) -> None:
    assert sdk.refusal(INFO, PhoneNumberSet=numbers) == code


def test_a_conversion_is_reported(sdk: Sdk) -> None:
    fields = {"SerialNo": "5000:1", "ConversionTime": 1_700_000_000}
    status = sdk.call("ReportConversion", **fields, **APP).ReportConversionStatus
    assert status.Code.lower() == "ok"
    assert sdk.refusal("ReportConversion", **fields, SmsSdkAppId="1") == (
        "UnauthorizedOperation.SmsSdkAppIdVerifyFail"
    )
    assert sdk.refusal("ReportConversion", **APP, SerialNo="5000:1") == "MissingParameter"
    assert (
        sdk.refusal("ReportConversion", **APP, SerialNo="5000:1", ConversionTime="1")
        == "InvalidParameter"
    )
