"""Counts for CloudWatch, written as log lines in its embedded metric format. Alarms and the dashboard use them.

The only dimension is `bridge`; its value is the prefix of the queues' names, which differs from stage to stage.
"""

from chalicelib import settings

NAMESPACE = "qa-sms-bridge"


def count(**counts: int) -> None:
    """Add counts by metric name. Counts of 0 are left out."""
    nonzero = {name: number for name, number in counts.items() if number}
    if not nonzero:
        return
    # Imported only here: the import takes time, and the HTTP function seldom counts anything.
    from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit  # noqa: PLC0415

    metrics = EphemeralMetrics(namespace=NAMESPACE)
    metrics.add_dimension("bridge", settings.load().queue_prefix)
    for name, number in nonzero.items():
        metrics.add_metric(name, MetricUnit.Count, number)
    metrics.flush_metrics()
