"""Long outages: AWS that fails, how long outages last in tests, and how often each message is queued meanwhile."""

import json
import time
from collections import defaultdict
from typing import Any

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError

from tests.support import thoroughness
from tests.support.in_process import hostile, web
from tests.support.in_process.bridge import Bridge
from tests.support.in_process.tencent import lost

# CI waits for as long as the promises last; other runs see the first hours, in which all that spins would show.
HOURS = 70 if thoroughness.ALL else 8
WEEK = 7 * 24 if thoroughness.ALL else 8
UNREACHABLE = lost(web.never_connected, sent=False)
"""A Tencent to which no connection can be made."""
# A message is moved fewer times than this within six hours.
_MOST_MOVES = 120
_QUEUES = ("files", "sends", "callbacks", "receipts")


class Moves:
    """Counts how often each message is queued. A message that is queued anew has moved.

    It is the same message if its bodies differ only in what counts its tries and its waits.
    """

    def __init__(self) -> None:
        self._at: dict[tuple[str, str], list[float]] = defaultdict(list)

    def install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Count every SendMessageBatch of a client."""
        original: Any = BaseClient._make_api_call  # type: ignore[attr-defined]

        def make_api_call(client: Any, operation: str, params: dict[str, Any]) -> Any:
            answer = original(client, operation, params)
            if operation == "SendMessageBatch":
                failed = {one["Id"] for one in answer.get("Failed", [])}
                queue = params["QueueUrl"].rsplit("/", 1)[1]
                for entry in params["Entries"]:
                    if entry["Id"] not in failed:
                        self._at[queue, _same(entry["MessageBody"])].append(time.time())
            return answer

        monkeypatch.setattr(BaseClient, "_make_api_call", make_api_call)

    def most(self, hours: float) -> int:
        """Return how often one message was queued within this time, at most."""
        return max((_most_within(times, hours * 3600) for times in self._at.values()), default=0)


def _same(body: str) -> str:
    changing = ("attempt", "looks", "since", "earlier", "id")
    return json.dumps({name: one for name, one in json.loads(body).items() if name not in changing})


def _most_within(times: list[float], seconds: float) -> int:
    first = most = 0
    for last, at in enumerate(times):
        while at - times[first] > seconds:
            first += 1
        most = max(most, last - first + 1)
    return most


class Outage:
    """Lets every call of clients to a service fail while it lasts."""

    def __init__(self, service: str) -> None:
        self.lasts = False
        self._service = service

    def install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Stand between clients and AWS."""
        original: Any = BaseClient._make_api_call  # type: ignore[attr-defined]

        def make_api_call(client: Any, operation: str, params: dict[str, Any]) -> Any:
            if self.lasts and client.meta.service_model.service_name == self._service:
                error: Any = {"Error": {"Code": "InternalServerError", "Message": "outage"}}
                raise ClientError(error, operation)
            return original(client, operation, params)

        monkeypatch.setattr(BaseClient, "_make_api_call", make_api_call)


def check_nothing_spun(bridge: Bridge, moves: Moves) -> None:
    """Check that no queue has a message or a dead letter, and that no message was moved in a loop."""
    left = {name: bridge.pump.count(name) for each in _QUEUES for name in (each, f"{each}-dead")}
    assert left == dict.fromkeys(left, 0)
    assert moves.most(hours=6) < _MOST_MOVES
    assert not hostile.current.dropped
