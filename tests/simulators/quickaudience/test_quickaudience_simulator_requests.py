"""Signed requests to the platform, and the checks of the answers."""

import re
import time

import pytest

from local.quickaudience.settings import DEFAULT_KEY
from local.quickaudience.signature import SIGNATURE_HEADER, sign
from tests.support.simulators.quickaudience import FakeBridge, Simulator, campaign, envelope

# Requests


def test_requests_are_signed_as_documented(simulator: Simulator, bridge: FakeBridge) -> None:
    answer = simulator.post("request", {"path": "/sms/smsTemplate/1001"})
    [request] = bridge.requests
    [timestamp], [nonce] = request.query["timestamp"], request.query["nonce"]
    assert abs(int(timestamp) - time.time()) < 60
    assert re.fullmatch("[0-9a-f]{32}", nonce)
    assert request.headers[SIGNATURE_HEADER] == sign(DEFAULT_KEY, timestamp, nonce)
    assert request.headers["Content-Type"] == "application/json"
    assert request.method == "GET"
    assert answer["sent"] == {"timestamp": timestamp, "nonce": nonce}
    assert (answer["status"], answer["body"]["code"]) == (200, "OK")


def test_each_request_has_its_own_nonce(simulator: Simulator, bridge: FakeBridge) -> None:
    for _ in range(3):
        simulator.post("request", {"path": "/sms/smsTemplate/1001"})
    assert len({request.query["nonce"][0] for request in bridge.requests}) == 3


def test_disabled_authentication_sends_an_empty_header(
    simulator: Simulator, bridge: FakeBridge
) -> None:
    simulator.post("settings", {"auth": False})
    simulator.post("request", {"path": "/sms/smsTemplate/1001"})
    assert bridge.requests[0].headers[SIGNATURE_HEADER] == ""


def test_the_parts_of_a_request_can_be_overridden(simulator: Simulator, bridge: FakeBridge) -> None:
    odd = {"method": "POST", "path": "/sms/sendBatchList", "nonce": "n", "timestamp": 1}
    simulator.post("request", {**odd, "body": {"签名": None}})
    simulator.post("request", {**odd, "sign": "wrong", "rawBody": "{"})
    simulator.post("request", {**odd, "sign": False})
    simulator.post(
        "request",
        {**odd, "headers": {SIGNATURE_HEADER: None, "Content-Type": "text/plain", "X-More": "1"}},
    )
    good, wrong, unsigned, bare = bridge.requests
    assert good.raw == '{"签名":null}'.encode()
    assert good.headers[SIGNATURE_HEADER] == sign(DEFAULT_KEY, "1", "n")
    assert wrong.raw == b"{"
    assert re.fullmatch("[0-9a-f]{64}", wrong.headers[SIGNATURE_HEADER])
    assert wrong.headers[SIGNATURE_HEADER] != good.headers[SIGNATURE_HEADER]
    assert unsigned.headers[SIGNATURE_HEADER] == ""
    assert SIGNATURE_HEADER not in bare.headers
    assert (bare.headers["Content-Type"], bare.headers["X-More"]) == ("text/plain", "1")


@pytest.mark.parametrize(
    ("path", "arrives"),
    [
        ("/sms/smsSign/签名", "/sms/smsSign/%E7%AD%BE%E5%90%8D"),
        ("/sms/smsSign/a%2Fb", "/sms/smsSign/a%2Fb"),
        ("/sms/smsSign/%E7%AD%BE", "/sms/smsSign/%E7%AD%BE"),
        ("/sms/smsSign/a b", "/sms/smsSign/a%20b"),
    ],
)
def test_paths_are_sent_as_given_and_encoded_once(
    simulator: Simulator, bridge: FakeBridge, path: str, arrives: str
) -> None:
    simulator.post("request", {"path": path})
    assert bridge.requests[0].path == arrives


def test_a_path_may_have_a_query(simulator: Simulator, bridge: FakeBridge) -> None:
    simulator.post("request", {"path": "/sms/smsTemplate/1?more=2"})
    assert bridge.requests[0].query["more"] == ["2"]
    assert "nonce" in bridge.requests[0].query


def test_no_answer_is_a_502(simulator: Simulator, bridge: FakeBridge) -> None:
    bridge.respond = lambda _request: None
    error = simulator.post("request", {"path": "/health"}, status=502)["error"]
    assert "no answer" in error
    assert simulator.get("state")["calls"]["unanswered"] == 1


def test_without_an_address_nothing_is_sent(simulator: Simulator) -> None:
    simulator.post("settings", {"bridgeUrl": None})
    for path, body in (
        ("request", {"path": "/health"}),
        ("templates", {"name": "n", "content": "c"}),
        ("campaigns", campaign()),
    ):
        assert "bridgeUrl" in simulator.post(path, body, status=409)["error"]


# Answers


def test_violations_are_returned_and_recorded(simulator: Simulator, bridge: FakeBridge) -> None:
    bridge.respond = lambda _request: (200, envelope(platformName="x", bizId="1"))
    answer = simulator.post("request", {"method": "POST", "path": "/sms/sendBatchList"})
    assert answer["violations"] == ["platformName is 'x', not 'qa-sms-bridge'"]
    [violation] = simulator.get("state")["violations"]
    assert violation["where"] == "POST /sms/sendBatchList"
    assert violation["problem"] == answer["violations"][0]


def test_routes_outside_the_document_are_not_checked(
    simulator: Simulator, bridge: FakeBridge
) -> None:
    bridge.respond = lambda _request: (200, b"fine")
    answer = simulator.post("request", {"path": "/health"})
    assert (answer["body"], answer["text"], answer["violations"]) == (None, "fine", [])
