"""The events and the context that Lambda gives a function."""

import json
import time
from pathlib import Path
from typing import Any

from tests.support.in_process import aws

_CONFIG = json.loads(Path(".chalice/config.json").read_text())["lambda_functions"]


def timeout(function: str) -> float:
    """Return the time-out of a function in seconds."""
    return float(_CONFIG[function]["lambda_timeout"])


class Context:
    """The context object that Lambda gives a function."""

    def __init__(self, function: str, seconds: float | None = None) -> None:
        self._end = time.time() + (timeout(function) if seconds is None else seconds)

    def get_remaining_time_in_millis(self) -> int:
        return max(0, int((self._end - time.time()) * 1000))


def message_record(message: Any, queue: str) -> dict[str, Any]:
    """Return a message as an SQS event has it."""
    attributes = {
        "ApproximateReceiveCount": str(message.approximate_receive_count),
        "SentTimestamp": str(message.sent_timestamp),
        "SenderId": message.sender_id,
        "ApproximateFirstReceiveTimestamp": str(message.approximate_first_receive_timestamp),
    }
    if trace := (message.system_attributes or {}).get("AWSTraceHeader"):
        attributes["AWSTraceHeader"] = trace["StringValue"]
    return {
        "messageId": message.id,
        "receiptHandle": message.receipt_handle,
        "body": message.body,
        "attributes": attributes,
        "messageAttributes": {},
        "md5OfBody": message.body_md5,
        "eventSource": "aws:sqs",
        "eventSourceARN": f"arn:aws:sqs:{aws.REGION}:{aws.ACCOUNT}:{aws.PREFIX}{queue}",
        "awsRegion": aws.REGION,
    }


def scheduled() -> dict[str, Any]:
    """Return the event of a schedule."""
    return {
        "version": "0",
        "account": aws.ACCOUNT,
        "region": aws.REGION,
        "detail": {},
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "time": "2026-03-02T02:00:00Z",
        "id": "7bf73129",
        "resources": [],
    }
