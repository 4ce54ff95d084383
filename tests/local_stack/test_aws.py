"""ministack with the bridge's resources: what the template creates, and what survives a restart."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import boto3

from local import aws
from tests.support.local_stack.processes import Bridge, alive

if TYPE_CHECKING:
    from types_boto3_dynamodb.type_defs import AttributeValueTypeDef


def test_the_template_makes_table_and_queues(bridge: Bridge) -> None:
    bridge.create(visibility={"receipts": 7}, receives={"callbacks": 2})
    for name, visibility, receives in (
        ("sends", "1800", "1000"),
        ("callbacks", "360", "2"),
        ("receipts", "7", "1000"),
    ):
        queue = attributes(bridge, name)
        dead = attributes(bridge, name + "-dead")
        redrive = json.loads(queue["RedrivePolicy"])
        assert queue["VisibilityTimeout"] == visibility
        assert redrive["deadLetterTargetArn"] == dead["QueueArn"]
        assert str(redrive["maxReceiveCount"]) == receives
        for each in (queue, dead):
            days = 14 if each is dead else 4
            assert each["MessageRetentionPeriod"] == str(days * 24 * 3600)
            assert each["SqsManagedSseEnabled"] == "true"
    dynamodb = boto3.client("dynamodb", **aws.client_options(bridge.endpoint))
    name = bridge.prefix + "table"
    table = dynamodb.describe_table(TableName=name)["Table"]
    assert [(key["AttributeName"], key["KeyType"]) for key in table["KeySchema"]] == [
        ("pk", "HASH"),
        ("sk", "RANGE"),
    ]
    assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"] == {
        "TimeToLiveStatus": "ENABLED",
        "AttributeName": "expires",
    }


def attributes(bridge: Bridge, queue: str) -> dict[str, str]:
    answer = bridge.sqs.get_queue_attributes(QueueUrl=bridge.url(queue), AttributeNames=["All"])
    return {str(name): value for name, value in answer["Attributes"].items()}


def test_table_and_queues_are_kept_across_a_graceful_restart(tmp_path: Path) -> None:
    item: dict[str, AttributeValueTypeDef] = {
        "pk": {"S": "PHONE#86"},
        "sk": {"S": "SID#1"},
        "n": {"N": "1"},
        "b": {"B": b"\x00"},
    }
    with aws.Ministack(tmp_path / "aws") as ministack:
        before = Bridge(ministack.endpoint, tmp_path, "kept-", [])
        before.create(visibility={"sends": 0, "callbacks": 600})
        before.send("sends", "received once")
        before.send("callbacks", "in flight")
        for queue in ("sends", "callbacks"):
            assert before.sqs.receive_message(QueueUrl=before.url(queue))["Messages"]
        dynamodb = boto3.client("dynamodb", **aws.client_options(ministack.endpoint))
        dynamodb.put_item(TableName="kept-table", Item=item)

    with aws.Ministack(tmp_path / "aws") as ministack:
        after = Bridge(ministack.endpoint, tmp_path, "kept-", [])
        after.create(visibility={"sends": 5, "callbacks": 600})
        dynamodb = boto3.client("dynamodb", **aws.client_options(ministack.endpoint))
        assert dynamodb.scan(TableName="kept-table")["Items"] == [item]
        [message] = after.sqs.receive_message(
            QueueUrl=after.url("sends"), MessageSystemAttributeNames=["All"]
        )["Messages"]
        assert message["Body"] == "received once"
        assert message["Attributes"]["ApproximateReceiveCount"] == "2"
        assert after.count("callbacks") == 1
        assert "Messages" not in after.sqs.receive_message(QueueUrl=after.url("callbacks"))
        assert attributes(after, "sends")["VisibilityTimeout"] == "5"
        assert ministack.process is not None
        pid = ministack.process.pid
    assert not alive(pid)


def test_nothing_of_the_callers_aws_remains() -> None:
    inherited = {
        "AWS_PROFILE": "production",
        "AWS_SESSION_TOKEN": "real",
        "AWS_ENDPOINT_URL_SQS": "https://sqs.cn-north-1.amazonaws.com.cn",
        "AWS_ACCESS_KEY_ID": "AKIAREAL",
        "HTTP_PROXY": "http://proxy:3128",
        "no_proxy": "intranet",
    }
    environment = aws.environment("http://127.0.0.1:1", inherited)
    assert environment["AWS_ACCESS_KEY_ID"] == "local"
    assert environment["AWS_ENDPOINT_URL"] == "http://127.0.0.1:1"
    assert environment["no_proxy"] == "intranet,127.0.0.1,localhost"
    assert not environment.keys() & {"AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL_SQS"}
