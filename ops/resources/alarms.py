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
        f"The scheduled function {function} failed: {consequence}, until a later run succeeds. "
        f"Look: chalice logs -n {function}"
    )
    metric = _function("Errors", function)
    return Alarm(f"{function}-errors", description, metric, period=period, condition="Deployed")


_SENDS, _CALLBACKS, _RECEIPTS, _FILES = QUEUES

ALARMS: dict[str, Alarm] = {
    "SendsDeadAlarm": _dead(
        _SENDS,
        "Chunks that failed five times: nobody in them was sent to since. Look: ops deadletters list. "
        "When the cause is mended: ops deadletters replay --queue sends",
    ),
    "CallbacksDeadAlarm": _dead(
        _CALLBACKS,
        "Tencent's statuses or replies that could not be worked on. Look: ops deadletters list. "
        "When the cause is mended: ops deadletters replay --queue callbacks",
    ),
    "ReceiptsDeadAlarm": _dead(
        _RECEIPTS,
        "Receipts or replies that Quick Audience did not take in 72 hours of tries. "
        "Look: ops deadletters list. When it takes them again: ops deadletters replay --queue receipts",
    ),
    "FilesDeadAlarm": _dead(
        _FILES,
        "Files whose reading failed for good: the rest of their recipients was not sent to. "
        "Look: ops deadletters list, ops campaign show OUT_ID. Then: ops deadletters replay --queue files",
    ),
    "SendsOldAlarm": _old(
        _SENDS,
        "Messages wait to be sent for too long. See Tencent's answers: ops doctor, chalice logs -n deliver. "
        "A large campaign may take this long: then raise SendsOldest",
    ),
    "CallbacksOldAlarm": _old(
        _CALLBACKS,
        "Tencent's callbacks are not worked on. Look: chalice logs -n settle, ops doctor",
    ),
    "ReceiptsOldAlarm": _old(
        _RECEIPTS,
        "Quick Audience does not take receipts. Look: ops breaker show, chalice logs -n push. "
        "What was refused is tried again by itself for 72 hours",
    ),
    "FilesOldAlarm": _old(
        _FILES,
        "A file is not read to its end. Look: ops campaign show OUT_ID, chalice logs -n read",
    ),
    "BreakerAlarm": Alarm(
        "breaker-open",
        "Pushes wait since Quick Audience answered 401 or 403 (it would ban our address), or sends wait "
        "since Tencent does not answer. Which: ops breaker show. For 401 and 403, compare QA_KEY and "
        "QA_PLATFORM_NAME with its screen, then: ops breaker close quickaudience. Tencent's closes by itself",
        _bridge("BreakerOpen"),
    ),
    "UnknownAlarm": Alarm(
        "unknown-outcomes",
        "Calls to Tencent got no answer: these recipients may have been sent to or not, and are not sent to "
        "again. Look: ops unknown list. What you know from Tencent's console: "
        "ops unknown settle --out-id OUT_ID --phone PHONE --as failed",
        _bridge("UnknownOutcomes"),
    ),
    "TencentAlarm": Alarm(
        "tencent-config",
        "Tencent refuses our calls for the sake of the account: 1001 App Key or clock, 1009 our address is "
        "not on its list, 1019 application, 1031 no messages left to spend. Look: ops doctor",
        _bridge("TencentConfigErrors"),
    ),
    "HttpErrorsAlarm": Alarm(
        "http-errors",
        "The HTTP function crashed or ran out of time: Quick Audience or Tencent got a 502. "
        "Look: chalice logs",
        _function("Errors"),
        condition="Deployed",
    ),
    "HttpThrottlesAlarm": Alarm(
        "http-throttles",
        "The HTTP function was throttled: the account's concurrency is used up. "
        "Look: Service Quotas, Lambda, concurrent executions",
        _function("Throttles"),
        condition="Deployed",
    ),
    "Http5xxAlarm": Alarm(
        "http-5xx",
        "The API answered 5xx. Stages of one account and region that have the same api_gateway_stage share "
        "this figure. Look: chalice logs",
        _api("5XXError"),
        condition="Deployed",
    ),
    "SweepAlarm": _schedule(
        "sweep", "what nobody settled within 72 hours is not closed", period=_HOUR
    ),
    "PullAlarm": _schedule("pull", "Tencent's queue of statuses is not emptied", period=300),
    "InquireAlarm": _schedule("inquire", "missing receipts are not asked for", period=_HOUR),
}


def _oldest(queue: Queue) -> dict[str, Any]:
    said = f"Seconds after which the oldest message of {queue.name} is worth an alarm"
    return number(said, queue.oldest, 60, 14 * 24 * _HOUR)


PARAMETERS = {
    "AlarmEmail": text(
        "Who gets the alarms; AWS asks this address to confirm. Empty: nobody, until somebody subscribes to "
        "the topic",
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
