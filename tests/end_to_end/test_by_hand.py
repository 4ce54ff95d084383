"""What somebody types by hand, nonsense included."""

import pytest
import requests

from tests.support.local_stack.running_stack import Bench


def test_a_wrong_signature_is_refused_with_401_in_the_envelope(bench: Bench) -> None:
    answer = bench.ask("/sms/smsSign/测试签名", sign="wrong")

    assert answer["status"] == 401
    assert answer["body"]["code"] == "401"
    assert answer["body"]["platformName"] == "qa-sms-bridge"


@pytest.mark.parametrize(
    "raw",
    ["", "{", "[]", "null", '"text"', "\ufeff{}", '{"phoneNumberJson": NaN}', "[" * 5000],
    ids=["empty", "open", "array", "null", "text", "bom", "nan", "deep"],
)
def test_a_nonsense_body_is_refused_in_the_envelope(bench: Bench, raw: str) -> None:
    answer = bench.ask("/sms/sendBatchList", method="POST", rawBody=raw)

    assert answer["status"] == 200
    assert answer["body"]["code"] in ("isv.INVALID_JSON_PARAM", "isv.INVALID_PARAMETERS")
    assert answer["body"]["message"]


@pytest.mark.parametrize(
    "path", ["/sms", "/sms/nothing", "/sms/a/b", "/sms/a/b/c", "/sms/a/b/c/d/e"]
)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "PATCH"])
def test_an_unknown_route_is_404_in_the_envelope(bench: Bench, path: str, method: str) -> None:
    response = requests.request(method, bench.prefix + path, timeout=10)

    assert response.status_code == 404
    assert response.json()["code"] == "404"
    assert response.json()["platformName"] == "qa-sms-bridge"
    assert response.json()["requestId"]


def test_an_unknown_sign_and_template_are_404(bench: Bench) -> None:
    sign, template = bench.ask("/sms/smsSign/没有"), bench.ask("/sms/smsTemplate/999999999")

    assert [answer["body"]["code"] for answer in (sign, template)] == ["404", "404"]
    assert [answer["status"] for answer in (sign, template)] == [404, 404]


def test_a_wrong_callback_token_is_forbidden(bench: Bench) -> None:
    response = requests.post(f"{bench.prefix}/tencent/guess/callback", json=[], timeout=10)

    assert response.status_code == 403
    assert response.json()["result"] != 0


def test_a_callback_that_is_not_json_is_not_said_to_be_taken(bench: Bench) -> None:
    response = requests.post(bench.callback, data=b"\xff\xfe", timeout=10)

    assert response.status_code == 400
    assert response.json()["result"] != 0


def test_doctor_finds_nothing_wrong(bench: Bench) -> None:
    assert {finding["state"] for finding in bench.ops("doctor")} == {"ok"}
