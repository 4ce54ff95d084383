"""Functions, queues and mappings that a step makes for itself, and removes."""

import io
import json
import time
import zipfile
from typing import Any

from botocore.exceptions import ClientError

from ops.cloud import clients, event_sources, lambdas, polling
from ops.rehearsal.step import Context

_TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}
_ROLE_SECONDS = 120.0


def queue(context: Context, part: str, **attributes: str) -> tuple[str, str]:
    """Make a queue; return its URL and its ARN."""
    sqs = clients.of("sqs")
    url = sqs.create_queue(QueueName=context.name(part), Attributes=attributes)["QueueUrl"]
    context.cleanup.callback(sqs.delete_queue, QueueUrl=url)
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return url, found["Attributes"]["QueueArn"]


def function(context: Context, part: str, code: str, variables: dict[str, str]) -> str:
    """Make a function with a role that may use the rehearsal's queues; return its ARN."""
    name = context.name(part)
    role = _role(context, name)
    request = {
        "FunctionName": name,
        "Runtime": "python3.13",
        "Role": role,
        "Handler": "trial.handler",
        "Code": {"ZipFile": _zip(code)},
        "Timeout": 10,
        "Environment": {"Variables": variables},
    }

    def make() -> str | None:
        try:
            return str(lambdas.client().create_function(**request)["FunctionArn"])
        except ClientError as error:
            # A new role is not known everywhere for some seconds.
            if "cannot be assumed" in str(error):
                return None
            raise

    arn = polling.until(make, _ROLE_SECONDS, f"the role of {name}")
    context.cleanup.callback(lambdas.client().delete_function, FunctionName=name)
    lambdas.settled(name)
    return arn


def feed(context: Context, queue_arn: str, function_name: str, batch: int) -> None:
    """Make a mapping from a queue to a function, and wait until it polls."""
    window = {"MaximumBatchingWindowInSeconds": 2} if batch > 1 else {}
    made = lambdas.client().create_event_source_mapping(
        EventSourceArn=queue_arn, FunctionName=function_name, BatchSize=batch, **window
    )
    context.cleanup.callback(_remove, context, made["UUID"], queue_arn, function_name)
    event_sources.settled(context.identity, queue_arn.rpartition(":")[2], function_name)


def receive(url: str, seconds: float) -> dict[str, Any] | None:
    """Return a message of a queue, and delete it; None if none arrives in time."""
    sqs = clients.of("sqs")
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = sqs.receive_message(
            QueueUrl=url,
            WaitTimeSeconds=min(5, max(1, int(deadline - time.monotonic()))),
            MessageSystemAttributeNames=["All"],
        ).get("Messages", [])
        if found:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=found[0]["ReceiptHandle"])
            return dict(found[0])
    return None


def _role(context: Context, name: str) -> str:
    iam = clients.of("iam")
    arn = str(
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(_TRUST))["Role"]["Arn"]
    )
    context.cleanup.callback(iam.delete_role, RoleName=name)
    queues = context.identity.arn("sqs", context.name("*"))
    actions = ("SendMessage", "ReceiveMessage", "DeleteMessage", "GetQueueAttributes")
    statement = {
        "Sid": "UsesItsQueues",
        "Effect": "Allow",
        "Action": [f"sqs:{one}" for one in actions],
        "Resource": queues,
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_role_policy(RoleName=name, PolicyName=name, PolicyDocument=document)
    context.cleanup.callback(iam.delete_role_policy, RoleName=name, PolicyName=name)
    return arn


def _remove(context: Context, uuid: str, queue_arn: str, function_name: str) -> None:
    lambdas.client().delete_event_source_mapping(UUID=uuid)
    event_sources.settled(context.identity, queue_arn.rpartition(":")[2], function_name)


def _zip(code: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as packed:
        entry = zipfile.ZipInfo("trial.py")
        entry.external_attr = 0o644 << 16
        packed.writestr(entry, code)
    return content.getvalue()
