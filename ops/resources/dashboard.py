"""The CloudWatch dashboard: `_rows` has one line for each widget, in rows from top to bottom.

The texts hold names of parameters and resources as `${Name}`, which CloudFormation replaces.
"""

import json
from dataclasses import dataclass
from typing import Any

from chalicelib.metrics import NAMESPACE
from ops.resources.alarms import ALARMS
from ops.resources.intrinsics import ref, sub
from ops.resources.queues import QUEUES

_COLUMNS = 24
"""The width of CloudWatch's grid. The widgets of a row share it equally."""

_FUNCTIONS = (
    "",
    "-deliver",
    "-settle",
    "-push",
    "-read",
    "-sweep",
    "-pull",
    "-release",
    "-inquire",
)
"""The ends of the functions' names. The HTTP function's name has none."""

_API = ("ApiName", "${ApiName}", "Stage", "${ApiStage}")

_VISIBLE, _OLDEST = "ApproximateNumberOfMessagesVisible", "ApproximateAgeOfOldestMessage"
_WAITS = " ".join(f"{queue.resource}Wait" for queue in QUEUES)


@dataclass(frozen=True)
class Widget:
    """A widget, without its place on the grid."""

    type: str
    height: int
    properties: dict[str, Any]


def _rows() -> list[list[Widget]]:
    return [
        [
            _alarms("Alarms of ${QueuePrefix}"),
        ],
        [
            _bridge("Messages and their results", "Sent Delivered Failed ClosedWithoutReceipt"),
            _bridge("Reported to Quick Audience", "Pushed PushesRefused BreakerOpen"),
            _bridge(
                "Needs attention",
                "CampaignsFailing UnknownOutcomes Adopted SendsHeld TencentConfigErrors Parked CallbacksDiscarded",
            ),
        ],
        [
            _queues("Waiting in the queues", _VISIBLE),
            _queues("Age of the oldest message, seconds", _OLDEST),
            _bridge("Longest wait, retries and table included, seconds", _WAITS, "Maximum"),
            _queues("Dead letters", _VISIBLE, suffix="-dead"),
        ],
        [
            _api("Requests, by result", "Count 4XXError 5XXError"),
            _latency("Response time, ms", "p50 p99"),
            _table("Table, request units", "ConsumedWriteCapacityUnits ConsumedReadCapacityUnits"),
        ],
        [
            _functions("Functions: longest run, ms", "Duration", "Maximum"),
            _functions("Functions: failed runs (some put messages back)", "Errors", "Sum"),
            _functions("Functions: concurrent runs", "ConcurrentExecutions", "Maximum"),
        ],
    ]


def body() -> dict[str, Any]:
    """Return the dashboard's body, each widget with its place on the grid."""
    widgets, top = [], 0
    for row in _rows():
        width = _COLUMNS // len(row)
        for position, widget in enumerate(row):
            place = {"x": position * width, "y": top, "width": width, "height": widget.height}
            widgets.append({"type": widget.type, **place, "properties": widget.properties})
        top += max(widget.height for widget in row)
    return {"widgets": widgets}


def _alarms(title: str) -> Widget:
    """Show the state of every alarm."""
    alarms = [f"${{{name}.Arn}}" for name in ALARMS]
    return Widget("alarm", 3, {"title": title, "alarms": alarms})


def _graph(title: str, statistic: str, metrics: list[list[Any]]) -> Widget:
    properties = {
        "title": title,
        "region": "${AWS::Region}",
        "view": "timeSeries",
        "stacked": False,
        "stat": statistic,
        "period": 300,
        "metrics": metrics,
    }
    return Widget("metric", 6, properties)


def _bridge(title: str, names: str, statistic: str = "Sum") -> Widget:
    """Show metrics that the functions count themselves."""
    metrics = [[NAMESPACE, name, "bridge", "${QueuePrefix}"] for name in names.split()]
    return _graph(title, statistic, metrics)


def _queues(title: str, name: str, suffix: str = "") -> Widget:
    """Show a metric of every queue, or of every dead-letter queue."""
    queues = ["${QueuePrefix}" + queue.name + suffix for queue in QUEUES]
    return _graph(title, "Maximum", [["AWS/SQS", name, "QueueName", queue] for queue in queues])


def _api(title: str, names: str) -> Widget:
    return _graph(title, "Sum", [["AWS/ApiGateway", name, *_API] for name in names.split()])


def _latency(title: str, percentiles: str) -> Widget:
    metrics = [["AWS/ApiGateway", "Latency", *_API, {"stat": one}] for one in percentiles.split()]
    return _graph(title, "Sum", metrics)


def _table(title: str, names: str) -> Widget:
    metrics = [["AWS/DynamoDB", name, "TableName", "${Table}"] for name in names.split()]
    return _graph(title, "Sum", metrics)


def _functions(title: str, name: str, statistic: str) -> Widget:
    """Show a metric of every function."""
    functions = ["${Functions}" + end for end in _FUNCTIONS]
    metrics = [["AWS/Lambda", name, "FunctionName", function] for function in functions]
    return _graph(title, statistic, metrics)


RESOURCES = {
    "Dashboard": {
        "Type": "AWS::CloudWatch::Dashboard",
        "Condition": "Deployed",
        "Properties": {
            "DashboardName": ref("Functions"),
            "DashboardBody": sub(json.dumps(body(), ensure_ascii=False, separators=(",", ":"))),
        },
    }
}
