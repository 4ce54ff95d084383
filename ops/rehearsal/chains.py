"""Steps about chains of invocations: after how many rounds Lambda stops one, and which chain a mixed batch is in."""

import json
import re

from ops.cloud import clients
from ops.rehearsal import trial
from ops.rehearsal.step import Answer, Context, Step

_LIMIT = 16
_MAX_ROUNDS = 40
_SECONDS = 240.0

# Sends a message with the next number to its own queue, and reports the end.
_LOOP = """
import json, os, boto3
sqs = boto3.client("sqs")
def handler(event, context):
    for record in event["Records"]:
        number = json.loads(record["body"])["round"]
        target = os.environ["OWN"] if number < int(os.environ["ROUNDS"]) else os.environ["DEAD"]
        sqs.send_message(QueueUrl=target, MessageBody=json.dumps({"round": number + 1}))
"""

# Reports the header under which it was called, and how many messages it got.
_HEADER = """
import json, os, boto3
sqs = boto3.client("sqs")
def handler(event, context):
    body = {"messages": len(event["Records"]), "header": os.environ.get("_X_AMZN_TRACE_ID", "")}
    sqs.send_message(QueueUrl=os.environ["RESULTS"], MessageBody=json.dumps(body))
"""
_TRACE = "Root=1-5f84c7a1-0123456789abcdef01234567;Parent=0123456789abcdef;Sampled=0"
_HOPS = (3, 9)


def loop_limit(context: Context) -> Answer:
    """Let a function send to its own queue, and see where Lambda stops it."""
    dead_url, dead_arn = trial.queue(context, "loop-dead")
    redrive = json.dumps({"deadLetterTargetArn": dead_arn, "maxReceiveCount": 1})
    url, arn = trial.queue(context, "loop", VisibilityTimeout="30", RedrivePolicy=redrive)
    variables = {"OWN": url, "DEAD": dead_url, "ROUNDS": str(_MAX_ROUNDS)}
    trial.function(context, "loop", _LOOP, variables)
    trial.feed(context, arn, context.name("loop"), 1)
    clients.of("sqs").send_message(QueueUrl=url, MessageBody=json.dumps({"round": 1}))
    message = trial.receive(dead_url, _SECONDS)
    if message is None:
        return Answer("no message arrived among the dead letters in time", False)
    number = int(json.loads(message["Body"])["round"])
    if number > _MAX_ROUNDS:
        return Answer(f"not stopped within {_MAX_ROUNDS} rounds", False)
    header = message.get("Attributes", {}).get("AWSTraceHeader", "none")
    runs = number - 1
    return Answer(f"stopped after {runs} runs; header: {header}", abs(runs - _LIMIT) <= 1)


def mixed_batch(context: Context) -> Answer:
    """Send two messages of two chains in one batch, and see whose header the invocation has."""
    results, _ = trial.queue(context, "mixed-results")
    url, arn = trial.queue(context, "mixed", VisibilityTimeout="60")
    trial.function(context, "mixed", _HEADER, {"RESULTS": results})
    entries = [
        {
            "Id": str(hops),
            "MessageBody": "{}",
            "MessageSystemAttributes": {
                "AWSTraceHeader": {
                    "DataType": "String",
                    "StringValue": f"{_TRACE};Lineage=1:{hops:08x}:{hops}",
                }
            },
        }
        for hops in _HOPS
    ]
    clients.of("sqs").send_message_batch(QueueUrl=url, Entries=entries)
    # Both messages are there before anything polls, so that they come in one batch.
    trial.feed(context, arn, context.name("mixed"), 10)
    message = trial.receive(results, _SECONDS)
    if message is None:
        return Answer("the function was not called in time", False)
    found = json.loads(message["Body"])
    if found["messages"] != len(_HOPS):
        return Answer("the messages came one by one: run this step again")
    lineage = re.search(r"Lineage=[^;]*:(\d+)", found["header"])
    hops = int(lineage.group(1)) if lineage else None
    return Answer(f"one invocation, header: {found['header'] or 'none'}", hops in (None, *_HOPS))


STEPS = (
    Step(
        "loop-limit",
        "After how many runs does Lambda stop a function that sends to its own queue?",
        "After about 16. The message becomes a dead letter, with its chain in the attribute AWSTraceHeader",
        "some 20 invocations and 100 requests to SQS",
        loop_limit,
    ),
    Step(
        "mixed-batch",
        "To which chain does an invocation belong that gets messages of two chains?",
        "Undocumented. The bridge supposes the longer chain",
        "one invocation and 50 requests to SQS",
        mixed_batch,
    ),
)
