"""Fixtures: a simulator with short delays, and a receiver of its callbacks."""

from collections.abc import Iterator

import pytest

from local.tencent.background import running
from tests.support.simulators.tencent import Caller
from tests.support.simulators.tencent_fixtures import QUICK, TEMPLATES, receiver, simulator

__all__ = ["receiver", "simulator"]


@pytest.fixture(scope="session")
def running_simulator() -> Iterator[Caller]:
    with running(QUICK, templates=TEMPLATES) as url:
        caller = Caller(url)
        yield caller
        caller.session.close()
