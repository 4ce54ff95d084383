import json
import traceback
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import time_machine

from chalicelib.domain.push_batches import PushKind
from chalicelib.quickaudience import client, signature
from chalicelib.quickaudience.client import LockedOutError, PushError
from tests.support.settings import Configure
from tests.support.transport import Transport

KEY = "123456789"
OK = {"code": "200", "message": "OK"}
ENTRY = {
    "outId": "out",
    "phoneNum": "13900001111",
    "sendStatus": 2,
    "sendDate": "2019-01-08 16:44:13",
    "receiveDate": "2019-01-08 16:45:00",
    "errCode": "DELIVERED",
    "message": "",
}
Connect = Callable[..., Transport]


@pytest.fixture
def connect(configure: Configure, monkeypatch: pytest.MonkeyPatch) -> Iterator[Connect]:
    """Return a function that connects the client to a transport with these answers, in order."""
    configure()
    client._session.cache_clear()

    def connect(*answers: Any) -> Transport:
        transport = Transport(*answers)
        client._session().mount("https://", transport)
        client._session().mount("http://", transport)
        return transport

    yield connect
    client._session.cache_clear()


def query(request: requests.PreparedRequest) -> dict[str, str]:
    pairs = parse_qs(urlsplit(request.url or "").query, strict_parsing=True)
    return {name: values[0] for name, values in pairs.items()}


@pytest.mark.parametrize(
    ("kind", "path", "name"),
    [
        (
            "details",
            "/restapi/marketing2/third/sms/callback/send/details",
            "thirdSmsSendDetailModelList",
        ),
        (
            "reply",
            "/restapi/marketing2/third/sms/callback/send/reply",
            "thirdSmsSendReplyModelList",
        ),
    ],
)
def test_a_push_has_the_documented_address_and_body(
    connect: Connect, kind: PushKind, path: str, name: str
) -> None:
    transport = connect(OK)
    client.push(kind, [ENTRY, {"content": "退订😀"}])
    [sent] = transport.sent
    assert sent.method == "POST"
    assert (sent.url or "").startswith(f"https://quicka.aliyun.com{path}?")
    assert query(sent).keys() == {"timestamp", "nonce"}
    assert sent.headers["Content-Type"] == "application/json"
    assert transport.body() == {name: [ENTRY, {"content": "退订😀"}]}


@time_machine.travel(1631865523.9, tick=False)
def test_a_push_is_signed_for_its_own_parameters(connect: Connect) -> None:
    transport = connect(OK)
    client.push("details", [ENTRY])
    given = query(transport.sent[0])
    assert given["timestamp"] == "1631865523"
    assert len(given["nonce"]) == 32
    assert signature.matches(
        str(transport.sent[0].headers[signature.HEADER]), KEY, given["timestamp"], given["nonce"]
    )


def test_each_attempt_has_a_timestamp_and_a_nonce_of_its_own(connect: Connect) -> None:
    transport = connect(OK, OK)
    with time_machine.travel(1631865523, tick=False) as clock:
        client.push("details", [ENTRY])
        clock.shift(10)
        client.push("details", [ENTRY])
    first, second = map(query, transport.sent)
    assert (first["timestamp"], second["timestamp"]) == ("1631865523", "1631865533")
    assert first["nonce"] != second["nonce"]
    assert (
        transport.sent[0].headers[signature.HEADER] != transport.sent[1].headers[signature.HEADER]
    )


def test_without_a_key_the_header_is_present_and_empty(
    connect: Connect, configure: Configure
) -> None:
    configure(QA_AUTH="off", QA_KEY="")
    transport = connect(OK)
    client.push("details", [ENTRY])
    assert transport.sent[0].headers[signature.HEADER] == ""


def test_with_a_key_a_push_is_signed_even_if_requests_need_no_signature(
    connect: Connect, configure: Configure
) -> None:
    configure(QA_AUTH="off", QA_KEY=KEY)
    transport = connect(OK)
    client.push("details", [ENTRY])
    assert len(transport.sent[0].headers[signature.HEADER]) == 64


@pytest.mark.parametrize(
    "base", ["http://127.0.0.1:9", "http://127.0.0.1:9/", "http://127.0.0.1:9//"]
)
def test_a_slash_at_the_end_of_the_base_address_does_no_harm(
    connect: Connect, configure: Configure, base: str
) -> None:
    configure(QA_BASE_URL=base)
    transport = connect(OK)
    client.push("reply", [])
    assert (transport.sent[0].url or "").startswith("http://127.0.0.1:9/restapi/marketing2/")


