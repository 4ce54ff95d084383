"""The calls that the bridge makes to the outside. They are numbered, and one of them can be made to fail.

Four kinds of fault at call n:

    killed before   the function dies before the call is made, and does nothing more
    killed after    the call succeeds, and the function dies before it gets the answer
    failed before   the call fails without an effect; the function goes on
    failed after    the call fails although it had its effect; the function goes on
"""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Literal, TypeVar

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError, ConnectTimeoutError, ReadTimeoutError

from tests.support import thoroughness

Fault = Literal["killed before", "killed after", "failed before", "failed after"]
_KILLED: tuple[Fault, ...] = ("killed before", "killed after")
_FAILED: tuple[Fault, ...] = ("failed before", "failed after")
# A death before a call is mostly like one after the call before it, and a call that fails is mostly like a death
# at it. So only CI (BREAKS=all) runs all kinds, and other runs only the deaths after a call.
FAULTS = _KILLED + _FAILED if thoroughness.ALL else _KILLED[1:]
# Calls that change nothing.
_READS = frozenset(
    {"dynamodb BatchGetItem", "dynamodb GetItem", "dynamodb Query", "sqs GetQueueUrl"}
)
Observer = Callable[[str, dict[str, Any], Any], None]

T = TypeVar("T")


class Killed(BaseException):
    """The function died. Not an Exception, so that no handler of the bridge catches it."""


class Outside:
    """All calls between the bridge and the outside."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.observers: list[Observer] = []
        self._watching = False
        self._fault: tuple[int, Fault] | None = None
        self._dead = False
        self._lock = threading.Lock()

    @property
    def is_watched(self) -> bool:
        """Return whether calls are numbered now."""
        return self._watching

    @contextmanager
    def watched(self, at: int | None = None, how: Fault = "killed before") -> Iterator[None]:
        """Number the calls made in the block from 0, and let one of them fail. The test goes on after a death."""
        self.names, self._watching, self._dead = [], True, False
        self._fault = None if at is None else (at, how)
        try:
            yield
        except Killed:
            pass
        finally:
            self._watching = False

    def call(self, name: str, do: Callable[[], T], before: Exception, after: Exception) -> T:
        """Make a call. If it is to fail, raise `before` or `after`."""
        if not self._watching:
            return do()
        with self._lock:
            number = len(self.names)
            self.names.append(name)
        if self._dead:
            raise Killed
        if self._fault is None or self._fault[0] != number:
            return do()
        how = self._fault[1]
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
        """Intercept the calls between botocore and moto."""
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
        """Show an answered call to AWS to the observers."""
        if self._watching:
            for observer in self.observers:
                observer(operation, params, answer)


def points(names: Iterable[str]) -> list[tuple[int, str]]:
    """Return the numbers and names of the calls at which a function is to break: all of them in CI.

    Other runs know deaths after a call only. A death after a read leaves the same as one after the change before it,
    so they leave reads out, except the first call of all. Of the rest, `make test` takes each third, and the first of
    each name.
    """
    every = list(enumerate(names))
    if thoroughness.ALL:
        return every
    changing = [(number, name) for number, name in every if not number or name not in _READS]
    return thoroughness.spread(changing, 3, kind=lambda point: point[1])
