"""Counts for CloudWatch, written as log lines in its embedded metric format. Alarms and the dashboard use them.

The only dimension is `bridge`; its value is the prefix of the queues' names, which differs from stage to stage.
"""

from typing import Literal

from chalicelib import settings

NAMESPACE = "qa-sms-bridge"


def count(**counts: int) -> None:
    """Add counts by metric name. Counts of 0 are left out."""
    _emit({name: number for name, number in counts.items() if number}, "Count")


def gauge(**values: int) -> None:
    """Report values by metric name, also those of 0. Alarms look at the minimum."""
    _emit(values, "Count")


def longest_wait(queue: str, seconds: float) -> None:
    """Report how long a message of a queue has waited, as `<Queue>Wait` in seconds. Alarms look at the maximum.

    SQS's own metric of the oldest message leaves out messages that were received three times.
    """
    if seconds >= 1:
        _emit({f"{queue.title()}Wait": round(seconds)}, "Seconds")


def _emit(values: dict[str, int], unit: Literal["Count", "Seconds"]) -> None:
    if not values:
        return
    # Imported only here: the import takes time, and the HTTP function seldom counts anything.
    from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit  # noqa: PLC0415

    metrics = EphemeralMetrics(namespace=NAMESPACE)
    metrics.add_dimension("bridge", settings.load().queue_prefix)
    for name, number in values.items():
        metrics.add_metric(name, MetricUnit(unit), number)
    metrics.flush_metrics()
