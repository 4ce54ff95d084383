"""How the client of API 3.0 makes a call, and what an answer means for the call as a whole."""

import io
import time
from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import pytest
import requests
import time_machine
from urllib3.exceptions import MaxRetryError, NewConnectionError

from chalicelib import deadline
from chalicelib.connections import new_session
from chalicelib.domain.planning import Call
from chalicelib.logs import log
from chalicelib.tencent.api3 import Api3
from chalicelib.tencent.api3_signature import authorization
from chalicelib.tencent.api3_transport import Account
from chalicelib.tencent.error_codes import CodeClass, Scope
from chalicelib.tencent.interface import (
    Accepted,
    CallRefusedError,
    NotSentError,
    NumberResult,
    OutcomeUnknownError,
    TencentError,
)
from tests.support.api3 import (
    APP_ID,
    ID,
    KEY,
    REQUEST_ID,
    connected,
    error,
    ok,
    refused_row,
    row,
    sent,
)


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> Callable[[], str]:
    """Return a function that returns what was logged, as JSON."""
    stream = io.StringIO()
    monkeypatch.setattr(log.registered_handler, "stream", stream)
    return stream.getvalue


ONE = Call(("8613800000000",), ())
TWO = Call(("8613800000000", "8613800000001"), ("李雷", "2"))


def send(answer: Any, call: Call = ONE, **fields: Any) -> list[NumberResult]:
    return connected(answer)[0].send(call, sign="签名", template_id=7, **fields)


# --- requests ---


@time_machine.travel(1700000000, tick=False)
def test_a_send_is_signed_and_has_the_documented_fields() -> None:
    client, transport = connected(sent(row(0), row(1)))
    client.send(TWO, sign="测试签名", template_id=200001, context="b1:7")
    [request] = transport.sent
    assert (request.method, request.url) == ("POST", "https://sms.tencentcloudapi.com/")
    assert transport.body() == {
        "SmsSdkAppId": APP_ID,
        "PhoneNumberSet": ["+8613800000000", "+8613800000001"],
        "TemplateId": "200001",
        "SignName": "测试签名",
        "TemplateParamSet": ["李雷", "2"],
        "SessionContext": "b1:7",
    }
    assert isinstance(request.body, bytes)
    assert dict(request.headers) == {
        "Host": "sms.tencentcloudapi.com",
        "Content-Type": "application/json",
        "Content-Length": str(len(request.body)),
        "X-TC-Action": "SendSms",
        "X-TC-Version": "2021-01-11",
        "X-TC-Region": "ap-guangzhou",
        "X-TC-Language": "zh-CN",
        "X-TC-Timestamp": "1700000000",
        "Authorization": authorization(
            ID, KEY, "sms.tencentcloudapi.com", 1700000000, request.body
        ),
    }


def test_what_is_empty_is_left_out() -> None:
    client, transport = connected(sent(row(0)))
    client.send(ONE, sign="", template_id=7)
    assert transport.body() == {
        "SmsSdkAppId": APP_ID,
        "PhoneNumberSet": ["+8613800000000"],
        "TemplateId": "7",
    }


@pytest.mark.parametrize(
    ("base_url", "url", "host"),
    [
        ("http://127.0.0.1:9003", "http://127.0.0.1:9003/", "127.0.0.1:9003"),
        ("https://sms.intl.tencentcloudapi.com/", None, "sms.intl.tencentcloudapi.com"),
        ("https://sms.tencentcloudapi.com:443", None, "sms.tencentcloudapi.com:443"),
    ],
)
def test_the_host_is_signed_as_it_is_sent(base_url: str, url: str | None, host: str) -> None:
    client, transport = connected(sent(row(0)), base_url=base_url)
    with time_machine.travel(1700000000, tick=False):
        client.send(ONE, sign="s", template_id=7)
    [request] = transport.sent
    assert request.url == (url or f"https://{host}/")
    assert request.headers["Host"] == host
    assert isinstance(request.body, bytes)
    signed = authorization(ID, KEY, host, 1700000000, request.body)
    assert request.headers["Authorization"] == signed


