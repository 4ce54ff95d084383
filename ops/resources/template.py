"""The whole template of a stage's stack."""

import json
from typing import Any

from ops.resources import alarms, dashboard, queues, table
from ops.resources.intrinsics import DELETED, is_set, number, ref, sub, text

_FUNCTIONS = {
    "Functions": text(
        "Start of the functions' names: Chalice's <app>-<stage>. Empty if no functions are deployed, as on "
        "the local stack: then no resource that names one is created",
        Default="",
    ),
    "ApiName": text("Name of the REST API: Chalice's app_name", Default="qa-sms-bridge"),
    "ApiStage": text("Stage of the REST API: api_gateway_stage", Default="api"),
    "LogDays": number(
        "Days for which the HTTP function's logs are kept: log_retention_in_days, which Chalice sets for the "
        "other functions",
        default=30,
        at_least=1,
    ),
}

# Chalice creates the log groups of the other functions.
_LOGS = {
    "HttpLogs": {
        "Type": "AWS::Logs::LogGroup",
        "Condition": "Deployed",
        **DELETED,
        "Properties": {
            "LogGroupName": sub("/aws/lambda/${Functions}"),
            "RetentionInDays": ref("LogDays"),
        },
    }
}


def build() -> dict[str, Any]:
    """Return the template."""
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "qa-sms-bridge: the resources that outlive a deployment of its functions. The table, "
        "four queues, each with a dead-letter queue, alarms and a dashboard",
        "Parameters": {
            **table.PARAMETERS,
            **queues.PARAMETERS,
            **alarms.PARAMETERS,
            **_FUNCTIONS,
        },
        "Conditions": {"Deployed": is_set("Functions"), "Mailed": is_set("AlarmEmail")},
        "Resources": {
            **table.RESOURCES,
            **queues.RESOURCES,
            **alarms.RESOURCES,
            **_LOGS,
            **dashboard.RESOURCES,
        },
        "Outputs": {**table.OUTPUTS, **queues.OUTPUTS, **alarms.OUTPUTS},
    }


def render() -> str:
    """Return the text of `.chalice/resources.json`."""
    return json.dumps(build(), ensure_ascii=False, indent=2) + "\n"
