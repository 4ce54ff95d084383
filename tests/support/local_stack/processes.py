"""Processes and queues for the tests of the local stack."""

import itertools
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

from local import aws
from local.processes import Process
from tests.support.waiting import wait_for

TINY = "tests.support.local_stack.tiny_app"

numbers = itertools.count(1)


def alive(pid: int) -> bool:
    """Return whether a process runs. A process that has ended and was not collected does not."""
    try:
        stat = Path("/proc", str(pid), "stat").read_text()
    except FileNotFoundError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def children(pid: int) -> set[int]:
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(fields[1]) == pid:
            found.add(int(stat.parent.name))
    return found


def read_records(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


@dataclass
class Bridge:
    """The queues of one test, and the processes of the tiny app that work on them."""

    endpoint: str
    folder: Path
    prefix: str
    processes: list[Process]

    def __post_init__(self) -> None:
        self.sqs = boto3.client("sqs", **aws.client_options(self.endpoint))
        self.record = self.folder / "record"
        self.environment = {
            **aws.environment(self.endpoint, os.environ),
            "BRIDGE_QUEUE_PREFIX": self.prefix,
            "QA_PLATFORM_NAME": "tiny-platform",
            "TINY_RECORD": str(self.record),
        }

    def create(self, **options: Any) -> None:
        aws.create_resources(self.endpoint, self.prefix + "table", self.prefix, **options)

    def start(self, module: str, *arguments: str, ready: str, **environment: str) -> Process:
        name = f"{module}-{next(numbers)}"
        process = Process(
            name,
            module,
            *arguments,
            *("--app", TINY),
            environment={**self.environment, **environment},
            log=self.folder / f"{name}.log",
            ready=ready,
        )
        self.processes.append(process)
        process.start()
        return process

    def url(self, queue: str) -> str:
        return self.sqs.get_queue_url(QueueName=self.prefix + queue)["QueueUrl"]

    def send(self, queue: str, *bodies: str) -> None:
        url = self.url(queue)
        for start in range(0, len(bodies), 10):
            self.sqs.send_message_batch(
                QueueUrl=url,
                Entries=[
                    {"Id": str(n), "MessageBody": body}
                    for n, body in enumerate(bodies[start : start + 10])
                ],
            )

    def count(self, queue: str) -> int:
        """Return the number of messages in a queue, including those in flight."""
        answer = self.sqs.get_queue_attributes(QueueUrl=self.url(queue), AttributeNames=["All"])
        attributes = answer["Attributes"]
        return int(attributes["ApproximateNumberOfMessages"]) + int(
            attributes["ApproximateNumberOfMessagesNotVisible"]
        )

    def calls(self, at_least: int) -> list[dict[str, Any]]:
        """Return the records of the tiny app once there are a number of them."""
        wait_for(lambda: len(read_records(self.record)) >= at_least)
        return read_records(self.record)

    def release(self) -> None:
        Path(f"{self.record}.release").touch()
