"""Every call that the bridge makes to the outside, numbered, and one of them broken on request.

Four ways to break call n:

    killed before   the function ends before the call is made; nothing that it does later happens
    killed after    the call is obeyed, and the function ends before it hears of it
    failed before   the call alone fails, and was not obeyed; the function lives on
    failed after    the call alone fails, although it was obeyed
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Literal, TypeVar

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError, ConnectTimeoutError, ReadTimeoutError

from tests.support import thoroughness

How = Literal["killed before", "killed after", "failed before", "failed after"]
_KILLED: tuple[How, ...] = ("killed before", "killed after")
_FAILED: tuple[How, ...] = ("failed before", "failed after")
# A death before a call is mostly like one after the last call, and a call that fails like a death before
# or after it. So on a developer's machine all but the deaths after a call are left to CI (BREAKS=all).
HOWS = _KILLED + _FAILED if thoroughness.ALL else _KILLED[1:]
Observer = Callable[[str, dict[str, Any], Any], None]

T = TypeVar("T")


class Killed(BaseException):
    """The function is no more. Not an Exception: no handler of the bridge may live to see it."""


class Outside:
    """What happens at the bridge's border."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.observers: list[Observer] = []
        self._watching = False
        self._broken: tuple[int, How] | None = None
        self._dead = False
        self._lock = threading.Lock()

    @contextmanager
    def watched(self, at: int | None = None, how: How = "killed before") -> Iterator[None]:
        """Number the calls made inside, from 0, and break one. A death is survived by the test."""
        self.names, self._watching, self._dead = [], True, False
        self._broken = None if at is None else (at, how)
        try:
            yield
        except Killed:
            pass
        finally:
            self._watching = False

    def call(self, name: str, do: Callable[[], T], before: Exception, after: Exception) -> T:
        """Make a call; `before` and `after` are what the caller sees where it fails."""
        if not self._watching:
            return do()
        with self._lock:
            number = len(self.names)
            self.names.append(name)
        if self._dead:
            raise Killed
        if self._broken is None or self._broken[0] != number:
            return do()
        how = self._broken[1]
        if how == "killed before":
            self._dead = True
            raise Killed
        if how == "failed before":
            raise before
        do()
        if how == "killed after":
            self._dead = True
            raise Killed
        raise after

    def install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Stand between botocore and moto."""
        make: Any = BaseClient._make_api_call  # type: ignore[attr-defined]

        def make_api_call(client: Any, operation: str, params: dict[str, Any]) -> Any:
            def do() -> Any:
                try:
                    answer = make(client, operation, params)
                except ClientError as error:
                    self.observe(operation, params, error)
                    raise
                self.observe(operation, params, answer)
                return answer

            return self.call(
                f"{client.meta.service_model.service_name} {operation}",
                do,
                ConnectTimeoutError(endpoint_url="https://aws.test"),
                ReadTimeoutError(endpoint_url="https://aws.test"),
            )

        monkeypatch.setattr(BaseClient, "_make_api_call", make_api_call)

    def observe(self, operation: str, params: dict[str, Any], answer: Any) -> None:
        """Show a call to AWS that was obeyed, or refused, to whoever counts."""
        if self._watching:
            for observer in self.observers:
                observer(operation, params, answer)


def every_break(calls: int) -> list[tuple[int, How]]:
    """Every way to break every one of that many calls."""
    return [(number, how) for number in range(calls) for how in HOWS]
