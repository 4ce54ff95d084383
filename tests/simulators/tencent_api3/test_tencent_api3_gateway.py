"""The checks before a call of API 3.0: one test for each refusal, and their order."""

import json
import time
from typing import Any

import pytest
import requests

from local.tencent.api3.errors import ApiError
from local.tencent.api3.rates import DEFAULT_RATES, RateLimits
from local.tencent.api3.switches import ACTIONS
from tests.support.simulators.tencent import Caller
from tests.support.simulators.tencent_api3 import SEND, RawCaller, Sdk, refusal, tc3_headers

LIST = "DescribeSmsSignList"
PAGE = {"International": 0, "Limit": 1, "Offset": 0}


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_other_methods_are_refused(raw: RawCaller, method: str) -> None:
    assert raw.refusal(LIST, PAGE, method=method) == "UnsupportedProtocol"


@pytest.mark.parametrize("name", ["Timestamp", "Version", "Action", "Region"])
def test_a_missing_header_is_refused(raw: RawCaller, name: str) -> None:
    response = raw.post(LIST, PAGE, headers={f"X-TC-{name}": None})
    assert response["Error"] == {
        "Code": "MissingParameter",
        "Message": f"The request is missing a required parameter `{name}`.",
    }


def test_a_timestamp_that_is_no_number_is_refused(raw: RawCaller) -> None:
    assert raw.refusal(LIST, PAGE, headers={"X-TC-Timestamp": "now"}) == "InvalidParameter"


def test_another_version_is_refused(raw: RawCaller) -> None:
    assert raw.refusal(LIST, PAGE, headers={"X-TC-Version": "2019-07-11"}) == "NoSuchVersion"


@pytest.mark.parametrize("action", ["DescribeSmsSignlist", "sendsms", "DescribePhoneNumberinfo"])
def test_an_unknown_action_is_refused(raw: RawCaller, action: str) -> None:
    assert raw.refusal(action, PAGE) == "InvalidAction"


def test_an_action_can_be_unknown_to_the_host(simulator: Caller, sdk: Sdk) -> None:
    simulator.set_switches(api3={"unknown_actions": ["DescribeSendRecordList"]})
    assert refusal(lambda: sdk.common_call("DescribeSendRecordList")) == "InvalidAction"
    assert sdk.codes() == ["Ok"]


def test_an_odd_region_is_refused(raw: RawCaller, simulator: Caller) -> None:
    assert raw.refusal(LIST, PAGE, headers={"X-TC-Region": "Guangzhou"}) == "UnsupportedRegion"
    simulator.set_switches(api3={"regions": ["ap-guangzhou"]})
    assert raw.refusal(LIST, PAGE, headers={"X-TC-Region": "ap-beijing"}) == "UnsupportedRegion"
    assert "Error" not in raw.post(LIST, PAGE)


@pytest.mark.parametrize(
    ("part", "changed"),
    [
        ("TC3-HMAC-SHA256", "TC3-HMAC-SHA1"),
        ("/tc3_request", "/tc4_request"),
        (", Signature=", ", Signature=0"),
        ("Credential=", "Credentials="),
        ("SignedHeaders=content-type;host", "SignedHeaders=host;content-type"),
        ("SignedHeaders=content-type;host", "SignedHeaders=host"),
        ("SignedHeaders=content-type;host", "SignedHeaders=content-type"),
        ("SignedHeaders=content-type;host", "SignedHeaders=content-type;host;x-none"),
        ("SignedHeaders=content-type;host", "SignedHeaders=Content-Type;Host"),
    ],
)
def test_a_malformed_authorization_is_refused(raw: RawCaller, part: str, changed: str) -> None:
    headers = tc3_headers(raw.host, json.dumps(PAGE).encode())
    assert part in headers["Authorization"]
    wrong: dict[str, str | None] = {
        "Authorization": headers["Authorization"].replace(part, changed, 1)
    }
    assert raw.refusal(LIST, PAGE, headers=wrong) == "AuthFailure.InvalidAuthorization"


def test_a_missing_authorization_is_refused(raw: RawCaller) -> None:
    code = raw.refusal(LIST, PAGE, headers={"Authorization": None})
    assert code == "AuthFailure.InvalidAuthorization"


def test_another_date_than_the_timestamp_s_is_refused(raw: RawCaller) -> None:
    assert raw.refusal(LIST, PAGE, date="2020-01-01") == "AuthFailure.InvalidAuthorization"


def test_another_service_is_refused(raw: RawCaller) -> None:
    assert raw.refusal(LIST, PAGE, service="cvm") == "AuthFailure.InvalidAuthorization"