def test_a_push_waits_for_a_limited_time_only(connect: Connect) -> None:
    transport = connect(OK)
    client.push("details", [ENTRY])
    assert all(0 < seconds <= 30 for seconds in transport.options[0]["timeout"])


@pytest.mark.parametrize("status", [200, 201, 202, 299])
@pytest.mark.parametrize(
    "code",
    [200, "200", "OK", "ok", "Ok", 200.0, "200.0", " 200 ", " OK\n", "2e2", "+200", "0200"],
    ids=repr,
)
def test_a_push_succeeds_by_status_and_code(connect: Connect, status: int, code: Any) -> None:
    connect((status, {"code": code, "message": "whatever"}))
    client.push("details", [ENTRY])


@pytest.mark.parametrize(
    "answer",
    [
        (200, {"code": "401"}),
        (200, {"code": 401}),
        (200, {"code": 403}),
        (200, {"code": 404}),
        (200, {"code": 500}),
        (200, {"code": 0}),
        (200, {"code": True}),
        (200, {"code": None}),
        (200, {"code": [200]}),
        (200, {"code": {"code": 200}}),
        (200, {"code": ""}),
        (200, {"code": "2００"}),
        (200, {"code": "200 OK"}),
        (200, {"code": "OKAY"}),
        (200, {"message": "OK"}),
        (200, {}),
        (200, []),
        (200, [{"code": 200}]),
        (200, None),
        (200, "OK"),
        (200, 200),
        (200, b""),
        (200, b"OK"),
        (200, b"<html>"),
        (200, b'{"code": 200'),
        (200, b"\xff\xfe"),
        (204, b""),
        (301, {"code": 200}),
        (302, {"code": 200}),
        (307, {"code": "OK"}),
        (400, {"code": 200}),
        (401, {"code": 200}),
        (403, {"code": "OK"}),
        (404, b""),
        (429, {"code": 200}),
        (500, {"code": 200}),
        (503, b""),
    ],
    ids=str,
)
def test_any_other_answer_is_an_error(connect: Connect, answer: Any) -> None:
    transport = connect(answer)
    with pytest.raises(PushError, match=f"^details: HTTP {answer[0]}, code "):
        client.push("details", [ENTRY])
    assert len(transport.sent) == 1


YES = '{"code": "OK", "message": "成功"}'


@pytest.mark.parametrize(
    "body",
    [
        ("\ufeff" + YES).encode(),
        ("\ufeff\ufeff" + YES + "\0").encode(),
        YES.replace("成功", "成\n功\t\0").encode(),
        YES.encode("gb18030"),
        YES.encode("utf-16"),
        b'{"code": 200, "message": "\xe6\x88"}',
    ],
    ids=["bom", "two boms", "raw line feed", "gb18030", "utf-16", "cut"],
)
@pytest.mark.parametrize("kind", ["details", "reply"])
def test_a_push_succeeds_although_the_answer_is_written_carelessly(
    connect: Connect, kind: PushKind, body: bytes
) -> None:
    connect((200, body))
    client.push(kind, [ENTRY])


@pytest.mark.parametrize("code", [401, "401", 401.0, "401.0", " 401 ", 403, "403.0"], ids=repr)
@pytest.mark.parametrize("kind", ["details", "reply"])
def test_a_lock_out_is_seen_in_every_spelling(connect: Connect, kind: PushKind, code: Any) -> None:
    connect((200, {"code": code}))
    with pytest.raises(LockedOutError):
        client.push(kind, [ENTRY])


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b" \r\n", b"\xef\xbb\xbf", b"OK", b"success", b"\xe6\x88\x90\xe5\x8a\x9f"),
        *({}, [], None, True, 200, "OK", 0, "200.0"),
        *(
            {"success": True},
            {"code": None},
            {"code": 0},
            {"code": ""},
            {"code": "0"},
            {"data": {}},
        ),
        *({"code": 0.0}, {"code": "null"}, {"code": "SUCCESS"}, {"message": "OK"}),
    ],
    ids=repr,
)
@pytest.mark.parametrize("status", [200, 202])
def test_replies_are_accepted_where_no_code_says_otherwise(
    connect: Connect, body: Any, status: int
) -> None:
    connect((status, body))
    client.push("reply", [ENTRY])
    connect((status, body))
    if body not in ("OK", 200, "200.0"):
        with pytest.raises(PushError):
            client.push("details", [ENTRY])


