import contextlib
import json
import unicodedata
import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, quote_from_bytes

import pytest
from chalice.app import Response
from hypothesis import given
from hypothesis import strategies as st

from chalicelib import settings
from chalicelib.endpoints import envelope
from chalicelib.errors import ConfigurationError, Forbidden, NotFound, Refused
from tests.support.chalice_requests import request
from tests.support.property_tests import examples
from tests.support.settings import Configure

names = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=10).filter(
    lambda name: "%" not in name
)


def normal(name: str) -> str:
    return unicodedata.normalize("NFC", name).strip()


# --- path_names --------------------------------------------------------------------------------


@given(names)
@examples(100)
def test_the_first_reading_of_a_name_is_decoded_once(name: str) -> None:
    assert envelope.path_names(quote(name, safe=""))[0] == normal(name)


@given(names)
@examples(100)
def test_a_name_that_was_encoded_twice_is_among_the_readings(name: str) -> None:
    assert normal(name) in envelope.path_names(quote(quote(name, safe=""), safe=""))


@given(names)
@examples(100)
def test_a_name_that_a_proxy_decoded_is_read_unchanged(name: str) -> None:
    assert envelope.path_names(name)[0] == normal(name)


@pytest.mark.parametrize("name", ["测试", "品牌旗舰店", "联通", "腾讯云abc123"])
def test_a_name_in_gbk_is_decoded(name: str) -> None:
    assert envelope.path_names(quote_from_bytes(name.encode("gbk"), safe=""))[0] == name


@pytest.mark.parametrize(
    ("raw", "reading"),
    [
        ("100%25", "100%"),
        ("100%", "100%"),
        ("%", "%"),
        ("%zz", "%zz"),
        ("%2541", "%41"),
        ("%2541", "A"),
        ("%41", "%41"),
        ("a+b", "a+b"),
        ("a%2Bb", "a+b"),
        ("a%20b", "a b"),
        ("a%2Fb", "a/b"),
        ("%E3%80%90%E5%93%81%E7%89%8C%E3%80%91", "【品牌】"),
        ("%e5%93%81", "品"),
        ("%F0%9F%98%80", "😀"),
        ("e%CC%81", "é"),
        ("%20%E3%80%80a%20", "a"),
        ("", ""),
        ("%00", "\0"),
    ],
)
def test_every_encoding_of_a_name_leads_back_to_it(raw: str, reading: str) -> None:
    assert reading in envelope.path_names(raw)


@pytest.mark.parametrize(
    "raw", ["%ED%A0%80", "%FF%FE", "%C3", "%E5%93", "%80" * 1000], ids=lambda raw: raw[:12]
)
def test_bytes_in_no_known_encoding_give_names_that_can_be_stored(raw: str) -> None:
    for name in envelope.path_names(raw):
        name.encode()


@given(st.text(alphabet="%25E4ABab+ /", max_size=20))
@examples(100)
def test_readings_are_distinct_and_at_most_three(raw: str) -> None:
    found = envelope.path_names(raw)
    assert 1 <= len(found) <= 3
    assert len(set(found)) == len(found)
    assert normal(raw) in found


def test_half_a_character_gives_a_reading() -> None:
    assert envelope.path_names("\ud800")


# --- raw and parse -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "read"),
    [
        (b"", {}),
        (b" \r\n", {}),
        (b"\xef\xbb\xbf", {}),
        (b"{}", {}),
        (b'\xef\xbb\xbf{"a": 1}', {"a": 1}),
    ],
    ids=["empty", "blank", "bom", "object", "bom-object"],
)
def test_an_empty_body_is_an_empty_object_and_a_bom_does_no_harm(
    body: bytes, read: dict[str, Any]
) -> None:
    assert envelope.parse(body) == read


@pytest.mark.parametrize(
    ("body", "read"),
    [
        ('{"a": "中"}'.encode("gbk"), {"a": "中"}),
        ('{"a": "中"}'.encode("utf-16"), {"a": "中"}),
        (b'\xef\xbb\xbf\xef\xbb\xbf{"a": "b\n\0c"}\0', {"a": "b\n\0c"}),
        (b'{"a": "b\\ud83d"}', {"a": "b?"}),
        ('{"a": "李雷'.encode()[:-1] + b'"}', {"a": "李?"}),
    ],
    ids=["gbk", "utf-16", "control characters", "half a character", "cut"],
)
def test_a_body_is_read_although_its_producer_is_careless(
    body: bytes, read: dict[str, Any]
) -> None:
    assert envelope.parse(body) == read


def test_fractions_stay_text_and_whole_numbers_numbers() -> None:
    assert envelope.parse(b'{"a": 5.0, "b": 5, "c": "5"}') == {"a": "5.0", "b": 5, "c": "5"}


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b"null",
        b"0",
        b'"{}"',
        b"true",
        b"{",
        b"{}{}",
        b"a=1&b=2",
        b"<xml/>",
        b'{"a": NaN}',
        b"\xff\xfe",
        b"\x00",
        b'{"a": 1' + b"0" * 5000 + b"}",
    ],
    ids=lambda body: str(body[:16]),
)
def test_a_body_that_is_not_a_json_object_is_refused(body: bytes) -> None:
    with pytest.raises(Refused) as caught:
        envelope.parse(body)
    assert caught.value.code == "isv.INVALID_JSON_PARAM"
    assert len(caught.value.message) < 200
    caught.value.message.encode()


