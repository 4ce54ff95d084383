"""SendStatusStatistics, CallbackStatusStatistics and SmsPackagesStatistics."""

import re
import time
from typing import Any

from local.tencent import pulling
from local.tencent.api3.errors import ApiError
from local.tencent.api3.fields import Body
from local.tencent.behaviour import Behaviour
from local.tencent.formats import start_of_hour
from local.tencent.traffic import Traffic

_HOUR, _DAY = 3600, 86_400
_MAX_DAYS = 32
_MAX_PACKAGES = 500
_PACKAGE_LIFE_DAYS = 365
_BOUGHT = 1


def sends(traffic: Traffic, body: Body) -> dict[str, Any]:
    """Return the answer to SendStatusStatistics."""
    _check_no_page(body)
    begin, end = _hours(body)
    refused, accepted, fees = traffic.sent_between(begin, end + _HOUR)
    counts = {
        "RequestCount": refused + accepted,
        "RequestSuccessCount": accepted,
        "FeeCount": fees,
    }
    return {"SendStatusStatistics": counts}


def callbacks(traffic: Traffic, body: Body) -> dict[str, Any]:
    """Return the answer to CallbackStatusStatistics. It spans 32 days at most."""
    _check_no_page(body)
    begin, end = _hours(body)
    if end - begin > _MAX_DAYS * _DAY:
        raise ApiError("InvalidParameterValue.EndTimeVerifyFail")
    counts = pulling.receipt_counts(traffic, begin, end + _HOUR)
    names = (
        "InternalErrorCount",
        "InvalidNumberCount",
        "ShutdownErrorCount",
        "BlackListCount",
        "FrequencyLimitCount",
    )
    return {
        "CallbackStatusStatistics": {
            "RequestSuccessCount": counts.accepted,
            "CallbackCount": counts.delivered + sum(counts.failed),
            "CallbackSuccessCount": counts.delivered,
            "CallbackFailCount": sum(counts.failed),
            **dict(zip(names, counts.failed, strict=True)),
        }
    }


def packages(traffic: Traffic, behaviour: Behaviour, body: Body) -> dict[str, Any]:
    """Return the answer to SmsPackagesStatistics: the packages that were made in a period."""
    if not 1 <= body["Limit"] <= _MAX_PACKAGES:
        raise ApiError("InvalidParameterValue.LimitVerifyFail")
    begin, end = _hours(body)
    if not begin < end < time.time():
        raise ApiError("InvalidParameterValue.EndTimeVerifyFail")
    found = [
        package
        for package in _packages(traffic, behaviour)
        if begin <= package["PackageCreateTime"] < end
    ]
    start = body["Offset"]
    return {"SmsPackagesStatisticsSet": found[start : start + body["Limit"]]}


def _packages(traffic: Traffic, behaviour: Behaviour) -> list[dict[str, int]]:
    now = time.time()
    expires = int(now + behaviour.api3.package_days_left * _DAY)
    made = expires - _PACKAGE_LIFE_DAYS * _DAY
    # One that is valid for more than a year was made before now all the same.
    made = min(made, int(now) - _DAY)
    used = traffic.sent_between(0, now)[2]
    left = behaviour.mainland_package
    amount = behaviour.api3.package_amount if left is None else used + left
    return [
        {
            "PackageId": 1,
            "PackageType": _BOUGHT,
            "PackageAmount": amount,
            "CurrentUsage": min(used, amount),
            "PackageCreateTime": made,
            "PackageEffectiveTime": made,
            "PackageExpiredTime": expires,
        }
    ]


def _check_no_page(body: Body) -> None:
    if body["Limit"]:
        raise ApiError("InvalidParameterValue.LimitVerifyFail")
    if body["Offset"]:
        raise ApiError("InvalidParameterValue.OffsetVerifyFail")


def _hours(body: Body) -> tuple[float, float]:
    """Return the starts of the first and last hour."""
    begin = _hour(body["BeginTime"], "InvalidParameterValue.BeginTimeVerifyFail")
    end = _hour(body["EndTime"], "InvalidParameterValue.EndTimeVerifyFail")
    if end < begin:
        raise ApiError("InvalidParameterValue.EndTimeVerifyFail")
    return begin, end


def _hour(text: str, code: str) -> float:
    if not re.fullmatch("[0-9]{10}", text):
        raise ApiError(code)
    try:
        return start_of_hour(int(text))
    except ValueError:
        raise ApiError(code) from None
