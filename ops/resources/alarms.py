"""The alarms, and the topic that reports them.

An alarm is an entry of `ALARMS`: what it is called, what it means and what to do, and the metric that
raises it. docs/operations.md has a line for each.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.metrics import NAMESPACE
from ops.resources.intrinsics import attribute, number, ref, sub, text
from ops.resources.queues import QUEUES, Queue

_HOUR = 3600


@dataclass(frozen=True)
class Metric:
    """A metric, and how its values within a period become one."""

    namespace: str
    name: str
    dimensions: Mapping[str, Any]
    statistic: str = "Sum"


@dataclass(frozen=True)
class Alarm:
    """An alarm: it is raised when its metric exceeds the threshold within one period."""

    name: str
    """Its name, after the stage's prefix."""
    description: str
    metric: Metric
    threshold: Any = 0
    period: int = 300
    """Seconds."""
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
                "ComparisonOperator": "GreaterThanThreshold",
                "Threshold": self.threshold,
                "TreatMissingData": "notBreaching",
                "AlarmActions": [ref("Alarms")],
                "OKActions": [ref("Alarms")],
            },
        }


def _bridge(name: str) -> Metric:
    """Return a metric that the functions count themselves."""
    return Metric(NAMESPACE, name, {"bridge": ref("QueuePrefix")})


def _queue(name: str, queue: str) -> Metric:
    return Metric("AWS/SQS", name, {"QueueName": attribute(queue, "QueueName")}, "Maximum")


def _function(name: str, function: str = "") -> Metric:
    """Return a metric of a function, without a name of the HTTP function."""
    called = "${Functions}" + (f"-{function}" if function else "")
    return Metric("AWS/Lambda", name, {"FunctionName": sub(called)})


def _api(name: str) -> Metric:
    return Metric("AWS/ApiGateway", name, {"ApiName": ref("ApiName"), "Stage": ref("ApiStage")})


def _dead(queue: Queue, description: str) -> Alarm:
    metric = _queue("ApproximateNumberOfMessagesVisible", queue.dead)
    return Alarm(f"{queue.name}-dead", description, metric)


def _old(queue: Queue, description: str) -> Alarm:
    metric = _queue("ApproximateAgeOfOldestMessage", queue.resource)
    return Alarm(f"{queue.name}-old", description, metric, threshold=ref(f"{queue.resource}Oldest"))


def _schedule(function: str, consequence: str, period: int) -> Alarm:
    description = (
        f"The scheduled function {function} failed. {consequence} until a later run succeeds. "
        f"Inspect: chalice logs -n {function}"
    )
    metric = _function("Errors", function)
    return Alarm(f"{function}-errors", description, metric, period=period, condition="Deployed")


_SENDS, _CALLBACKS, _RECEIPTS, _FILES = QUEUES

