"""The account's concurrency: how many functions may run at once, and the share that is kept for the HTTP function."""

from dataclasses import dataclass
from typing import Any

from ops.cloud import lambdas

MIN_CONCURRENCY = 25
"""What a stage needs: 14 invocations for its queues, 4 for its schedules, and some for requests."""

# Lambda refuses a reservation that leaves less for all other functions.
_UNRESERVED = 100
_MAX_SHARE, _MIN_SHARE = 100, 50


@dataclass(frozen=True, slots=True)
class Concurrency:
    """The account's limit, and what of it no function has reserved."""

    limit: int
    unreserved: int


def read() -> Concurrency:
    """Return the account's concurrency. Raises ClientError without the right lambda:GetAccountSettings."""
    found: dict[str, Any] = lambdas.client().get_account_settings()["AccountLimit"]
    return Concurrency(found["ConcurrentExecutions"], found["UnreservedConcurrentExecutions"])


def problem(found: Concurrency) -> str:
    """Return what is wrong with an account's limit, and what to do; "" if it suffices."""
    if found.limit >= MIN_CONCURRENCY:
        return ""
    return (
        f"this account may run {found.limit} functions at once, and a stage needs {MIN_CONCURRENCY}: requests of Quick "
        "Audience and callbacks of Tencent would be refused during a campaign. Request an increase in Service Quotas, "
        "AWS Lambda, “Concurrent executions”: “Please raise concurrent executions to 1,000, the default. We run a "
        "queue-based SMS gateway with bursts of callbacks.”"
    )


def http_share(found: Concurrency) -> int | None:
    """Return how much concurrency to reserve for the HTTP function; None if the account has too little.

    A reservation is a guarantee and a ceiling: queue functions and other applications can't take it away, and a
    flood of requests can't take theirs.
    """
    share = min(_MAX_SHARE, found.unreserved - _UNRESERVED)
    return share if share >= _MIN_SHARE else None
