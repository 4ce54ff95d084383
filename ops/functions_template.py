"""The template of a stage's functions: what `chalice package` leaves out, and what CloudFormation would refuse.

`ops/after_chalice.py` sets the same after `chalice deploy`, which has no words for it.
"""

from collections.abc import Iterator
from typing import Any

from ops import api_limits, stages
from ops.api_limits import ApiLimits
from ops.cloud import event_sources
from ops.function_settings import PARTIAL_BATCHES, RETRIES, SCHEDULES
from ops.resources.intrinsics import DELETED
from ops.resources.queues import QUEUES

# The name of the Chalice object in app.py: the handler of the HTTP function.
_HTTP_HANDLER = "app"


def correct(template: dict[str, Any], stage: str, config: dict[str, Any]) -> None:
    """Make Chalice's template one that CloudFormation accepts and that fits the stage's stack."""
    # This log group refers to ${ApiHandler}, but the function is called APIHandler, and CloudFormation refuses
    # the template (https://github.com/aws/chalice/issues/2079). The stage's stack creates that log group.
    template["Resources"].pop("ApiHandlerLogGroup", None)
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Logs::LogGroup":
            resource.update(DELETED)
    fed = {queue.function for queue in QUEUES}
    for properties in functions(template):
        name = _name(properties)
        # `chalice deploy` gives these names. The policies and the alarms refer to them.
        properties["FunctionName"] = stages.function_name(stage, name)
        if name in fed:
            properties["RecursiveLoop"] = "Allow"
            _report_partial_batches(properties)
        if name in SCHEDULES:
            properties["EventInvokeConfig"] = {
                "MaximumRetryAttempts": RETRIES,
                "MaximumEventAgeInSeconds": SCHEDULES[name],
            }
    _throttle(template, api_limits.of_stage(config, stage))


def _report_partial_batches(properties: dict[str, Any]) -> None:
    """Have the function return the messages that come again, and its mapping read that: never one without the other."""
    for event in properties["Events"].values():
        event["Properties"]["FunctionResponseTypes"] = [event_sources.PARTIAL]
    variables = properties.setdefault("Environment", {}).setdefault("Variables", {})
    variables[PARTIAL_BATCHES] = "on"


def _throttle(template: dict[str, Any], limits: ApiLimits) -> None:
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Api":
            resource["Properties"]["MethodSettings"] = [
                {
                    "ResourcePath": "/*",
                    "HttpMethod": "*",
                    "ThrottlingRateLimit": limits.rate,
                    "ThrottlingBurstLimit": limits.burst,
                }
            ]


def functions(template: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the properties of each function."""
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            yield resource["Properties"]


def _name(properties: dict[str, Any]) -> str:
    """Return Chalice's name of a function."""
    handler = str(properties["Handler"]).rpartition(".")[2]
    return stages.HTTP_FUNCTION if handler == _HTTP_HANDLER else handler
