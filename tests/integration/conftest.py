"""One bridge to each test, in a world of its own that has no sockets."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import pytest_socket
import time_machine
from moto import mock_aws
from moto.core.serialize import ResponseSerializer
from moto.dynamodb.models import DynamoDBBackend
from moto.sqs.models import SQSBackend

from tests.integration.support import aws
from tests.integration.support.bridge import Bridge, forget
from tests.integration.support.clock import START, Clock
from tests.integration.support.outside import Outside


@pytest.fixture(autouse=True)
def no_sockets() -> Iterator[None]:
    pytest_socket.disable_socket()
    yield
    pytest_socket.enable_socket()


@pytest.fixture
def clock() -> Iterator[Clock]:
    with time_machine.travel(START, tick=False) as traveller:
        yield Clock(traveller)


@pytest.fixture
def bridge(monkeypatch: pytest.MonkeyPatch, clock: Clock, tmp_path: Path) -> Iterator[Bridge]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", aws.REGION)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.setattr("boto3.client", aws.client)
    for patched, name in (
        # what moto does wrong
        (SQSBackend, "change_message_visibility"),
        (DynamoDBBackend, "batch_execute_statement"),
        # what it takes a third of its time for
        (SQSBackend, "is_message_valid_based_on_retention_period"),
        (ResponseSerializer, "get_value"),
    ):
        monkeypatch.setattr(patched, name, getattr(aws, name))
    with mock_aws():
        aws.create()
        outside = Outside()
        outside.install(monkeypatch)
        yield Bridge(monkeypatch, clock, outside, str(tmp_path))
    forget()


@pytest.fixture
def linked(bridge: Bridge) -> Bridge:
    """A bridge with an approved sign."""
    bridge.link()
    return bridge
