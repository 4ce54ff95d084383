"""A function with wrong settings reports them at its start, by name and shape and without their values."""

import json
from collections.abc import Callable

import pytest
from chalice.test import Client

import app
from chalicelib.logs import log
from tests.support.in_process.bridge import Bridge
from tests.support.in_process.pulls import run
from tests.support.in_process.pump import FUNCTIONS

SECRET = "s3cret-in-the-wrong-place"


@pytest.fixture
def wrong(bridge: Bridge) -> Bridge:
    """Set the environment of a stage with two settings missing and one wrong."""
    bridge.configure(QA_PLATFORM_NAME="", TENCENT_APP_KEY="", TENCENT_SDK_APP_ID=SECRET)
    return bridge


def starts() -> dict[str, Callable[[Bridge], None]]:
    def fed(function: str) -> Callable[[Bridge], None]:
        def start(bridge: Bridge) -> None:
            queue = {"read": "files", "deliver": "sends", "settle": "callbacks", "push": "receipts"}
            bridge.pump.put(queue[function], json.dumps({"id": "1", "statuses": [{"sid": "1"}]}))
            event = bridge.pump.receive(function)
            assert event
            assert not bridge.pump.invoke(function, event)
            raise bridge.pump.failures[-1]

        return start

    found: dict[str, Callable[[Bridge], None]] = {name: fed(name) for name in FUNCTIONS}
    found["sweep"] = lambda bridge: bridge.pump.sweep()
    found["release"] = lambda bridge: bridge.pump.release()
    found["pull"] = lambda _: run("pull")
    found["release"] = lambda bridge: bridge.pump.release()
    found["inquire"] = lambda _: run("inquire")
    return found


def test_every_function_is_started_here() -> None:
    assert starts().keys() == {event.name for event in app.app.event_sources}


@pytest.mark.parametrize("function", starts())
def test_a_function_names_every_wrong_setting(
    wrong: Bridge, function: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    logged: list[str] = []
    monkeypatch.setattr(log, "exception", lambda message, **_: logged.append(_error()))
    try:
        starts()[function](wrong)
    except Exception as error:
        logged.append(str(error))
    said = "\n".join(logged)
    for name in ("QA_PLATFORM_NAME is not set", "TENCENT_APP_KEY is not set"):
        assert name in said
    assert "TENCENT_SDK_APP_ID has the wrong format (expected: digits" in said
    assert ".chalice/config.json" in said
    assert SECRET not in said


def _error() -> str:
    import sys

    return str(sys.exc_info()[1])


def test_the_http_function_answers_that_it_is_not_configured_and_logs_why(
    wrong: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    logged: list[str] = []
    monkeypatch.setattr(log, "exception", lambda message, **_: logged.append(_error()))
    answer = Client(app.app).http.get("/sms/smsTemplate/1")
    assert answer.status_code == 500
    assert SECRET not in answer.body.decode()
    assert any("QA_PLATFORM_NAME is not set" in said for said in logged)