def test_an_unknown_secret_id_is_refused(simulator: Caller) -> None:
    stranger = Sdk(simulator.url, secret_id="AKIDunknown")
    assert stranger.refusal(LIST, **PAGE) == "AuthFailure.SecretIdNotFound"


@pytest.mark.parametrize("off", [-310, 310])
def test_a_clock_may_be_five_minutes_off(raw: RawCaller, off: int) -> None:
    now = int(time.time())
    assert raw.refusal(LIST, PAGE, timestamp=now + off) == "AuthFailure.SignatureExpire"
    assert "Error" not in raw.post(LIST, PAGE, timestamp=now + off * 29 // 31)


def test_the_signature_of_another_key_is_refused(simulator: Caller) -> None:
    stranger = Sdk(simulator.url, secret_key="wrong")
    assert stranger.refusal(LIST, **PAGE) == "AuthFailure.SignatureFailure"


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "application/json; charset=utf-8"},
        {"Content-Type": "Application/Json"},
        {"Host": "sms.tencentcloudapi.com"},
        {"Host": "localhost"},
        {"X-TC-Timestamp": str(int(time.time()) // 86_400 * 86_400 + 1)},
    ],
)
def test_what_differs_from_what_was_signed_is_refused(
    raw: RawCaller, headers: dict[str, str | None]
) -> None:
    # The last is a timestamp of the same day: its own check may come first.
    code = raw.refusal(LIST, PAGE, headers=headers)
    assert code in {"AuthFailure.SignatureFailure", "AuthFailure.SignatureExpire"}
    assert code == "AuthFailure.SignatureFailure" or "X-TC-Timestamp" in headers


def test_a_body_that_was_changed_after_the_signature_is_refused(raw: RawCaller) -> None:
    signed = tc3_headers(raw.host, b'{"International":0}')
    headers: dict[str, str | None] = {"Authorization": signed["Authorization"]}
    code = raw.refusal(LIST, b'{"International":1}', headers=headers)
    assert code == "AuthFailure.SignatureFailure"


def test_tokens_are_for_temporary_keys(simulator: Caller, sdk: Sdk) -> None:
    temporary = Sdk(simulator.url, token="t1")
    assert temporary.refusal(LIST, **PAGE) == "AuthFailure.TokenFailure"
    simulator.set_switches(api3={"token": "t1"})
    assert temporary.call(LIST, **PAGE).DescribeSignListStatusSet
    assert sdk.refusal(LIST, **PAGE) == "AuthFailure.TokenFailure"


def test_a_rate_is_limited_per_action_and_second() -> None:
    limits = RateLimits()
    for second in (1000.0, 1001.5):
        for _ in range(2):
            limits.take("SendSms", "key", second, {"SendSms": 2})
        with pytest.raises(ApiError, match="RequestLimitExceeded"):
            limits.take("SendSms", "key", second + 0.4, {"SendSms": 2})
        limits.take("SendSms", "other", second, {"SendSms": 2})
        limits.take("AddSmsSign", "key", second, {"SendSms": 2})
        with pytest.raises(ApiError, match="RequestLimitExceeded"):
            limits.take("AddSmsSign", "key", second, {})


def test_what_exceeds_a_rate_is_refused(simulator: Caller, sdk: Sdk) -> None:
    simulator.set_switches(api3={"rates": {LIST: 1}})
    assert sdk.call(LIST, **PAGE).DescribeSignListStatusSet
    assert refusal(lambda: [sdk.call(LIST, **PAGE) for _ in range(20)]) == "RequestLimitExceeded"
    assert sdk.codes() == ["Ok"]


def test_every_action_has_the_published_rate() -> None:
    assert DEFAULT_RATES.keys() == set(ACTIONS)
    assert (DEFAULT_RATES["SendSms"], DEFAULT_RATES["AddSmsSign"]) == (3000, 1)


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b'"x"', b"\xff", b'{"International":"\\ud800"}', b"[" * 9999],
)
def test_a_body_that_is_no_object_is_refused(raw: RawCaller, body: bytes) -> None:
    assert raw.refusal(LIST, body) == "InvalidRequest"


def test_a_body_of_another_type_is_refused(raw: RawCaller) -> None:
    assert raw.refusal(LIST, PAGE, content_type="text/plain") == "InvalidRequest"


def test_a_body_of_more_than_10_mb_is_refused(raw: RawCaller) -> None:
    assert raw.refusal(LIST, b" " * (10 * 2**20 + 1)) == "RequestSizeLimitExceeded"


