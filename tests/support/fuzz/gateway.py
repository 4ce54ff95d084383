"""Requests as API Gateway passes them to Lambda, and the bridge's answers."""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import pytest

import app
from bench.item_size import size
from tests.support.in_process import moto_calls
from tests.support.in_process.bridge import Bridge
from tests.support.in_process.events import Context
from tests.support.in_process.pump import FUNCTIONS
from tests.support.in_process.quickaudience import signed
from tests.support.in_process.snapshot import snapshot

QUEUES = {"read": "files", "deliver": "sends", "settle": "callbacks", "push": "receipts"}
# DynamoDB's limits in bytes. moto checks them for some operations only.
_LONGEST_KEYS = {"pk": 2048, "sk": 1024}
_LARGEST_ITEM = 400 * 1024
_READS = ("GetItem", "Query", "BatchGetItem", "GetQueueUrl")


@dataclass(frozen=True)
class Asked:
    """A request. `route` is a path of `app.py`, `names` are its path parameters as they arrive."""

    method: str
    route: str
    names: Mapping[str, Any] = field(default_factory=dict)
    body: str | bytes | None = None
    query: Mapping[str, Sequence[str]] | None = None
    headers: Mapping[str, str] | None = None
    base64: bool = False

    def event(self) -> dict[str, Any]:
        """Return the event that Lambda gets. The body is text in it, whatever its bytes."""
        path = self.route
        for name, value in self.names.items():
            path = path.replace(f"{{{name}}}", quote(str(value), errors="replace"))
        body = self.body
        if isinstance(body, bytes):
            body = body.decode("utf-8", "replace")
        return {
            "resource": self.route,
            "path": path,
            "httpMethod": self.method,
            "headers": None if self.headers is None else dict(self.headers),
            "multiValueHeaders": None,
            "queryStringParameters": None,
            "multiValueQueryStringParameters": (
                None
                if self.query is None
                else {name: list(one) for name, one in self.query.items()}
            ),
            "pathParameters": dict(self.names) or None,
            "stageVariables": None,
            "requestContext": {
                "resourcePath": self.route,
                "httpMethod": self.method,
                "path": "/api" + path,
                "domainName": "abc.execute-api.ap-southeast-1.amazonaws.com",
                "stage": "api",
            },
            "body": body,
            "isBase64Encoded": self.base64,
        }

    def signed(self) -> "Asked":
        """Return the request with a signature, a timestamp and a nonce of its own."""
        from dataclasses import replace
        from urllib.parse import parse_qs, urlsplit

        url, headers = signed("/")
        return replace(
            self,
            query={**(self.query or {}), **parse_qs(urlsplit(url).query)},
            headers={**(self.headers or {}), **headers},
        )


@dataclass(frozen=True)
class Answered:
    """An answer, the seconds of work that it took, and the number of messages that were queued."""

    asked: Asked
    status: int
    headers: dict[str, str]
    text: str
    seconds: float
    queued: int

    @property
    def body(self) -> Any:
        return json.loads(self.text)


class Gateway:
    """Calls the app as Lambda does, and checks its calls to AWS."""

    def __init__(self, bridge: Bridge, monkeypatch: pytest.MonkeyPatch) -> None:
        self.bridge = bridge
        self._motos = 0.0
        self._wrote = False
        self._restore = snapshot(bridge)
        bridge.outside.observers.append(self._look_at)
        ask = moto_calls.ask_handler

        def timed(operation: Any, request: Any) -> Any:
            began = time.process_time()
            try:
                return ask(operation, request)
            finally:
                self._motos += time.process_time() - began

        monkeypatch.setattr(moto_calls, "ask_handler", timed)

    def ask(self, asked: Asked) -> Answered:
        """Send a request. The work is the processor time without that of moto."""
        event = asked.event()
        before = self.queued()
        began, self._motos = time.process_time(), 0.0
        with self.bridge.outside.watched():
            answer = app.app(event, Context("api_handler", 29))
        seconds = time.process_time() - began - self._motos
        answered = Answered(
            asked,
            answer["statusCode"],
            {name.lower(): value for name, value in answer["headers"].items()},
            answer["body"],
            seconds,
            self.queued() - before,
        )
        if self._wrote:
            # The next request finds the same state; and moto becomes slow with many items.
            self._restore()
            self._wrote = False
        return answered

    def _look_at(self, operation: str, params: dict[str, Any], _: Any) -> None:
        self._wrote |= operation not in _READS
        _check_call(operation, params)

    def queued(self) -> int:
        """Return the number of messages on all queues."""
        return sum(self.bridge.pump.count(QUEUES[function]) for function in FUNCTIONS)


def _check_call(operation: str, params: dict[str, Any]) -> None:
    """Assert that DynamoDB would accept the call."""
    items = [params.get("Item"), params.get("Key")]
    for entries in params.get("RequestItems", {}).values():
        if isinstance(entries, list):
            items += [one["PutRequest"]["Item"] for one in entries if "PutRequest" in one]
        else:
            items += entries["Keys"]
    for item in filter(None, items):
        assert size(item) <= _LARGEST_ITEM, f"{operation}: an item of {size(item)} bytes"
        for name, most in _LONGEST_KEYS.items():
            assert 0 < len(item[name]["S"].encode()) <= most, f"{operation}: {name}"
    for value in params.get("ExpressionAttributeValues", {}).values():
        if operation == "Query":
            assert len(value["S"].encode()) <= _LONGEST_KEYS["pk"], f"{operation}: a key too long"
