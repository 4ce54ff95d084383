"""Bodies are read by their content, whatever their content type."""

import json

import pytest

from tests.support.in_process.bridge import Bridge, template_body

TYPES = (
    "application/json",
    "application/json;charset=GBK",
    "text/plain",
    "application/x-www-form-urlencoded",
    "",
    "nonsense",
)


@pytest.mark.parametrize("content_type", TYPES)
def test_any_content_type_is_accepted(linked: Bridge, content_type: str) -> None:
    headers = {"Content-Type": content_type}
    made = linked.ask("POST", "/sms/smsTemplate", template_body("您好"), headers=headers)
    assert made.code == "OK"
    path = f"/sms/smsTemplate/{made['templateCode']}"
    assert linked.ask("GET", path, headers=headers).code == "OK"
    assert linked.ask("PUT", path, template_body("您好!"), headers=headers).code == "OK"


def test_a_byte_order_mark_is_ignored(bridge: Bridge) -> None:
    raw = b"\xef\xbb\xbf" + json.dumps(template_body("您好"), ensure_ascii=False).encode()
    code = str(bridge.ask("POST", "/sms/smsTemplate", raw)["templateCode"])
    assert bridge.tencent.templates[int(code)]["text"] == "您好"


@pytest.mark.parametrize("encoding", ["gbk", "gb18030", "utf-16"])
def test_a_body_in_another_customary_encoding_is_read(bridge: Bridge, encoding: str) -> None:
    body = json.dumps(template_body("您好"), ensure_ascii=False)
    code = str(bridge.ask("POST", "/sms/smsTemplate", body.encode(encoding))["templateCode"])
    assert bridge.tencent.templates[int(code)]["text"] == "您好"


@pytest.mark.parametrize("raw", [b"", b" \r\n", b"{}"])
def test_an_empty_body_names_the_missing_fields(bridge: Bridge, raw: bytes) -> None:
    answer = bridge.ask("POST", "/sms/smsTemplate", raw)
    assert (answer.status, answer.code) == (200, "isv.INVALID_PARAMETERS")
    for name in ("templateName", "templateContent", "templateType"):
        assert name in answer.message


@pytest.mark.parametrize(
    "raw",
    [
        b"\xff\xfe",
        b"{",
        b"templateName=a&templateContent=b",
        b'{"templateName": NaN}',
        b"[" * 100_000,
        b"[]",
        b'"text"',
        b"null",
        b"1",
    ],
    ids=lambda raw: str(raw[:16]),
)
def test_a_body_that_is_no_json_object_is_refused(bridge: Bridge, raw: bytes) -> None:
    for path in ("/sms/smsTemplate", "/sms/sendBatchList"):
        answer = bridge.ask("POST", path, raw)
        assert (answer.status, answer.code) == (200, "isv.INVALID_JSON_PARAM")


def test_the_body_of_a_query_is_ignored(linked: Bridge) -> None:
    code = linked.template()
    assert linked.ask("GET", f"/sms/smsTemplate/{code}", b"\xff{garbage").code == "OK"