def test_an_unknown_field_is_refused(raw: RawCaller) -> None:
    response = raw.post("SendSms", {**SEND, "SdkAppId": "1"})
    assert response["Error"] == {
        "Code": "UnknownParameter",
        "Message": "The parameter `SdkAppId` is not recognized.",
    }
    infos = [{"PhoneNumber": "+85251234567", "TemplateId": "1", "Sign": "x"}]
    body = {"SmsSdkAppId": SEND["SmsSdkAppId"], "MultiSmsInfoSet": infos}
    assert raw.refusal("SendMultiGlobalSms", body) == "UnknownParameter"


@pytest.mark.parametrize("name", ["PhoneNumberSet", "SmsSdkAppId", "TemplateId"])
def test_a_missing_field_is_refused(raw: RawCaller, name: str) -> None:
    response = raw.post("SendSms", {key: SEND[key] for key in SEND if key != name})
    assert response["Error"] == {
        "Code": "MissingParameter",
        "Message": f"The request is missing a required parameter `{name}`.",
    }


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SmsSdkAppId", 1400000001),
        ("TemplateId", 2002),
        ("PhoneNumberSet", "+8613800000001"),
        ("PhoneNumberSet", [13800000001]),
        ("TemplateParamSet", [1]),
        ("TemplateParamSet", None),
        ("SignName", None),
    ],
)
def test_a_field_of_a_send_has_its_json_type(raw: RawCaller, name: str, value: Any) -> None:
    response = raw.post("SendSms", {**SEND, name: value})
    assert response["Error"] == {
        "Code": "InvalidParameter",
        "Message": f"The value type of parameter `{name}` is not valid.",
    }


@pytest.mark.parametrize("value", [True, 1.0, -1, "0", None, 2**64])
def test_a_number_is_an_integer_without_a_sign(raw: RawCaller, value: Any) -> None:
    assert raw.refusal(LIST, {**PAGE, "International": value}) == "InvalidParameter"
    assert raw.refusal(LIST, {**PAGE, "SignIdSet": [value]}) == "InvalidParameter"


def test_the_sdk_sends_a_number_that_is_refused(sdk: Sdk) -> None:
    fields = {**SEND, "SmsSdkAppId": 1400000001}
    assert sdk.refusal("SendSms", **fields) == "InvalidParameter"


def test_the_sdk_s_empty_region_is_refused(simulator: Caller) -> None:
    assert Sdk(simulator.url, region="").refusal(LIST, **PAGE) == "MissingParameter"


def test_the_first_problem_is_answered(raw: RawCaller, simulator: Caller) -> None:
    """Each request has the problems of those after it as well."""
    simulator.set_switches(api3={"rates": {LIST: 1}})
    bad: dict[str, Any] = {"content_type": "text/plain"}
    headers: dict[str, str | None] = {"X-TC-Token": "t"}
    old = {**bad, "timestamp": 1}
    stranger = {**old, "secret_id": "AKIDunknown"}
    unsigned = {**stranger, "service": "cvm"}
    order = [
        ({"method": "GET", **unsigned, "headers": {"X-TC-Region": None}}, "UnsupportedProtocol"),
        ({**unsigned, "headers": {"X-TC-Region": None, "X-TC-Version": "1"}}, "MissingParameter"),
        ({**unsigned, "headers": {"X-TC-Version": "1", "X-TC-Action": "No"}}, "NoSuchVersion"),
        ({**unsigned, "headers": {"X-TC-Action": "No"}}, "InvalidAction"),
        ({**unsigned, "headers": headers}, "AuthFailure.InvalidAuthorization"),
        ({**stranger, "secret_key": "wrong", "headers": headers}, "AuthFailure.SecretIdNotFound"),
        ({**old, "secret_key": "wrong", "headers": headers}, "AuthFailure.SignatureExpire"),
        ({**bad, "secret_key": "wrong", "headers": headers}, "AuthFailure.SignatureFailure"),
        ({**bad, "headers": headers}, "AuthFailure.TokenFailure"),
    ]
    for changes, code in order:
        assert raw.refusal(LIST, b"{", **changes) == code
    codes = [raw.refusal(LIST, b"{", **bad) for _ in range(20)]
    assert set(codes) == {"InvalidRequest", "RequestLimitExceeded"}


def test_unknown_fields_come_before_missing_ones_and_wrong_types(raw: RawCaller) -> None:
    assert raw.refusal(LIST, {"X": 1, "Limit": "1"}) == "UnknownParameter"
    assert raw.refusal(LIST, {"Limit": "1"}) == "MissingParameter"


def test_request_ids_are_fresh(raw: RawCaller) -> None:
    assert len({raw.post(LIST, PAGE)["RequestId"] for _ in range(3)}) == 3


def test_a_request_with_no_header_at_all_is_answered(simulator: Caller) -> None:
    answer = requests.post(f"{simulator.url}/", timeout=60)
    assert answer.status_code == 200
    assert answer.json()["Response"]["Error"]["Code"] == "MissingParameter"
