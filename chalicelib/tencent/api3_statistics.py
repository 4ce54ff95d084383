"""Statistics of API 3.0: counts of messages and of delivery reports, and packages."""

import time
from collections.abc import Iterable
from typing import Any

from chalicelib import dates
from chalicelib.lenient_json import integer, objects
from chalicelib.tencent.answers import Package, ReportCounts, SendCounts
from chalicelib.tencent.api3_events import epoch
from chalicelib.tencent.api3_sends import Ask

_PACKAGES_PER_PAGE = 500
# A list that goes on beyond this many packages ignores its offset.
_MAX_PACKAGES = 10_000
# Packages that were made within this time are listed. They are valid for two years at most.
_PACKAGE_SECONDS = 3 * 365 * 86400
_HOUR = 3600
# The hours of one call of report counts.
_SPAN_SECONDS = 31 * 86400


def send_counts(ask: Ask, sdk_app_id: str, first: int, last: int) -> SendCounts:
    """Return the counts of messages."""
    count = _statistics(ask, sdk_app_id, "SendStatusStatistics", first, last)
    return SendCounts(
        submitted=count("RequestCount"),
        accepted=count("RequestSuccessCount"),
        billed=count("FeeCount"),
    )


def report_counts(ask: Ask, sdk_app_id: str, first: int, last: int) -> ReportCounts:
    """Return the counts of delivery reports: the sums of spans that one call may have, 32 days at most."""
    starts = range(first, max(first, last) + 1, _SPAN_SECONDS)
    spans = [(start, min(start + _SPAN_SECONDS - _HOUR, last)) for start in starts]
    counts = [_report_counts(ask, sdk_app_id, *span) for span in spans]
    sums = (_sum(column) for column in zip(*counts, strict=True))
    return ReportCounts(*sums)


def _sum(counts: Iterable[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if known else None


def _report_counts(ask: Ask, sdk_app_id: str, first: int, last: int) -> ReportCounts:
    count = _statistics(ask, sdk_app_id, "CallbackStatusStatistics", first, last)
    return ReportCounts(
        accepted=count("RequestSuccessCount"),
        reported=count("CallbackCount"),
        delivered=count("CallbackSuccessCount"),
        failed=count("CallbackFailCount"),
        internal_errors=count("InternalErrorCount"),
        invalid_numbers=count("InvalidNumberCount"),
        unavailable=count("ShutdownErrorCount"),
        blacklisted=count("BlackListCount"),
        frequency_limited=count("FrequencyLimitCount"),
    )


def packages(ask: Ask, sdk_app_id: str) -> list[Package]:
    """Return the account's packages of messages."""
    now = int(time.time())
    times = _hours(now - _PACKAGE_SECONDS, now - 3600)
    packages: list[Package] = []
    offset = 0
    while True:
        page = {"Limit": _PACKAGES_PER_PAGE, "Offset": offset}
        answer = ask("SmsPackagesStatistics", {"SmsSdkAppId": sdk_app_id, **times, **page})
        items = objects(answer.get("SmsPackagesStatisticsSet"))
        packages += map(_package, items)
        offset += len(items)
        if len(items) < _PACKAGES_PER_PAGE or offset >= _MAX_PACKAGES:
            return packages


def _statistics(ask: Ask, sdk_app_id: str, action: str, first: int, last: int) -> Any:
    """Make a call of statistics; return a function that returns one of its counts, None if there is none.

    Tencent may refuse an end in the future, so the span ends now.
    """
    hours = _hours(first, max(first, min(last, int(time.time()))))
    fields = {"SmsSdkAppId": sdk_app_id, **hours, "Limit": 0, "Offset": 0}
    found = ask(action, fields).get(action)
    counts = found if isinstance(found, dict) else {}
    return lambda name: integer(counts.get(name))


def _hours(first: int, last: int) -> dict[str, str]:
    """Return a span of hours as the statistics expect it: texts, in Beijing time."""
    return {"BeginTime": str(dates.to_hour(first)), "EndTime": str(dates.to_hour(last))}


def _package(item: dict[str, Any]) -> Package:
    return Package(
        id=integer(item.get("PackageId")) or 0,
        bought=integer(item.get("PackageType")) == 1,
        amount=integer(item.get("PackageAmount")) or 0,
        used=integer(item.get("CurrentUsage")) or 0,
        created_at=epoch(item.get("PackageCreateTime")),
        effective_at=epoch(item.get("PackageEffectiveTime")),
        expires_at=epoch(item.get("PackageExpiredTime")),
    )