def test_replies_are_accepted_by_an_answer_without_content(connect: Connect) -> None:
    connect((204, b""), (204, b""))
    client.push("reply", [ENTRY])
    with pytest.raises(PushError):
        client.push("details", [ENTRY])


@pytest.mark.parametrize(
    "answer",
    [
        *((200, {"code": code}) for code in (401, "500", "isv.ERROR", 1, -1, "-1.0", False, [200])),
        *((200, {"success": success}) for success in (False, "false")),
        *((200, body) for body in (False, 401, "500", -1)),
        *((200, body) for body in (b"<html>OK</html>", b'{"code": 20', b'["OK"', b'"OK', b" <a/>")),
        *((302, b""), (400, b""), (401, b""), (404, {}), (429, b"OK"), (500, b""), (503, b"OK")),
    ],
    ids=repr,
)
def test_replies_are_not_accepted_where_anything_says_so(connect: Connect, answer: Any) -> None:
    connect(answer)
    with pytest.raises(PushError):
        client.push("reply", [ENTRY])


def test_excessive_nesting_is_an_error(connect: Connect) -> None:
    connect((200, b"[" * 100_000))
    with pytest.raises(PushError):
        client.push("details", [ENTRY])


@pytest.mark.parametrize(
    "message", ["blocked", None, 5, {"a": 1}, "长" * 10_000], ids=lambda x: repr(x)[:8]
)
def test_quick_audiences_text_is_kept_at_a_readable_length(connect: Connect, message: Any) -> None:
    connect((403, {"code": 403, "message": message}))
    with pytest.raises(PushError) as caught:
        client.push("details", [ENTRY])
    assert str(message)[:100] in str(caught.value)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    "error",
    [
        requests.ConnectionError("https://quicka.aliyun.com/?nonce=abc"),
        requests.ConnectTimeout("x"),
        requests.ReadTimeout("x"),
        requests.exceptions.SSLError("x"),
        requests.exceptions.ChunkedEncodingError("x"),
        requests.exceptions.InvalidURL("x"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_network_failure_is_an_error(connect: Connect, error: Exception) -> None:
    connect(error)
    with pytest.raises(PushError, match=type(error).__name__):
        client.push("reply", [ENTRY])


@pytest.mark.parametrize("kind", ["details", "reply"])
@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ((500, {"code": "X", "message": "busy"}), "HTTP 500, code X: busy"),
        ((200, {"code": 401, "message": "13900001111"}), "HTTP 200, code 401: …1111"),
        ((404, b"<html>"), "HTTP 404, code missing: "),
        (requests.ReadTimeout("x"), "no answer: ReadTimeout"),
    ],
    ids=["a code", "a lock out", "no code", "no answer"],
)
def test_an_error_has_the_answer_by_itself(
    connect: Connect, kind: PushKind, answer: Any, said: str
) -> None:
    connect(answer)
    with pytest.raises(PushError) as caught:
        client.push(kind, [ENTRY])
    assert caught.value.answer == said


@pytest.mark.parametrize(
    "answer", [requests.ConnectionError("the URL"), (500, b"x"), (200, {"code": 401})], ids=repr
)
def test_an_error_reveals_neither_key_nor_signature_nor_address(
    connect: Connect, answer: Any
) -> None:
    transport = connect(answer)
    with pytest.raises(PushError) as caught:
        client.push("details", [ENTRY])
    printed = "".join(traceback.format_exception(caught.value))
    [sent] = transport.sent
    for secret in (KEY, str(sent.headers[signature.HEADER]), query(sent)["nonce"], "the URL"):
        assert secret not in printed
    assert "13900001111" not in printed


def test_a_body_is_ascii_json_whatever_the_reply_holds(connect: Connect) -> None:
    transport = connect(OK)
    client.push("reply", [{"content": "\ud83d \x00 </script> 😀"}])
    assert json.loads(transport.sent[0].body or b"") == transport.body()
    assert (
        transport.body()["thirdSmsSendReplyModelList"][0]["content"] == "\ud83d \x00 </script> 😀"
    )
