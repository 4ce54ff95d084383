"""The bridge in one process, and a console that shows it."""

from collections.abc import Iterator

import pytest

from ops import deadletters
from tests.support.console import Visitor
from tests.support.in_process.bridge import Bridge
from tests.support.in_process.fixtures import bridge, clock, local

__all__ = ["bridge", "clock", "local"]


@pytest.fixture(autouse=True)
def no_long_polls(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock stands still, so moto would wait for ever."""
    monkeypatch.setattr(deadletters, "_WAIT_SECONDS", 0)


@pytest.fixture
def visitor(local: Bridge) -> Iterator[Visitor]:
    """An operator who has entered the console of a local stack."""
    visitor = Visitor()
    visitor.enter()
    yield visitor
    assert visitor.failures == []
