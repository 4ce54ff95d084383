"""The calls of an operation, and something else that happens in the middle of it, before one of its calls to AWS."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.client import BaseClient

from tests.support.in_process.bridge import Bridge
from tests.support.in_process.snapshot import snapshot


def calls_of(bridge: Bridge, act: Callable[[], object]) -> list[str]:
    """Return the names of all calls that an operation makes, and undo the operation."""
    restore = snapshot(bridge)
    with bridge.outside.watched():
        act()
    names = list(bridge.outside.names)
    restore()
    return names


def aws_calls_of(bridge: Bridge, act: Callable[[], object]) -> list[str]:
    """Return the names of the calls to AWS that an operation makes, as `At` numbers them, and undo the operation."""
    return [name for name in calls_of(bridge, act) if name.startswith(("dynamodb", "sqs"))]


class At:
    """Does something before one of the calls to AWS that another operation makes."""

    result: Any
    """What it returned; None as long as the call was not reached."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._left = -1
        self._act: Callable[[], object] = list
        call: Any = BaseClient._make_api_call  # type: ignore[attr-defined]

        def make_api_call(client: Any, operation: str, params: dict[str, Any]) -> Any:
            self._left -= 1
            if self._left == -1:
                self.result = self._act()
            return call(client, operation, params)

        monkeypatch.setattr(BaseClient, "_make_api_call", make_api_call)

    def call(self, number: int, act: Callable[[], object]) -> None:
        """Do something before the call with this number, counted from 0."""
        self._left, self._act, self.result = number, act, None
