"""Fixtures of one bridge for each test, without sockets."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_socket
import time_machine
from botocore.auth import SigV4Auth
from botocore.client import BaseClient
from botocore.useragent import UserAgentString
from moto import mock_aws
from moto.core import models, responses
from moto.core.serialize import ResponseSerializer
from moto.dynamodb.comparisons import ConditionExpressionParser
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import Item
from moto.dynamodb.models.table import Table
from moto.sqs.models import SQSBackend

from chalicelib.fetching import addresses, stream
from chalicelib.fetching.addresses import FetchError
from tests.support.in_process import aws, moto_calls
from tests.support.in_process.bridge import ENVIRONMENT, Bridge, clear_caches
from tests.support.in_process.clock import START, Clock
from tests.support.in_process.digital import OSS, PUBLIC
from tests.support.in_process.final_state_logs import check_logs
from tests.support.in_process.outages import Moves
from tests.support.in_process.outside import Outside
from tests.support.in_process.tencent import SETTINGS, FakeTencent
from tests.support.media_files import FILES


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
def bridge(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, clock: Clock, tmp_path: Path
) -> Iterator[Bridge]:
    """Return a bridge. A test may be parametrised with the API of Tencent's that it calls."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", aws.REGION)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.setattr("boto3.client", aws.client)
    for patched, name in (
        # corrections of moto
        (SQSBackend, "change_message_visibility"),
        (DynamoDBBackend, "batch_execute_statement"),
        # faster versions of functions in which moto spends a third of its time
        (SQSBackend, "is_message_valid_based_on_retention_period"),
        (ResponseSerializer, "get_value"),
        (Table, "query"),
        (responses, "method_names_from_class"),
        (responses, "camelcase_to_underscores"),
    ):
        monkeypatch.setattr(patched, name, getattr(aws, name))
    monkeypatch.setattr(Item, "__init__", aws.keep)
    # moto replaces the whole of AWS for `requests`, too, with a thousand addresses: no test calls it that way.
    monkeypatch.setattr(models, "RESPONSES_METHODS", [])
    # Below the policies and the layers of HOSTILE, so that these see every call.
    monkeypatch.setattr(BaseClient, "_make_request", moto_calls.make_request)
    monkeypatch.setattr(
        ConditionExpressionParser, "_lex_condition_expression", aws.lex_condition_expression
    )
    # These take botocore long, and moto checks none of them.
    monkeypatch.setattr(BaseClient, "_resolve_endpoint_ruleset", aws.resolve_endpoint_ruleset)
    monkeypatch.setattr(SigV4Auth, "add_auth", aws.add_auth)
    monkeypatch.setattr(UserAgentString, "to_string", lambda _: "tests")
    with mock_aws():
        aws.create()
        outside = Outside()
        outside.install(monkeypatch)
        bridge = Bridge(monkeypatch, clock, outside, str(tmp_path))
        if hasattr(request, "param"):
            bridge.configure(**SETTINGS[request.param])
        yield bridge
        if bridge.logs_are_complete:
            check_logs("at the end of the test")
    clear_caches()


@pytest.fixture
def tencent(bridge: Bridge) -> FakeTencent:
    """The fake Tencent of a bridge that calls API 3.0."""
    bridge.configure(**SETTINGS["3.0"])
    return bridge.tencent


@pytest.fixture
def linked(bridge: Bridge) -> Bridge:
    """A bridge with an approved sign."""
    bridge.link()
    return bridge


@pytest.fixture
def moves(monkeypatch: pytest.MonkeyPatch, bridge: Bridge) -> Moves:
    """Return a count of how often each message is queued from now on."""
    made = Moves()
    made.install(monkeypatch)
    return made


@pytest.fixture
def oss(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Return the files on OSS by address. An exception in place of a file is raised."""
    files: dict[str, Any] = {f"{OSS}/a.{suffix}": data for suffix, data in FILES.items()}

    def read(url: str, *, max_bytes: int, seconds: float) -> bytes:
        addresses.check_url(url)
        found = files.get(url, FetchError("文件不存在 (HTTP 404)"))
        if isinstance(found, Exception):
            raise found
        assert 0 < seconds < 29
        assert max_bytes == 1900 * 1024
        return bytes(found)

    monkeypatch.setattr(stream, "read_all", read)
    return files


@pytest.fixture
def here(bridge: Bridge, oss: dict[str, Any]) -> Bridge:
    """A bridge with a public address, an approved sign and files on OSS."""
    bridge.configure(PUBLIC_BASE_URL=PUBLIC + "/")
    bridge.link()
    return bridge


@pytest.fixture
def local(bridge: Bridge, monkeypatch: pytest.MonkeyPatch) -> Bridge:
    """A bridge whose environment is in a local stack's file, which `ops` reads by default."""
    state = Path(bridge.state)
    (state / "stack.json").write_text(json.dumps({"environment": ENVIRONMENT}))
    monkeypatch.setenv("BRIDGE_STATE", str(state))
    monkeypatch.setenv("COLUMNS", "250")
    return bridge
