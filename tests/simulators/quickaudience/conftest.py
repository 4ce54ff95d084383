"""Fixtures: a simulator, and a fake bridge that it calls."""

from collections.abc import Iterator

import pytest

from local.quickaudience.background import running
from local.quickaudience.settings import Settings
from tests.support.simulators.quickaudience import FakeBridge, Simulator, running_fake_bridge


@pytest.fixture(scope="session")
def running_bridge() -> Iterator[FakeBridge]:
    with running_fake_bridge() as bridge:
        yield bridge


@pytest.fixture(scope="session")
def running_simulator() -> Iterator[Simulator]:
    with running() as url:
        simulator = Simulator(url)
        yield simulator
        simulator.session.close()


@pytest.fixture
def bridge(running_bridge: FakeBridge) -> FakeBridge:
    running_bridge.requests.clear()
    running_bridge.respond = FakeBridge.respond
    return running_bridge


@pytest.fixture
def simulator(running_simulator: Simulator, bridge: FakeBridge) -> Simulator:
    running_simulator.post("reset")
    settings = Settings(bridge_url=f"{bridge.url}/", bridge_timeout_seconds=5)
    running_simulator.post("settings", settings.model_dump(by_alias=True))
    return running_simulator
