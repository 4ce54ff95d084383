"""The environment of the packaged bundle: simulators, queues, events."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import requests

from local import aws

EVENTS = Path(__file__).parents[2] / "deployed" / "events"


SIGN, SIGN_ID = "测试签名", "1001"


def event(name: str) -> Any:
    """Return a recorded event in the form that AWS documents."""
    return json.loads((EVENTS / f"{name}.json").read_text())


@dataclass(frozen=True)
class Simulator:
    """A client of a simulator's control API."""

    url: str

    def get(self, path: str) -> dict[str, Any]:
        response = requests.get(self.url + path, timeout=60)
        response.raise_for_status()
        answer: dict[str, Any] = response.json()
        return answer

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        response = requests.post(self.url + path, json=body, timeout=60)
        assert response.ok, response.text
        answer: dict[str, Any] = response.json()
        return answer


class Queues:
    """A stage's queues, by their short names."""

    def __init__(self, endpoint: str, prefix: str) -> None:
        self._sqs = boto3.client("sqs", **aws.client_options(endpoint))
        self._prefix = prefix

    def _url(self, queue: str) -> str:
        return self._sqs.get_queue_url(QueueName=self._prefix + queue)["QueueUrl"]

    def send(self, queue: str, body: str) -> None:
        self._sqs.send_message(QueueUrl=self._url(queue), MessageBody=body)

    def receive(self, queue: str) -> tuple[str, str]:
        """Receive one message; return its body and receipt handle."""
        answer = self._sqs.receive_message(QueueUrl=self._url(queue), WaitTimeSeconds=10)
        [message] = answer["Messages"]
        return message["Body"], message["ReceiptHandle"]

    def count(self, queue: str) -> int:
        """Return the number of messages in a queue, including those in flight."""
        answer = self._sqs.get_queue_attributes(QueueUrl=self._url(queue), AttributeNames=["All"])
        counts = {str(name): count for name, count in answer["Attributes"].items()}
        states = ("", "NotVisible", "Delayed")
        return sum(int(counts[f"ApproximateNumberOfMessages{state}"]) for state in states)
