"""Every answer below /sms/ is the envelope, whatever happens; `Bridge.send` checks each."""

import re
from typing import Any

import pytest

from chalicelib import __version__
from chalicelib.store import signs
from tests.support.in_process.bridge import SIGN, Bridge
from tests.support.in_process.quickaudience import signed

METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS")
SERVED = {
    "/sms/smsSign/x": {"GET"},
    "/sms/smsTemplate": {"POST"},
    "/sms/smsTemplate/7000": {"PUT", "GET"},
    "/sms/sendBatchList": {"POST"},
}


@pytest.mark.parametrize("path", ["/sms", "/sms/nothing", "/sms/a/b", "/sms/a/b/c"])
@pytest.mark.parametrize("method", METHODS)
def test_an_unknown_route_is_404_in_the_envelope(bridge: Bridge, method: str, path: str) -> None:
    answer = bridge.send(method, path)
    assert (answer.status, answer.code) == (404, "404")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        (method, path)
        for path, served in SERVED.items()
        for method in METHODS
        if method not in served
    ],
)
def test_an_unknown_method_is_404_in_the_envelope(bridge: Bridge, method: str, path: str) -> None:
    answer = bridge.send(method, path)
    assert (answer.status, answer.code) == (404, "404")


@pytest.mark.parametrize(
    ("method", "path", "fields"),
    [
        ("GET", f"/sms/smsSign/{SIGN}", {"signName", "signStatus", "reason", "createDate"}),
        ("POST", "/sms/smsTemplate", {"templateCode"}),
        ("PUT", "/sms/smsTemplate/7000", {"templateCode"}),
        (
            "GET",
            "/sms/smsTemplate/7000",
            {
                "templateStatus",
                "templateType",
                "reason",
                "templateName",
                "templateContent",
                "templateCode",
                "createDate",
            },
        ),
        ("POST", "/sms/sendBatchList", {"bizId"}),
    ],
)
def test_a_crash_is_500_with_every_documented_field(
    bridge: Bridge, monkeypatch: pytest.MonkeyPatch, method: str, path: str, fields: set[str]
) -> None:
    def crash(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError("a secret in a text")

    monkeypatch.setattr("chalicelib.store.nonces.use", crash)
    answer = bridge.ask(method, path, {})
    assert (answer.status, answer.code) == (500, "isp.SYSTEM_ERROR")
    assert "secret" not in answer.message
    assert set(answer.body) == fields | {"platformName", "code", "message", "requestId"}


def test_a_crash_without_authentication_is_500_too(
    bridge: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(_: str) -> None:
        raise KeyError("x")

    bridge.configure(QA_AUTH="off")
    monkeypatch.setattr(signs, "get", crash)
    answer = bridge.send("GET", f"/sms/smsSign/{SIGN}")
    assert (answer.status, answer.code) == (500, "isp.SYSTEM_ERROR")


def test_a_wrong_setting_is_500_and_names_no_value(bridge: Bridge) -> None:
    bridge.configure(QA_CLOCK_SKEW_SECONDS="a-secret-in-the-wrong-place")
    answer = bridge.ask("GET", f"/sms/smsSign/{SIGN}")
    assert (answer.status, answer.code) == (500, "isp.SYSTEM_ERROR")
    assert "a-secret" not in answer.message


def test_each_answer_has_a_request_id_of_its_own(linked: Bridge) -> None:
    ids = {str(linked.ask("GET", f"/sms/smsSign/{SIGN}")["requestId"]) for _ in range(3)}
    assert len(ids) == 3
    assert all(re.fullmatch(r"[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}", one) for one in ids)


def test_the_query_string_is_not_part_of_the_route(linked: Bridge) -> None:
    url, headers = signed(f"/sms/smsSign/{SIGN}")
    assert linked.send("GET", url + "&timestamp2=1&empty=", headers=headers).code == "OK"


def test_health_reveals_nothing_and_calls_nothing(bridge: Bridge) -> None:
    import json

    from tests.support.in_process.bridge import _http

    with bridge.outside.watched():
        answer = _http.http.get("/health")
    assert (answer.status_code, json.loads(answer.body)) == (
        200,
        {"status": "ok", "version": __version__},
    )
    assert bridge.outside.names == []