def test_each_call_is_signed_at_its_own_time() -> None:
    client, transport = connected(sent(row(0)), sent(row(0)))
    with time_machine.travel(1767225599, tick=False) as clock:
        client.send(ONE, sign="s", template_id=7)
        clock.shift(1)
        client.send(ONE, sign="s", template_id=7)
    dates = [request.headers["Authorization"].split("/")[1] for request in transport.sent]
    assert dates == ["2025-12-31", "2026-01-01"]


def test_a_call_has_time_limits_and_follows_no_redirect() -> None:
    client, transport = connected((307, b""))
    with pytest.raises(CallRefusedError, match="HTTP 307"):
        client.send(ONE, sign="s", template_id=7)
    assert len(transport.sent) == 1
    assert transport.options[0]["timeout"] == (5, 15)


def test_a_call_within_a_request_ends_in_time() -> None:
    client, transport = connected(sent(row(0)))
    with time_machine.travel(0, tick=False) as clock, deadline.within(10):
        client.send(ONE, sign="s", template_id=7)
        assert sum(transport.options[0]["timeout"]) <= 10
        clock.shift(9)
        with pytest.raises(NotSentError, match="used up"):
            client.send(ONE, sign="s", template_id=7)
    assert len(transport.sent) == 1


# --- the network ---


def test_a_request_that_never_connected_was_not_sent() -> None:
    failure = NewConnectionError(None, "refused")  # type: ignore[arg-type]
    cause = requests.ConnectionError(MaxRetryError(None, "/", failure))  # type: ignore[arg-type]
    with pytest.raises(NotSentError, match="SendSms: ConnectionError"):
        send(cause)


@pytest.mark.parametrize(
    "failure",
    [
        requests.ReadTimeout(),
        requests.ConnectionError("reset"),
        requests.exceptions.ChunkedEncodingError(),
        requests.exceptions.ContentDecodingError(),
    ],
    ids=lambda failure: type(failure).__name__,
)
def test_a_request_without_an_answer_is_of_unknown_outcome(failure: Exception) -> None:
    with pytest.raises(OutcomeUnknownError):
        send(failure)


# --- answers ---

HOSTILE = [
    b"",
    b"<html>502</html>",
    b"[]",
    b"null",
    b'"x"',
    b"{}",
    b'{"Response": null}',
    b'{"Response": []}',
    b'{"RequestId": "x"}',
    b'{"Response": {"Error": {}}}',
    b'{"Response": {"Error": "no"}}',
    b'{"Response": {"Error": {"Code": null, "Message": "no"}}}',
    b'{"Response": {"Error": {"Code": 1014, "Message": "no"}}}',
    b'{"Response": {"Error": {"Code": " ", "Message": "no"}}}',
    b'{"Response": {"Error": false}}',
]


@pytest.mark.parametrize("content", HOSTILE)
@pytest.mark.parametrize("status", [200, 500, 502, 504])
def test_an_answer_that_can_not_be_understood_leaves_the_outcome_unknown(
    content: bytes, status: int
) -> None:
    with pytest.raises(OutcomeUnknownError):
        send((status, content))


@pytest.mark.parametrize("content", [b"", b"<html>", b'{"Response": {}}', b'{"Response": {"Error"'])
def test_too_many_requests_were_not_sent(content: bytes) -> None:
    with pytest.raises(NotSentError, match="429"):
        send((429, content))
    with pytest.raises(NotSentError):
        send((429, error("RequestLimitExceeded")))


def test_an_answer_with_rows_counts_whatever_its_status() -> None:
    for status in (200, 307, 404, 429, 502):
        assert send((status, sent(row(0)))) == [Accepted("5000:0", 1)]


@pytest.mark.parametrize("status", [301, 302, 307, 400, 403, 404])
def test_a_refusal_by_something_in_between_has_its_status_as_code(status: int) -> None:
    with pytest.raises(CallRefusedError) as caught:
        send((status, b"<html>"))
    assert caught.value.code == status


