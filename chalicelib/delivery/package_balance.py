"""What is left of the account's packages of messages (API 3.0): how it is counted, and its metric."""

import time
from collections.abc import Iterable, Sequence

from chalicelib import metrics
from chalicelib.logs import log
from chalicelib.tencent.answers import Package
from chalicelib.tencent.interface import TencentApi, TencentError


def in_force(packages: Iterable[Package], now: float) -> list[Package]:
    """Return the packages that can be used now and have messages left, the first to expire first.

    A time that Tencent does not state sets no limit.
    """
    found = [
        package
        for package in packages
        if left([package]) > 0
        and package.effective_at <= now
        and (not package.expires_at or now < package.expires_at)
    ]
    return sorted(found, key=lambda package: package.expires_at or float("inf"))


def left(packages: Iterable[Package]) -> int:
    """Return how many messages are left in packages."""
    return sum(max(package.amount - package.used, 0) for package in packages)


def is_billed_by_package(packages: Sequence[Package], now: float) -> bool:
    """Return whether the account pays by packages: it has bought one, or one is in force.

    An account that is billed by the month has no packages, or only expired ones that Tencent gave to it as a new one.
    """
    return any(package.bought for package in packages) or bool(in_force(packages, now))


def publish(tencent: TencentApi) -> None:
    """Publish the metric `PackageMessagesLeft`. No failure of this ends the function that calls it."""
    if not tencent.reports_packages:
        return
    try:
        packages, now = tencent.packages(), time.time()
        if is_billed_by_package(packages, now):
            metrics.gauge(PackageMessagesLeft=left(in_force(packages, now)))
    except TencentError as error:
        log.warning("the packages' balance is not known", extra={"why": str(error)})
    except Exception:
        log.exception("the packages' balance is not published")
