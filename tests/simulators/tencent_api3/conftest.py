"""Fixtures: a simulator with short delays and without limits of rate, and its callers in both APIs."""

from collections.abc import Iterator

import pytest

from local.tencent.api3.switches import ACTIONS, Api3Switches
from local.tencent.background import running
from local.tencent.behaviour import Behaviour
from local.tencent.presets import DEFAULT_SIGN, Preset
from tests.support.simulators.tencent import (
    CODE_TEMPLATE,
    FOREIGN_TEMPLATE,
    PLAIN_TEMPLATE,
    Caller,
    Receiver,
    running_receiver,
)
from tests.support.simulators.tencent_api3 import FOREIGN_SIGN, RawCaller, Sdk, no_proxy

QUICK = Behaviour(
    review_seconds=0,
    report_delay=(0, 0.02),
    reply_delay=0.02,
    retry_seconds=0.02,
    push_timeout=1,
    api3=Api3Switches(rates=dict.fromkeys(ACTIONS, 0)),
)
TEMPLATES = (
    Preset(CODE_TEMPLATE, "您的{1}是{2}，{3}分钟内有效。"),
    Preset(PLAIN_TEMPLATE, "感谢您的惠顾。"),
    Preset(FOREIGN_TEMPLATE, "Hello {1}", international=1),
)


@pytest.fixture(scope="session")
def running_simulator() -> Iterator[Caller]:
    signs = (DEFAULT_SIGN, Preset(1002, FOREIGN_SIGN, international=1))
    with no_proxy(), running(QUICK, signs=signs, templates=TEMPLATES) as url:
        caller = Caller(url)
        yield caller
        caller.session.close()


@pytest.fixture
def simulator(running_simulator: Caller) -> Caller:
    """Return the caller of v5 and of the control API."""
    running_simulator.control("reset")
    return running_simulator


@pytest.fixture
def raw(simulator: Caller) -> Iterator[RawCaller]:
    caller = RawCaller(simulator.url)
    yield caller
    caller.session.close()


@pytest.fixture
def sdk(simulator: Caller) -> Sdk:
    return Sdk(simulator.url)


@pytest.fixture
def receiver(simulator: Caller) -> Iterator[Receiver]:
    with running_receiver() as receiver:
        simulator.set_switches(callback_url=receiver.url)
        yield receiver
        simulator.set_switches(callback_url=None)
