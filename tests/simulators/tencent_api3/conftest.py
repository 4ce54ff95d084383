"""Fixtures: a simulator with short delays and without limits of rate, and its callers in both APIs."""

from collections.abc import Iterator

import pytest

from local.tencent.api3.switches import ACTIONS, Api3Switches
from local.tencent.background import running
from local.tencent.presets import DEFAULT_SIGN, Preset
from tests.support.simulators.tencent import Caller
from tests.support.simulators.tencent_api3 import FOREIGN_SIGN, RawCaller, Sdk, no_proxy
from tests.support.simulators.tencent_fixtures import QUICK, TEMPLATES, receiver, simulator

__all__ = ["receiver", "simulator"]

UNLIMITED = Api3Switches(rates=dict.fromkeys(ACTIONS, 0))


@pytest.fixture(scope="session")
def running_simulator() -> Iterator[Caller]:
    behaviour = QUICK.model_copy(update={"api3": UNLIMITED})
    signs = (DEFAULT_SIGN, Preset(1002, FOREIGN_SIGN, international=1))
    with no_proxy(), running(behaviour, signs=signs, templates=TEMPLATES) as url:
        caller = Caller(url)
        yield caller
        caller.session.close()


@pytest.fixture
def raw(simulator: Caller) -> Iterator[RawCaller]:
    caller = RawCaller(simulator.url)
    yield caller
    caller.session.close()


@pytest.fixture
def sdk(simulator: Caller) -> Sdk:
    return Sdk(simulator.url)
