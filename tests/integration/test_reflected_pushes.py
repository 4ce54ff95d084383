"""A push of the bridge that somebody sends back to it: key and scheme are the same, and the body is not signed."""

from typing import Any
from urllib.parse import urlencode

import pytest

from tests.support.in_process.bridge import SIGN, Bridge, template_body
from tests.support.in_process.quickaudience import Push

HEADER = "X-QA-Hmac-Signature"


def captured(bridge: Bridge) -> Push:
    """Return a push as somebody on its way sees it, with its URL and its header."""
    code = bridge.template()
    bridge.campaign(["13900001111"], {"name": "李雷"}, code=code)
    bridge.pump.drain()
    bridge.deliver_all()
    bridge.pump.drain()
    return bridge.quick_audience.pushes[-1]


def send_back(
    bridge: Bridge, push: Push, path: str, body: Any, timestamp: str = "", nonce: str = ""
) -> int:
    query = urlencode({"timestamp": timestamp or push.timestamp, "nonce": nonce or push.nonce})
    return bridge.send("POST", f"{path}?{query}", body, {HEADER: push.signature}).status


@pytest.mark.parametrize("key", ["", "the new key", "zzz", "0"])
@pytest.mark.parametrize("skew", ["900", "0"])
def test_a_push_opens_no_endpoint(linked: Bridge, key: str, skew: str) -> None:
    linked.configure(QA_CLOCK_SKEW_SECONDS=skew)
    if key:
        linked.configure(QA_KEY=f"{key},{linked.quick_audience.key}")
        linked.quick_audience.key = key
    push = captured(linked)
    calls = len(linked.tencent.calls)
    body = {
        "outId": "forged",
        "signName": SIGN,
        "templateCode": "7000",
        "phoneNumberJson": ["13900002222"],
        "templateParamJson": [{"name": "x"}],
    }
    assert send_back(linked, push, "/sms/sendBatchList", body) == 401
    assert send_back(linked, push, "/sms/smsTemplate", template_body("您好")) == 401
    assert send_back(linked, push, "/sms/sendDetails", {"outId": "task-1"}) == 401
    assert send_back(linked, push, "/sms/sendBatchList", body, nonce=f" {push.nonce}\t") == 401
    if skew == "0":
        for place in range(1, 32):
            split = push.timestamp + push.nonce[:place], push.nonce[place:]
            assert send_back(linked, push, "/sms/sendBatchList", body, *split) == 401
        split = push.timestamp[:4], push.timestamp[4:] + push.nonce
        assert send_back(linked, push, "/sms/sendBatchList", body, *split) == 401
    linked.pump.drain()
    assert len(linked.tencent.calls) == calls


def test_a_push_opens_nothing_after_the_key_has_been_changed(linked: Bridge) -> None:
    old = linked.quick_audience.key
    push = captured(linked)
    linked.configure(QA_KEY=f"a new key of some length,{old}")
    assert send_back(linked, push, "/sms/smsTemplate", template_body("您好")) == 401


def test_requests_of_quick_audience_still_open(linked: Bridge) -> None:
    captured(linked)
    for number in range(50):
        nonce = f"{number:x}".rjust(32, "abcdef0123456789"[number % 16])
        assert linked.ask("GET", f"/sms/smsSign/{SIGN}", nonce=nonce).status == 200
