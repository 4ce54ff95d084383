"""The age of each queue's oldest message. CloudWatch has it; SQS itself does not."""

import functools
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib import settings
from ops.queue_counts import QUEUES

_SECONDS = 60
"""CloudWatch has one figure a minute, and each question costs money."""
_MINUTES = 5
# Beside what SQS says of the same queues, an age is not worth a wait.
_CONFIG = Config(connect_timeout=1, read_timeout=2, retries={"total_max_attempts": 1})


@dataclass(frozen=True, slots=True)
class Ages:
    """The ages in seconds by queue, as of the last minutes. `error` is the reason if CloudWatch could not be read."""

    seconds: Mapping[str, int] = field(default_factory=dict)
    error: Exception | None = None


class QueueAges:
    """The ages, which are asked for once a minute at most. While one thread asks, others get the previous ones."""

    def __init__(self) -> None:
        self._found = Ages()
        self._ask_from = 0.0
        self._asking = Lock()

    def get(self) -> Ages:
        """Return the ages. No error of CloudWatch is raised."""
        if self._asking.acquire(blocking=False):
            try:
                now = time.monotonic()
                if now >= self._ask_from:
                    self._ask_from = now + _SECONDS
                    self._found = _ask()
            finally:
                self._asking.release()
        return self._found


def _ask() -> Ages:
    now = datetime.now(UTC)
    try:
        answer = _client().get_metric_data(
            MetricDataQueries=[_query(queue) for queue in QUEUES],
            StartTime=now - timedelta(minutes=_MINUTES),
            EndTime=now,
            ScanBy="TimestampDescending",
        )
    except (BotoCoreError, ClientError) as error:
        return Ages(error=error)
    found: Sequence[Mapping[str, Any]] = answer["MetricDataResults"]
    return Ages({one["Id"]: int(one["Values"][0]) for one in found if one["Values"]})


def _query(queue: str) -> dict[str, Any]:
    metric = {
        "Namespace": "AWS/SQS",
        "MetricName": "ApproximateAgeOfOldestMessage",
        "Dimensions": [{"Name": "QueueName", "Value": settings.load().queue_prefix + queue}],
    }
    return {"Id": queue, "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Maximum"}}


@functools.cache
def _client() -> Any:
    return boto3.client("cloudwatch", config=_CONFIG)
