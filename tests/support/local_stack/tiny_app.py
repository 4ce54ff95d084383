"""A Chalice app like the bridge that records its calls.

The body of a message decides what its function does. Each call adds a line of JSON to the file in TINY_RECORD.
"""

import json
import os
import time
from pathlib import Path
from typing import Any

import boto3
from chalice.app import Chalice, CloudWatchEvent, Rate, Response, SQSEvent

if os.environ.get("TINY_BROKEN"):
    raise RuntimeError("broken on purpose")

app = Chalice(app_name="tiny")
QUEUES = os.environ.get("BRIDGE_QUEUE_PREFIX", "tiny-")


def record(**entry: Any) -> None:
    with Path(os.environ["TINY_RECORD"]).open("a") as file:
        file.write(json.dumps(entry) + "\n")


def wait_for_release() -> None:
    release = Path(os.environ["TINY_RECORD"] + ".release")
    while not release.exists():
        time.sleep(0.01)


def work(event: SQSEvent) -> object:
    raw = event.to_dict()
    records = raw["Records"]
    context: Any = event.context
    record(
        bodies=[message["body"] for message in records],
        receives=[message["attributes"]["ApproximateReceiveCount"] for message in records],
        event=raw,
        function=context.function_name,
        memory=context.memory_limit_in_mb,
        remaining=context.get_remaining_time_in_millis(),
    )
    answer: object = None
    failed = False
    for message in records:
        action, _, number = message["body"].partition(" ")
        tries = int(message["attributes"]["ApproximateReceiveCount"])
        handle = {"QueueUrl": queue_url(message), "ReceiptHandle": message["receiptHandle"]}
        match action:
            case "fail":
                failed = failed or tries <= int(number)
            case "delete":
                boto3.client("sqs").delete_message(**handle)
            case "again":
                if tries <= int(number):
                    failed = True
                    boto3.client("sqs").change_message_visibility(**handle, VisibilityTimeout=0)
            case "partial":
                answer = {"batchItemFailures": [{"itemIdentifier": message["messageId"]}]}
            case "hold":
                wait_for_release()
            case "send" if int(number) > 1:
                text = f"send {int(number) - 1}"
                boto3.client("sqs").send_message(QueueUrl=queue_url(message), MessageBody=text)
            case "hang":
                time.sleep(60)
    if failed:
        raise ValueError("a message failed")
    return answer


def queue_url(message: dict[str, Any]) -> str:
    name = message["eventSourceARN"].rsplit(":", 1)[1]
    url: str = boto3.client("sqs").get_queue_url(QueueName=name)["QueueUrl"]
    return url


@app.on_sqs_message(queue=QUEUES + "sends", batch_size=3, maximum_concurrency=4)
def deliver(event: SQSEvent) -> object:
    return work(event)


@app.on_sqs_message(queue=QUEUES + "callbacks", batch_size=20, maximum_batching_window_in_seconds=1)
def settle(event: SQSEvent) -> object:
    return work(event)


@app.on_sqs_message(queue=QUEUES + "receipts", batch_size=1)
def push(event: SQSEvent) -> object:
    return work(event)


@app.schedule(Rate(1, unit=Rate.HOURS))
def sweep(event: CloudWatchEvent) -> None:
    record(event=event.to_dict())
    if os.environ.get("TINY_SWEEP_FAILS"):
        raise ValueError("the sweep failed")


@app.route("/health")
def health() -> Response:
    return Response({"status": "ok"})


@app.route("/echo", methods=["POST"], content_types=["application/octet-stream"])
def echo() -> dict[str, Any]:
    assert app.current_request is not None
    return {"length": len(app.current_request.raw_body)}


@app.route("/context")
def context() -> dict[str, Any]:
    mine = app.lambda_context.aws_request_id
    time.sleep(0.05)
    return {"mine": mine, "later": app.lambda_context.aws_request_id}


@app.route("/hold")
def hold() -> dict[str, str]:
    record(holding=True)
    wait_for_release()
    return {"status": "released"}


@app.route("/breaks")
def breaks() -> Response:
    return Response("\ud800")


@app.route("/sms/known", methods=["POST"])
def known() -> dict[str, str]:
    return {"code": "OK"}
