"""The bridge in one process, and a console that shows it."""

from collections.abc import Iterator

import pytest

from tests.support.console import Visitor
from tests.support.in_process.bridge import Bridge
from tests.support.in_process.fixtures import bridge, clock, local

__all__ = ["bridge", "clock", "local"]


@pytest.fixture
def visitor(local: Bridge) -> Iterator[Visitor]:
    """An operator who has entered the console of a local stack."""
    visitor = Visitor()
    visitor.enter()
    yield visitor
    assert visitor.failures == []
