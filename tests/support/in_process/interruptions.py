"""Something else that happens in the middle of an operation, before one of its calls to AWS."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.client import BaseClient


class At:
    """Does something before one of the calls to AWS that another operation makes."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._left = -1
        self._act: Callable[[], object] = list
        call: Any = BaseClient._make_api_call  # type: ignore[attr-defined]

        def make_api_call(client: Any, operation: str, params: dict[str, Any]) -> Any:
            self._left -= 1
            if self._left == -1:
                self._act()
            return call(client, operation, params)

        monkeypatch.setattr(BaseClient, "_make_api_call", make_api_call)

    def call(self, number: int, act: Callable[[], object]) -> None:
        """Do something before the call with this number, counted from 0."""
        self._left, self._act = number, act
