"""The callback route while the parameter store that holds its tokens fails."""

from typing import Any

import pytest
from aws_lambda_powertools.utilities import parameters

from tests.support.in_process import tencent
from tests.support.in_process.bridge import TOKEN, Bridge
from tests.support.in_process.tencent import Sms

EVENT = tencent.status(Sms("8613900001111", "8:x20260302", "某某科技", 7000, ()))


class Store:
    """A parameter store that can be made to throttle."""

    def __init__(self) -> None:
        self.throttles = False

    def get_parameter(self, *_: Any, **__: Any) -> str:
        if self.throttles:
            raise parameters.GetParameterError("Rate exceeded")
        return TOKEN


@pytest.fixture
def store(bridge: Bridge, monkeypatch: pytest.MonkeyPatch) -> Store:
    made = Store()
    monkeypatch.setattr(parameters, "get_parameter", made.get_parameter)
    bridge.configure(TENCENT_CALLBACK_TOKENS="ssm:/bridge/callback-tokens")
    return made


def test_callbacks_are_queued_for_hours_while_the_parameter_store_fails(
    bridge: Bridge, store: Store
) -> None:
    assert bridge.callback([EVENT]) == (200, {"result": 0, "errmsg": "OK"})
    store.throttles = True
    for hours in (0.1, 1, 5, 5):
        bridge.clock.advance(hours=hours)
        assert bridge.callback([EVENT])[0] == 200
        assert bridge.callback([EVENT], token="wrong")[0] == 403
    assert bridge.pump.count("callbacks") == 5


def test_a_callback_without_any_known_token_is_to_be_pushed_again(
    bridge: Bridge, store: Store
) -> None:
    store.throttles = True
    status, answer = bridge.callback([EVENT])
    assert (status, answer["result"]) == (500, 500)
    assert bridge.pump.count("callbacks") == 0
    store.throttles = False
    bridge.clock.advance(seconds=61)
    assert bridge.callback([EVENT])[0] == 200
