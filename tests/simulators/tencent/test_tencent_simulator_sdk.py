"""Tencent's own SDK for v5 works with the simulator."""

import json
import time
from typing import Any

import pytest
from qcloudsms_py import (
    SmsMobileStatusPuller,
    SmsMultiSender,
    SmsSingleSender,
    SmsStatusPuller,
    httpclient,
)

from tests.support.simulators.tencent import APPKEY, CODE_TEMPLATE, MOBILE, SDKAPPID, Caller

TENCENT = "https://yun.tim.qq.com"


class OldJson:
    """The json module with the argument that Python 3.9 removed and the SDK still passes."""

    @staticmethod
    def loads(text: bytes, encoding: str) -> Any:
        return json.loads(text.decode(encoding))


class Redirected(httpclient.HTTPSimpleClient):  # type: ignore[misc]  # the SDK has no types
    """The SDK's HTTP client, redirected to the simulator."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._simulator = url

    def fetch(self, req: Any) -> Any:
        assert req.url.startswith(TENCENT)
        req.url = req.url.replace(TENCENT, self._simulator)
        return super().fetch(req)


@pytest.fixture
def sdk(simulator: Caller, monkeypatch: pytest.MonkeyPatch) -> tuple[str, str, Any]:
    monkeypatch.setattr(httpclient, "json", OldJson)
    simulator.set_switches(pull_enabled=True)
    return SDKAPPID, APPKEY, Redirected(simulator.url)


def test_the_sdk_sends_to_one_number(simulator: Caller, sdk: tuple[str, str, Any]) -> None:
    sender = SmsSingleSender(*sdk)
    answer = sender.send_with_param(
        86, MOBILE, CODE_TEMPLATE, ["验证码", "1234", "4"], sign="测试签名", ext="e"
    )
    assert (answer["result"], answer["ext"], answer["fee"]) == (0, "e", 1)
    assert simulator.text_sent() == "【测试签名】您的验证码是1234，4分钟内有效。"
    refused = sender.send_with_param(86, MOBILE, CODE_TEMPLATE, ["1234"])
    assert refused["result"] == 1014


def test_the_sdk_sends_to_many_numbers(simulator: Caller, sdk: tuple[str, str, Any]) -> None:
    sender = SmsMultiSender(*sdk)
    mobiles = [MOBILE, "13800009912", "13800000002"]
    answer = sender.send_with_param(86, mobiles, CODE_TEMPLATE, ["a", "b", "c"])
    assert answer["result"] == 0
    assert [row["mobile"] for row in answer["detail"]] == mobiles
    assert [row["result"] for row in answer["detail"]] == [0, 1015, 0]


def test_the_sdk_pulls_receipts_and_replies(simulator: Caller, sdk: tuple[str, str, Any]) -> None:
    sid = simulator.send()["sid"]
    simulator.control("reply", {"mobile": MOBILE, "text": "好"})
    simulator.wait_until_idle()
    now = int(time.time())
    mine = ("86", MOBILE, now - 60, now + 60, 10)
    for _ in range(2):
        (receipt,) = SmsMobileStatusPuller(*sdk).pull_callback(*mine)["data"]
        assert receipt["sid"] == sid
        (reply,) = SmsMobileStatusPuller(*sdk).pull_reply(*mine)["data"]
        assert reply["text"] == "好"
    (receipt,) = SmsStatusPuller(*sdk).pull_callback(10)["data"]
    assert receipt["sid"] == sid
    (reply,) = SmsStatusPuller(*sdk).pull_reply(10)["data"]
    assert reply["text"] == "好"
    assert SmsStatusPuller(*sdk).pull_callback(10)["count"] == 0


def test_the_sdk_s_wrong_key_is_refused(simulator: Caller, sdk: tuple[str, str, Any]) -> None:
    appid, _, client = sdk
    assert SmsStatusPuller(appid, "wrong", client).pull_callback(10)["result"] == 1001
