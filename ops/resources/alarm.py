"""What an alarm is, and the kinds of alarms that a stage has. `ops.resources.alarms` lists them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.metrics import NAMESPACE
from ops.resources.intrinsics import attribute, ref, sub
from ops.resources.queues import Queue

HOUR = 3600


@dataclass(frozen=True)
class Metric:
    """A metric, and how its values within a period become one."""

    namespace: str
    name: str
    dimensions: Mapping[str, Any]
    statistic: str = "Sum"


@dataclass(frozen=True)
class Alarm:
    """An alarm: it is raised when its metric exceeds the threshold, or falls below it, within one period."""

    name: str
    """Its name, after the stage's prefix."""
    description: str
    metric: Metric
    threshold: Any = 0
    period: int = 300
    """Seconds."""
    comparison: str = "GreaterThanThreshold"
    condition: str | None = None
    """Under which condition of the template it exists."""

    def resource(self) -> dict[str, Any]:
        """Return it as CloudFormation's resource."""
        condition = {"Condition": self.condition} if self.condition else {}
        return {
            "Type": "AWS::CloudWatch::Alarm",
            **condition,
            "Properties": {
                "AlarmName": sub("${QueuePrefix}" + self.name),
                "AlarmDescription": self.description,
                "Namespace": self.metric.namespace,
                "MetricName": self.metric.name,
                "Dimensions": [
                    {"Name": name, "Value": value} for name, value in self.metric.dimensions.items()
                ],
                "Statistic": self.metric.statistic,
                "Period": self.period,
                "EvaluationPeriods": 1,
                "ComparisonOperator": self.comparison,
                "Threshold": self.threshold,
                "TreatMissingData": "notBreaching",
                "AlarmActions": [ref("Alarms")],
                "OKActions": [ref("Alarms")],
            },
        }


def bridge(name: str, statistic: str = "Sum") -> Metric:
    """Return a metric that the functions count themselves."""
    return Metric(NAMESPACE, name, {"bridge": ref("QueuePrefix")}, statistic)


def _queue(name: str, queue: str) -> Metric:
    return Metric("AWS/SQS", name, {"QueueName": attribute(queue, "QueueName")}, "Maximum")


def function(metric: str, name: str = "") -> Metric:
    """Return a metric of a function, without a name of the HTTP function."""
    called = "${Functions}" + (f"-{name}" if name else "")
    return Metric("AWS/Lambda", metric, {"FunctionName": sub(called)})


def api(name: str) -> Metric:
    """Return a metric of the REST API's stage."""
    return Metric("AWS/ApiGateway", name, {"ApiName": ref("ApiName"), "Stage": ref("ApiStage")})


def dead(queue: Queue, description: str) -> Alarm:
    """Return the alarm on dead letters."""
    metric = _queue("ApproximateNumberOfMessagesVisible", queue.dead)
    return Alarm(f"{queue.name}-dead", description, metric)


def old(queue: Queue, description: str) -> Alarm:
    """Return the alarm on messages that have not been received yet."""
    metric = _queue("ApproximateAgeOfOldestMessage", queue.resource)
    return Alarm(f"{queue.name}-old", description, metric, threshold=ref(f"{queue.resource}Oldest"))


def schedule(name: str, consequence: str, period: int) -> Alarm:
    """Return the alarm on a schedule's failures."""
    description = (
        f"The scheduled function {name} failed. {consequence} until a later run succeeds. "
        f"Inspect: chalice logs -n {name}"
    )
    metric = function("Errors", name)
    return Alarm(f"{name}-errors", description, metric, period=period, condition="Deployed")


def waits(queue: Queue) -> Alarm:
    """Return the alarm on messages that are retried, or wait in the table. SQS's own metric leaves them out."""
    description = (
        f"A message of {queue.name} has been waiting for too long, its retries and its time in the table included. "
        f"Inspect: ops doctor, ops breaker show, chalice logs -n {queue.function}"
    )
    metric = bridge(f"{queue.resource}Wait", "Maximum")
    return Alarm(f"{queue.name}-waits", description, metric, threshold=ref(f"{queue.resource}Wait"))


def loops(queue: Queue) -> Alarm:
    """Return the alarm on messages that Lambda takes for an endless loop."""
    description = (
        f"Lambda took messages of {queue.name} for an endless loop and did not call {queue.function}. They become "
        "dead letters. Inspect: ops doctor. To allow the loops again: deploy the stage; then: ops deadletters replay"
    )
    metric = function("RecursiveInvocationsDropped", queue.function)
    return Alarm(f"{queue.function}-loops", description, metric, condition="Deployed")


def throttles(queue: Queue) -> Alarm:
    """Return the alarm on invocations for which the account had no concurrency left."""
    description = (
        f"{queue.function} was throttled: the account's concurrency is exhausted, or the function's own was reduced. "
        "Its messages wait. Inspect: ops doctor; Service Quotas, Lambda, concurrent executions"
    )
    metric = function("Throttles", queue.function)
    return Alarm(f"{queue.function}-throttles", description, metric, condition="Deployed")


def dropped(name: str, threshold: int) -> Alarm:
    """Return the alarm on runs of a schedule that never began."""
    description = (
        f"Runs of the schedule {name} were dropped, because Lambda could not start them in time. A later run does "
        "their work. Inspect: ops doctor; Service Quotas, Lambda, concurrent executions"
    )
    metric = function("AsyncEventsDropped", name)
    return Alarm(
        f"{name}-dropped",
        description,
        metric,
        threshold=threshold,
        period=HOUR,
        condition="Deployed",
    )


def table_throttles(metric: str, word: str) -> Alarm:
    """Return the alarm on throttled requests to the table."""
    description = (
        f"DynamoDB throttled {word}s of the table. They are repeated, so the bridge gets slower, but loses nothing. "
        "Inspect: ops doctor, the dashboard, and docs/scaling.md on how far a table grows within minutes"
    )
    found = Metric("AWS/DynamoDB", metric, {"TableName": ref("Table")})
    return Alarm(f"table-{word}-throttles", description, found, threshold=1000)
