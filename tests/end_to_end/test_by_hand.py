"""Single requests that somebody may type, including wrong ones."""

import pytest
import requests

from tests.support.local_stack.running_stack import RunningStack


def test_a_wrong_signature_is_refused_with_401_in_the_envelope(running: RunningStack) -> None:
    answer = running.ask("/sms/smsSign/测试签名", sign="wrong")

    assert answer["status"] == 401
    assert answer["body"]["code"] == "401"
    assert answer["body"]["platformName"] == "qa-sms-bridge"


@pytest.mark.parametrize(
    "raw",
    ["", "{", "[]", "null", '"text"', "\ufeff{}", '{"phoneNumberJson": NaN}', "[" * 5000],
    ids=["empty", "open", "array", "null", "text", "bom", "nan", "deep"],
)
def test_a_nonsense_body_is_refused_in_the_envelope(running: RunningStack, raw: str) -> None:
    answer = running.ask("/sms/sendBatchList", method="POST", rawBody=raw)

    assert answer["status"] == 200
    assert answer["body"]["code"] in ("isv.INVALID_JSON_PARAM", "isv.INVALID_PARAMETERS")
    assert answer["body"]["message"]


@pytest.mark.parametrize(
    "path", ["/sms", "/sms/nothing", "/sms/a/b", "/sms/a/b/c", "/sms/a/b/c/d/e"]
)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "PATCH"])
def test_an_unknown_route_is_404_in_the_envelope(
    running: RunningStack, path: str, method: str
) -> None:
    response = requests.request(method, running.prefix + path, timeout=60)

    assert response.status_code == 404
    assert response.json()["code"] == "404"
    assert response.json()["platformName"] == "qa-sms-bridge"
    assert response.json()["requestId"]


def test_an_unknown_sign_and_template_are_404(running: RunningStack) -> None:
    sign, template = running.ask("/sms/smsSign/没有"), running.ask("/sms/smsTemplate/999999999")

    assert [answer["body"]["code"] for answer in (sign, template)] == ["404", "404"]
    assert [answer["status"] for answer in (sign, template)] == [404, 404]


def test_a_wrong_callback_token_is_forbidden(running: RunningStack) -> None:
    response = requests.post(f"{running.prefix}/tencent/guess/callback", json=[], timeout=60)

    assert response.status_code == 403
    assert response.json()["result"] != 0


def test_a_callback_that_is_not_json_is_not_acknowledged(running: RunningStack) -> None:
    response = requests.post(running.callback, data=b"\xff\xfe", timeout=60)

    assert response.status_code == 400
    assert response.json()["result"] != 0


def test_doctor_finds_nothing_wrong(running: RunningStack) -> None:
    assert {finding["state"] for finding in running.ops("doctor")} == {"ok"}
