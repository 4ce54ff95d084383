"""One packaged bundle for all tests here, and what stands around it: an AWS, Tencent and Quick Audience."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
import requests

from local import aws
from local.configuration import DEFAULTS, TENCENT_API
from local.quickaudience import background as quick_audience
from local.runtime import unpacked
from local.tencent import background as tencent
from ops import bundle
from ops.bundle import Package

EVENTS = Path(__file__).parent / "events"
SIGN, SIGN_ID = "测试签名", "1001"


def event(name: str) -> Any:
    """An event in the shape that AWS documents."""
    return json.loads((EVENTS / f"{name}.json").read_text())


@dataclass(frozen=True)
class Simulator:
    """One of the two, by its control API."""

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
        """One message's body and handle."""
        answer = self._sqs.receive_message(QueueUrl=self._url(queue), WaitTimeSeconds=10)
        [message] = answer["Messages"]
        return message["Body"], message["ReceiptHandle"]

    def count(self, queue: str) -> int:
        """Messages in it, those in flight included."""
        answer = self._sqs.get_queue_attributes(QueueUrl=self._url(queue), AttributeNames=["All"])
        counts = {str(name): count for name, count in answer["Attributes"].items()}
        states = ("", "NotVisible", "Delayed")
        return sum(int(counts[f"ApproximateNumberOfMessages{state}"]) for state in states)


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what Chalice packs from."""
    folder = tmp_path_factory.mktemp("project")
    bundle.copy_project(folder)
    return folder


@pytest.fixture(scope="session")
def package(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Package:
    return bundle.pack(project, "dev", tmp_path_factory.mktemp("package"))


@pytest.fixture(scope="session")
def code(package: Package) -> Iterator[Path]:
    """The unpacked bundle."""
    with unpacked(package.bundle) as folder:
        yield folder


@pytest.fixture(scope="session")
def tencent_simulator() -> Iterator[Simulator]:
    with tencent.running() as url:
        yield Simulator(url)


@pytest.fixture(scope="session")
def quick_audience_simulator() -> Iterator[Simulator]:
    with quick_audience.running() as url:
        yield Simulator(url)


@pytest.fixture(scope="session")
def environment(
    tmp_path_factory: pytest.TempPathFactory,
    tencent_simulator: Simulator,
    quick_audience_simulator: Simulator,
) -> Iterator[dict[str, str]]:
    """A stage's settings, its table and queues in a ministack; recorded requests are never too old."""
    with aws.Ministack(tmp_path_factory.mktemp("aws")) as ministack:
        settings = {
            **DEFAULTS,
            "TENCENT_BASE_URL": tencent_simulator.url + TENCENT_API,
            "QA_BASE_URL": quick_audience_simulator.url,
            "QA_CLOCK_SKEW_SECONDS": "0",
            **aws.environment(ministack.endpoint, {"PATH": os.environ["PATH"]}),
        }
        aws.create_resources(
            ministack.endpoint, settings["BRIDGE_TABLE"], settings["BRIDGE_QUEUE_PREFIX"]
        )
        yield settings


@pytest.fixture
def queues(environment: dict[str, str]) -> Queues:
    return Queues(environment["AWS_ENDPOINT_URL"], environment["BRIDGE_QUEUE_PREFIX"])


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Packaging takes a minute that not every run of the tests has: `make test-deployed` does it."""
    for item in items:
        if "deployed" in item.path.parts:
            item.add_marker(pytest.mark.deployed)