@pytest.mark.parametrize(
    "content",
    [
        (
            b'\xef\xbb\xbf{"Response": {"SendStatusSet": [{"Code": "Ok", "SerialNo": "x", '
            b'"PhoneNumber": "+8613800000000", "Fee": 1}]}}\r\n\0'
        ),
        '{"Response":{"SendStatusSet":[{"Code":"Ok","SerialNo":"x","PhoneNumber":"+8613800000000",'
        '"Message":"成功","Fee":1.0}]}}'.encode("gb18030"),
        (
            b'{"Response": {"Error": null, "DeprecatedWarning": "x", "SendStatusSet": [{"Code": "OK", '
            b'"SerialNo": "x", "PhoneNumber": "+8613800000000", "Fee": "1", "SubError": "y"}]}, "More": 1}'
        ),
    ],
    ids=["marks-around", "other-encoding", "unknown-fields"],
)
def test_an_answer_is_read_liberally(content: bytes) -> None:
    [result] = send((200, content))
    assert result
    assert (result.sid, result.fee) == ("x", 1)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("UnauthorizedOperation.SmsSdkAppIdVerifyFail", CodeClass.CONFIG),
        ("AuthFailure.SignatureExpire", CodeClass.CONFIG),
        ("FailedOperation.ContainSensitiveWord", CodeClass.PERMANENT),
        ("FailedOperation.PhoneNumberInBlacklist", CodeClass.NUMBER),
        ("RequestLimitExceeded", CodeClass.WAIT),
        ("RequestLimitExceeded.UinLimitExceeded", CodeClass.WAIT),
        ("RequestLimitExceeded.Newcomer", CodeClass.WAIT),
        ("LimitExceeded.DeliveryFrequencyLimit", CodeClass.WAIT),
    ],
)
@pytest.mark.parametrize("status", [200, 400])
def test_an_error_refuses_the_call_whatever_its_message(
    code: str, kind: CodeClass, status: int
) -> None:
    with pytest.raises(CallRefusedError) as caught:
        send((status, error(code, "请求 8613800000000 被拒绝")))
    refusal = caught.value
    assert (refusal.code, refusal.meaning.kind) == (code, kind)
    assert "13800000000" not in str(refusal)
    assert code in refusal.explain()


@pytest.mark.parametrize(
    "code",
    [
        "InternalError.Timeout",
        "InternalError.SendAndRecvFail",
        "InternalError.Newcomer",
        "InternalError",
        "ServiceUnavailable",
        "FailedOperation",
        "Newcomer",
        "内部错误",
    ],
)
def test_an_error_of_which_nobody_says_where_it_broke_leaves_the_outcome_unknown(code: str) -> None:
    with pytest.raises(OutcomeUnknownError):
        send(error(code))


def test_an_unlisted_code_of_a_failing_gateway_leaves_the_outcome_unknown() -> None:
    with pytest.raises(OutcomeUnknownError):
        send((502, error("FailedOperation.Newcomer")))
    with pytest.raises(CallRefusedError):
        send((502, error("FailedOperation.ContainSensitiveWord")))


def test_an_error_is_logged_with_its_request_id_and_without_keys(
    logged: Callable[[], str],
) -> None:
    with pytest.raises(CallRefusedError) as caught:
        send(error("FailedOperation.ContainSensitiveWord", f"SecretId {ID} is not found"))
    lines = logged() + str(caught.value) + caught.value.explain()
    assert REQUEST_ID in lines
    for secret in (ID, KEY, "Signature"):
        assert secret not in lines


def test_a_send_that_was_refused_for_a_number_is_logged_with_its_request_id(
    logged: Callable[[], str],
) -> None:
    send(sent(row(0), refused_row(1, "LimitExceeded.PhoneNumberDailyLimit")), TWO)
    assert REQUEST_ID in logged()


