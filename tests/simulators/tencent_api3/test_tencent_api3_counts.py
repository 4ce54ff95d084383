"""SendStatusStatistics, CallbackStatusStatistics and SmsPackagesStatistics, by the official SDK."""

import time
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from tests.support.simulators.tencent import Caller
from tests.support.simulators.tencent_api3 import APP, PHONE, Sdk

FAILED = "+8613800009902"
BEIJING = timezone(timedelta(hours=8))


def hours(back: float = 0, ahead: float = 0, **changes: Any) -> dict[str, Any]:
    def hour(offset: float) -> str:
        moment = datetime.now(UTC) + timedelta(hours=offset)
        return moment.astimezone(BEIJING).strftime("%Y%m%d%H")

    times = {"BeginTime": hour(-back), "EndTime": hour(ahead)}
    return {**times, "Limit": 0, "Offset": 0, **APP, **changes}


def test_sends_of_both_apis_are_counted(sdk: Sdk, simulator: Caller) -> None:
    sdk.send(PHONE, FAILED, "+8613800009912", "+8613")
    simulator.send()
    sdk.refusal("SendSms", PhoneNumberSet=[], **APP, TemplateId="1")
    simulator.wait_until_idle()
    counts = sdk.call("SendStatusStatistics", **hours(back=1)).SendStatusStatistics
    assert (counts.RequestCount, counts.RequestSuccessCount, counts.FeeCount) == (5, 3, 3)
    counts = sdk.call("CallbackStatusStatistics", **hours(back=1)).CallbackStatusStatistics
    assert (counts.RequestSuccessCount, counts.CallbackCount) == (3, 3)
    assert (counts.CallbackSuccessCount, counts.CallbackFailCount) == (2, 1)
    assert counts.InvalidNumberCount == 1
    assert (counts.InternalErrorCount, counts.ShutdownErrorCount) == (0, 0)
    assert (counts.BlackListCount, counts.FrequencyLimitCount) == (0, 0)


def test_refused_calls_count_their_recipients(sdk: Sdk) -> None:
    assert sdk.refusal("SendSms", PhoneNumberSet=[PHONE, "+85251234567"], TemplateId="1", **APP)
    counts = sdk.call("SendStatusStatistics", **hours(back=1)).SendStatusStatistics
    assert (counts.RequestCount, counts.RequestSuccessCount) == (2, 0)


@pytest.mark.parametrize("action", ["SendStatusStatistics", "CallbackStatusStatistics"])
@pytest.mark.parametrize(
    ("fields", "code"),
    [
        (hours(Limit=1), "InvalidParameterValue.LimitVerifyFail"),
        (hours(Offset=1), "InvalidParameterValue.OffsetVerifyFail"),
        (hours(BeginTime="2024050125"), "InvalidParameterValue.BeginTimeVerifyFail"),
        (hours(EndTime="20240501"), "InvalidParameterValue.EndTimeVerifyFail"),
        (hours(EndTime="2024050101"), "InvalidParameterValue.EndTimeVerifyFail"),
        (hours(BeginTime=2024050113), "InvalidParameter"),
        (hours(SmsSdkAppId="1"), "UnauthorizedOperation.SmsSdkAppIdVerifyFail"),
    ],
)
def test_statistics_are_refused(sdk: Sdk, action: str, fields: dict[str, Any], code: str) -> None:
    assert sdk.refusal(action, **fields) == code


def test_statistics_of_callbacks_span_32_days(sdk: Sdk) -> None:
    long = hours(back=33 * 24)
    assert sdk.refusal("CallbackStatusStatistics", **long) == (
        "InvalidParameterValue.EndTimeVerifyFail"
    )
    assert sdk.call("SendStatusStatistics", **long).SendStatusStatistics.RequestCount == 0
    assert sdk.call("CallbackStatusStatistics", **hours(back=31 * 24))


def packages(sdk: Sdk, **changes: Any) -> list[Any]:
    fields = hours(back=400 * 24, ahead=-1, Limit=500, **changes)
    rows = sdk.call("SmsPackagesStatistics", **fields).SmsPackagesStatisticsSet
    assert isinstance(rows, list)
    return rows


def test_packages_are_listed(sdk: Sdk, simulator: Caller) -> None:
    sdk.send(PHONE, FAILED)
    (package,) = packages(sdk)
    assert (package.PackageId, package.PackageType) == (1, 1)
    assert (package.PackageAmount, package.CurrentUsage) == (1_000_000, 2)
    assert package.PackageCreateTime == package.PackageEffectiveTime
    assert abs(package.PackageExpiredTime - time.time() - 300 * 86_400) < 60
    assert packages(sdk, Offset=1) == []
    simulator.set_switches(mainland_package=3, api3={"package_days_left": 2})
    (package,) = packages(sdk)
    assert (package.PackageAmount, package.CurrentUsage) == (5, 2)
    assert abs(package.PackageExpiredTime - time.time() - 2 * 86_400) < 60


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        (hours(back=2, ahead=-1, Limit=0), "InvalidParameterValue.LimitVerifyFail"),
        (hours(back=2, ahead=-1, Limit=501), "InvalidParameterValue.LimitVerifyFail"),
        (hours(back=2, ahead=25, Limit=1), "InvalidParameterValue.EndTimeVerifyFail"),
        (hours(back=1, ahead=-1, Limit=1), "InvalidParameterValue.EndTimeVerifyFail"),
    ],
)
def test_packages_are_refused(sdk: Sdk, fields: dict[str, Any], code: str) -> None:
    assert sdk.refusal("SmsPackagesStatistics", **fields) == code