@given(st.binary(max_size=30))
@examples(150)
def test_any_body_is_read_as_an_object_or_refused(body: bytes) -> None:
    with contextlib.suppress(Refused):
        assert isinstance(envelope.parse(body), dict)


@pytest.mark.parametrize("body", ['{"a": "中"}', '{"a": "中"}'.encode()], ids=["text", "bytes"])
def test_a_body_is_read_from_text_and_bytes(body: str | bytes) -> None:
    assert envelope.raw_body(request(body)) == '{"a": "中"}'.encode()


def test_a_request_without_a_body_has_an_empty_one() -> None:
    assert envelope.raw_body(request(None)) == b""


# --- the envelope ------------------------------------------------------------------------------

FIELDS = {"bizId": "", "count": 0}
Ask = Callable[..., Response]


@pytest.fixture
def ask(configure: Configure, monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Call an endpoint that echoes its body, or raises a given error."""
    configure(QA_AUTH="off")
    monkeypatch.setenv("QA_PLATFORM_NAME", "腾讯短信")

    def ask(
        body: bytes | str = b"{}", error: Exception | None = None, method: str = "POST"
    ) -> Response:
        def endpoint(read: dict[str, Any]) -> dict[str, Any]:
            if error:
                raise error
            return {"bizId": json.dumps(read)}

        response = envelope.answer(request(body, method=method), FIELDS, endpoint)
        response.body = json.loads(response.body)
        return response

    return ask


def test_an_answer_consists_of_its_fields_and_the_envelope(ask: Ask) -> None:
    response = ask(b'{"a": 1}')
    assert response.status_code == 200
    assert response.body.keys() == {
        "bizId",
        "count",
        "code",
        "message",
        "platformName",
        "requestId",
    }
    assert (response.body["code"], response.body["message"]) == ("OK", "OK")
    assert response.body["platformName"] == "腾讯短信"
    assert json.loads(response.body["bizId"]) == {"a": 1}
    assert response.headers["Content-Type"] == "application/json; charset=utf-8"


def test_every_answer_has_an_id_of_its_own(ask: Ask) -> None:
    ids = [ask().body["requestId"] for _ in range(3)]
    assert len(set(ids)) == 3
    assert all(str(uuid.UUID(one)).upper() == one for one in ids)


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (Refused("isv.MOBILE_NUMBER_ILLEGAL", "手机号格式错误"), 200, "isv.MOBILE_NUMBER_ILLEGAL"),
        (NotFound("没有模板"), 404, "404"),
        (Forbidden("used"), 403, "403"),
        (ConfigurationError("QA_KEY=secret"), 500, "isp.SYSTEM_ERROR"),
        (RuntimeError("secret"), 500, "isp.SYSTEM_ERROR"),
        (KeyError("secret"), 500, "isp.SYSTEM_ERROR"),
        (RecursionError(), 200, "isv.INVALID_JSON_PARAM"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_an_error_is_answered_in_the_envelope_with_every_field(
    ask: Ask, error: Exception, status: int, code: str
) -> None:
    response = ask(error=error)
    assert response.status_code == status
    assert response.body["code"] == code
    assert response.body["message"]
    assert "secret" not in json.dumps(response.body)
    assert (response.body["bizId"], response.body["count"]) == ("", 0)
    assert response.body["platformName"] == "腾讯短信"


@pytest.mark.parametrize(
    "body",
    [b"[" * 100_000, b'{"a":' * 100_000, b'{"a":' * 5000 + b'"\\ud83d\\ude00"' + b"}" * 5000],
    ids=["lists", "objects", "with-escapes"],
)
def test_excessive_nesting_is_refused(ask: Ask, body: bytes) -> None:
    response = ask(body)
    assert response.status_code == 200
    assert response.body["code"] == "isv.INVALID_JSON_PARAM"


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_the_body_of_a_get_request_is_ignored(ask: Ask, method: str) -> None:
    assert ask(b"no json", method=method).body["bizId"] == "{}"


def test_wrong_settings_are_answered_in_the_envelope(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> settings.Settings:
        raise ConfigurationError("TENCENT_APP_KEY is not set")

    monkeypatch.setattr(settings, "load", broken)
    monkeypatch.setenv("QA_PLATFORM_NAME", "腾讯短信")
    response = envelope.answer(request(), FIELDS, lambda _: {})
    body = json.loads(response.body)
    assert (response.status_code, body["code"]) == (500, "isp.SYSTEM_ERROR")
    assert body["platformName"] == "腾讯短信"


def test_an_unknown_route_is_404_in_the_envelope_and_names_the_path(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("QA_PLATFORM_NAME", "腾讯短信")
    response = envelope.unknown_route(request(method="PATCH"))
    body = json.loads(response.body)
    assert (response.status_code, body["code"]) == (404, "404")
    assert "PATCH /api/x" in body["message"]
    assert body["platformName"] == "腾讯短信"