ALARMS: dict[str, Alarm] = {
    "SendsDeadAlarm": _dead(
        _SENDS,
        "Chunks failed five times. Their remaining recipients are not sent to. "
        "Inspect: ops deadletters list. Once the cause is fixed: ops deadletters replay --queue sends",
    ),
    "CallbacksDeadAlarm": _dead(
        _CALLBACKS,
        "Statuses or replies from Tencent could not be processed. Inspect: ops deadletters list. "
        "Once the cause is fixed: ops deadletters replay --queue callbacks",
    ),
    "ReceiptsDeadAlarm": _dead(
        _RECEIPTS,
        "Quick Audience did not accept receipts or replies in 72 hours of retries. "
        "Inspect: ops deadletters list. Once it accepts them again: ops deadletters replay --queue receipts",
    ),
    "FilesDeadAlarm": _dead(
        _FILES,
        "Reading a file failed for good. The rest of its recipients was not sent to. "
        "Inspect: ops deadletters list, ops campaign show OUT_ID. "
        "Then: ops deadletters replay --queue files",
    ),
    "SendsOldAlarm": _old(
        _SENDS,
        "Messages have been waiting too long to be sent. Inspect Tencent's answers: ops doctor, "
        "chalice logs -n deliver. If a large campaign needs this long, raise SendsOldest",
    ),
    "CallbacksOldAlarm": _old(
        _CALLBACKS,
        "Tencent's callbacks are not being processed. Inspect: chalice logs -n settle, ops doctor",
    ),
    "ReceiptsOldAlarm": _old(
        _RECEIPTS,
        "Quick Audience does not accept receipts. Inspect: ops breaker show, chalice logs -n push. "
        "Refused receipts are retried automatically for 72 hours",
    ),
    "FilesOldAlarm": _old(
        _FILES,
        "A file has not been read to its end. Inspect: ops campaign show OUT_ID, chalice logs -n read",
    ),
    "BreakerAlarm": Alarm(
        "breaker-open",
        "Either pushes wait because Quick Audience answered 401 or 403 (more attempts would get our address "
        "banned), or sends wait because Tencent does not answer. Which of the two: ops breaker show. For 401 "
        "and 403, compare QA_KEY and QA_PLATFORM_NAME with Quick Audience's settings, then: "
        "ops breaker close quickaudience. Tencent's breaker closes by itself",
        _bridge("BreakerOpen"),
    ),
    "UnknownAlarm": Alarm(
        "unknown-outcomes",
        "Calls to Tencent got no answer. Their recipients may or may not have been sent to, and are not sent "
        "to again. Inspect: ops unknown list. To record the outcome that Tencent's console shows: "
        "ops unknown settle --out-id OUT_ID --phone PHONE --as failed",
        _bridge("UnknownOutcomes"),
    ),
    "TencentAlarm": Alarm(
        "tencent-config",
        "Tencent refuses calls because of the account: 1001 App Key or clock, 1009 our address is not on its "
        "whitelist, 1019 application, 1031 no messages left to spend. Inspect: ops doctor",
        _bridge("TencentConfigErrors"),
    ),
    "HttpErrorsAlarm": Alarm(
        "http-errors",
        "The HTTP function crashed or timed out, so Quick Audience or Tencent got a 502. "
        "Inspect: chalice logs",
        _function("Errors"),
        condition="Deployed",
    ),
    "HttpThrottlesAlarm": Alarm(
        "http-throttles",
        "The HTTP function was throttled because the account's concurrency is exhausted. "
        "Inspect: Service Quotas, Lambda, concurrent executions",
        _function("Throttles"),
        condition="Deployed",
    ),
    "Http5xxAlarm": Alarm(
        "http-5xx",
        "The API answered 5xx. Stages of one account and region with the same api_gateway_stage share this "
        "metric. Inspect: chalice logs",
        _api("5XXError"),
        condition="Deployed",
    ),
    "SweepAlarm": _schedule(
        "sweep", "Messages without a receipt after 72 hours are not closed", period=_HOUR
    ),
    "PullAlarm": _schedule("pull", "Tencent's queue of statuses is not emptied", period=300),
    "InquireAlarm": _schedule("inquire", "Tencent is not asked for missing receipts", period=_HOUR),
}


def _oldest(queue: Queue) -> dict[str, Any]:
    said = f"Age in seconds at which the oldest message of {queue.name} raises an alarm"
    return number(said, queue.oldest, 60, 14 * 24 * _HOUR)


PARAMETERS = {
    "AlarmEmail": text(
        "Address that receives the alarms once it has confirmed the subscription that AWS mails to it. "
        "Empty: nobody receives them until an address is subscribed to the topic",
        Default="",
    ),
    **{f"{queue.resource}Oldest": _oldest(queue) for queue in QUEUES},
}

RESOURCES = {
    "Alarms": {
        "Type": "AWS::SNS::Topic",
        "Properties": {"TopicName": sub("${QueuePrefix}alarms")},
    },
    "AlarmMail": {
        "Type": "AWS::SNS::Subscription",
        "Condition": "Mailed",
        "Properties": {
            "TopicArn": ref("Alarms"),
            "Protocol": "email",
            "Endpoint": ref("AlarmEmail"),
        },
    },
    **{name: alarm.resource() for name, alarm in ALARMS.items()},
}

OUTPUTS = {"Alarms": {"Value": ref("Alarms")}}
