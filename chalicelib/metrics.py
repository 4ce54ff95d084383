"""Counts for CloudWatch, as log lines in its embedded metric format: alarms and the dashboard look at them.

One dimension, `bridge`, whose value is the start of the queues' names: it differs from stage to stage.
"""

from chalicelib import settings

NAMESPACE = "qa-sms-bridge"


def count(**counts: int) -> None:
    """Count things by name; what did not happen is left out."""
    happened = {name: number for name, number in counts.items() if number}
    if not happened:
        return
    # Imported where something is counted: it is not free, and the HTTP function counts little.
    from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit  # noqa: PLC0415

    metrics = EphemeralMetrics(namespace=NAMESPACE)
    metrics.add_dimension("bridge", settings.load().queue_prefix)
    for name, number in happened.items():
        metrics.add_metric(name, MetricUnit.Count, number)
    metrics.flush_metrics()
