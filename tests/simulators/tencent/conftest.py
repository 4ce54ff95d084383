"""Fixtures: a simulator with short delays, and a receiver of its callbacks."""

from collections.abc import Iterator

import pytest

from local.tencent.background import running
from local.tencent.behaviour import Behaviour
from local.tencent.presets import Preset
from tests.support.simulators.tencent import (
    CODE_TEMPLATE,
    FOREIGN_TEMPLATE,
    PLAIN_TEMPLATE,
    Caller,
    Receiver,
    running_receiver,
)

QUICK = Behaviour(
    review_seconds=0, report_delay=(0, 0.02), reply_delay=0.02, retry_seconds=0.02, push_timeout=1
)
TEMPLATES = (
    Preset(CODE_TEMPLATE, "您的{1}是{2}，{3}分钟内有效。"),
    Preset(PLAIN_TEMPLATE, "感谢您的惠顾。"),
    Preset(FOREIGN_TEMPLATE, "Hello {1}", international=1),
)


@pytest.fixture(scope="session")
def running_simulator() -> Iterator[Caller]:
    with running(QUICK, templates=TEMPLATES) as url:
        caller = Caller(url)
        yield caller
        caller.session.close()


@pytest.fixture
def simulator(running_simulator: Caller) -> Caller:
    running_simulator.control("reset")
    return running_simulator


@pytest.fixture
def receiver(simulator: Caller) -> Iterator[Receiver]:
    with running_receiver() as receiver:
        simulator.set_switches(callback_url=receiver.url)
        yield receiver
        simulator.set_switches(callback_url=None)
