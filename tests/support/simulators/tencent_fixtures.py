"""Fixtures of Tencent's simulator, whichever of its APIs is tested. `running_simulator` is each folder's own."""

from collections.abc import Iterator

import pytest

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
"""Short delays."""
TEMPLATES = (
    Preset(CODE_TEMPLATE, "您的{1}是{2}，{3}分钟内有效。"),
    Preset(PLAIN_TEMPLATE, "感谢您的惠顾。"),
    Preset(FOREIGN_TEMPLATE, "Hello {1}", international=1),
)


@pytest.fixture
def simulator(running_simulator: Caller) -> Caller:
    """Return the caller of v5 and of the control API."""
    running_simulator.control("reset")
    return running_simulator


@pytest.fixture
def receiver(simulator: Caller) -> Iterator[Receiver]:
    """Return a receiver of the simulator's callbacks."""
    with running_receiver() as receiver:
        simulator.set_switches(callback_url=receiver.url)
        yield receiver
        simulator.set_switches(callback_url=None)
