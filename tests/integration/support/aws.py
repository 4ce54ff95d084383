"""The table and the queues, in moto, as `.chalice/resources.json` defines them."""

import json
from pathlib import Path
from typing import Any

import boto3

REGION = "ap-southeast-1"
ACCOUNT = "123456789012"
TABLE = "bridge-test"
PREFIX = "bridge-test-"

_TEMPLATE: dict[str, Any] = json.loads(Path(".chalice/resources.json").read_text())


def create() -> None:
    """Create what the template defines. Dead-letter queues come first: the others name them."""
    resources = _TEMPLATE["Resources"].values()
    sqs = boto3.client("sqs", region_name=REGION)
    queues = [one["Properties"] for one in resources if one["Type"] == "AWS::SQS::Queue"]
    for queue in sorted(queues, key=lambda queue: "RedrivePolicy" in queue):
        properties = _resolve(queue)
        sqs.create_queue(
            QueueName=properties.pop("QueueName"),
            Attributes={
                name: json.dumps(value) if isinstance(value, dict) else str(value)
                for name, value in properties.items()
            },
        )
    dynamodb: Any = boto3.client("dynamodb", region_name=REGION)
    for one in resources:
        if one["Type"] == "AWS::DynamoDB::Table":
            properties = _resolve(one["Properties"])
            del (
                properties["TimeToLiveSpecification"],
                properties["PointInTimeRecoverySpecification"],
            )
            dynamodb.create_table(**properties)


def most_receives(queue: str) -> int:
    """How often a message of a queue is tried, by the template."""
    default: int = _TEMPLATE["Parameters"][f"{queue.capitalize()}Receives"]["Default"]
    return default


def _resolve(value: Any) -> Any:
    if isinstance(value, list):
        return [_resolve(one) for one in value]
    if not isinstance(value, dict):
        return value
    match value:
        case {"Ref": "Table"}:
            return TABLE
        case {"Ref": name}:
            return _TEMPLATE["Parameters"][name]["Default"]
        case {"Fn::Sub": text}:
            return text.replace("${QueuePrefix}", PREFIX)
        case {"Fn::GetAtt": [name, "Arn"]}:
            queue = _resolve(_TEMPLATE["Resources"][name]["Properties"]["QueueName"])
            return f"arn:aws:sqs:{REGION}:{ACCOUNT}:{queue}"
    return {name: _resolve(one) for name, one in value.items()}