def test_a_send_that_was_accepted_is_not_logged(logged: Callable[[], str]) -> None:
    send(sent(row(0), row(1)), TWO)
    assert logged() == ""


@pytest.mark.parametrize(
    ("secret_id", "secret_key"),
    [
        *(("AKID\u200bexample", KEY), ("AKID\nexample", KEY), ("AKID example", KEY), ("密钥", KEY)),
        *((ID, "key\u3000"), (ID, "\udcff"), ("", KEY), (ID, "")),
    ],
)
def test_a_key_that_no_header_can_hold_is_refused_before_anything_is_sent(
    secret_id: str, secret_key: str, logged: Callable[[], str]
) -> None:
    # A real session: the header is encoded in it. No server listens at this address.
    session = new_session(1, max_idle_seconds=1)
    account = Account("http://127.0.0.1:9", "ap-guangzhou", secret_id, secret_key, session)
    with pytest.raises(CallRefusedError) as caught:
        Api3(account, APP_ID).send(ONE, sign="s", template_id=7)
    assert caught.value.meaning.scope is Scope.ACCOUNT
    for text in (str(caught.value), caught.value.explain(), logged()):
        assert "Credential" not in text
        assert "AKID" not in text


# --- whether Tencent answers, and accepts the account ---


@pytest.mark.parametrize(
    ("answer", "reachable"),
    [
        (ok(DescribeSignListStatusSet=[]), True),
        (ok(), True),
        (error("FailedOperation.MissingSignatureList"), True),
        (error("AuthFailure.SignatureFailure"), True),
        (error("InternalError.Timeout"), True),
        ((502, b"<html>"), False),
        ((200, b"<html>"), False),
        ((302, b""), False),
        ((403, b"<html>"), False),
        ((429, b""), False),
        (requests.ReadTimeout(), False),
    ],
)
def test_any_answer_of_tencents_shows_that_it_is_reachable(answer: Any, reachable: bool) -> None:
    client, transport = connected(answer)
    assert client.is_reachable() is reachable
    assert transport.sent[0].headers["X-TC-Action"] == "DescribeSmsTemplateList"
    assert transport.body() == {"International": 0, "Limit": 1, "Offset": 0}


@time_machine.travel(1773000000, tick=False)
def test_the_account_is_checked_by_a_call_that_names_the_application() -> None:
    client, transport = connected(ok(), ok(SendStatusStatistics={}))
    client.check_account()
    actions = [request.headers["X-TC-Action"] for request in transport.sent]
    assert actions == ["DescribeSmsSignList", "SendStatusStatistics"]
    hour = time.strftime("%Y%m%d%H", time.gmtime(1773000000 + 8 * 3600))
    assert transport.body(1) == {
        "SmsSdkAppId": APP_ID,
        "BeginTime": hour,
        "EndTime": hour,
        "Limit": 0,
        "Offset": 0,
    }


def test_only_a_refusal_of_the_account_fails_the_check() -> None:
    client, _ = connected(
        error("MissingParameter"), error("UnauthorizedOperation.SdkAppIdIsDisabled")
    )
    with pytest.raises(CallRefusedError, match="SdkAppIdIsDisabled"):
        client.check_account()
    client, _ = connected(error("AuthFailure.SecretIdNotFound"))
    with pytest.raises(CallRefusedError, match="SecretIdNotFound"):
        client.check_account()
    client, _ = connected((404, b"<html>"))
    with pytest.raises(CallRefusedError, match="HTTP 404, not an answer of Tencent"):
        client.check_account()
    client, _ = connected(
        error("MissingParameter"), error("InvalidParameterValue.BeginTimeVerifyFail")
    )
    client.check_account()


def test_nothing_is_sent_twice() -> None:
    for answer in (requests.ReadTimeout(), error("RequestLimitExceeded"), (502, b""), (429, b"")):
        client, transport = connected(answer)
        with patch("time.sleep") as sleep, pytest.raises(TencentError):
            client.send(ONE, sign="s", template_id=7)
        assert len(transport.sent) == 1
        sleep.assert_not_called()
