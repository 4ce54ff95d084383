"""Tencent's callback URL: events are queued before they are acknowledged."""

import json
from typing import Any

import pytest

from tests.support.in_process import tencent
from tests.support.in_process.bridge import TOKEN, Bridge
from tests.support.in_process.tencent import Sms

SMS = Sms("8613900001111", "8:x20260302", "某某科技", 7000, ())
OK = (200, {"result": 0, "errmsg": "OK"})


def test_statuses_are_queued_unchanged(bridge: Bridge) -> None:
    events = [tencent.status(SMS, unknown_field={"a": 1}), tencent.status(SMS, "FAIL")]
    assert bridge.callback(events) == OK
    assert bridge.pump.bodies("callbacks") == [{"form": 1, "statuses": events}]


def test_a_reply_is_queued_unchanged(bridge: Bridge) -> None:
    event = tencent.reply("8613900001111", "退订", "某某科技")
    assert bridge.callback(event) == OK
    assert bridge.pump.bodies("callbacks") == [{"form": 1, "replies": [event]}]


def test_padding_is_left_out(bridge: Bridge) -> None:
    event = tencent.status(SMS)
    assert bridge.callback([event, {}, {}]) == OK
    assert bridge.pump.bodies("callbacks") == [{"form": 1, "statuses": [event]}]


@pytest.mark.parametrize(
    "events",
    [[], [{}], {}, None, b"", b"null", [[]], [[], {}], [None], [1]],
    ids=str,
)
def test_an_empty_callback_queues_nothing(bridge: Bridge, events: Any) -> None:
    assert bridge.callback(events) == OK
    assert bridge.pump.count("callbacks") == 0


def test_a_byte_order_mark_is_ignored(bridge: Bridge) -> None:
    assert bridge.callback(b"\xef\xbb\xbf" + json.dumps([tencent.status(SMS)]).encode()) == OK
    assert bridge.pump.count("callbacks") == 1


def test_more_statuses_than_documented_are_queued_in_parts(bridge: Bridge) -> None:
    events = [tencent.status(SMS, sid=str(number)) for number in range(250)]
    assert bridge.callback(events) == OK
    bodies = bridge.pump.bodies("callbacks")
    assert [len(body["statuses"]) for body in bodies] == [100, 100, 50]
    assert [event for body in bodies for event in body["statuses"]] == events


@pytest.mark.parametrize(
    "token", ["", "wrong", TOKEN[:-1], TOKEN + "x", f"{TOKEN},the-next-secret"]
)
def test_a_callback_with_another_token_is_refused(bridge: Bridge, token: str) -> None:
    status, _ = bridge.callback([tencent.status(SMS)], token=token or "%20")
    assert status == 403
    assert bridge.pump.count("callbacks") == 0


@pytest.mark.parametrize("token", [TOKEN, "the-next-secret"])
def test_either_of_two_tokens_is_accepted(bridge: Bridge, token: str) -> None:
    assert bridge.callback([tencent.status(SMS)], token=token) == OK


@pytest.mark.parametrize(
    "body", [b"{", b"\xff", b"1", b'"text"', b"<xml/>", b"mobile=13900001111", b"[" * 5000]
)
def test_an_event_that_is_neither_status_nor_reply_is_refused(bridge: Bridge, body: bytes) -> None:
    status, answer = bridge.callback(body)
    assert (status, answer["result"]) == (400, 400)
    assert bridge.pump.count("callbacks") == 0


def test_a_callback_that_could_not_be_queued_is_not_acknowledged(bridge: Bridge) -> None:
    bridge.restart()
    with bridge.outside.watched(1, "failed before"):
        status, answer = bridge.callback([tencent.status(SMS)])
    assert bridge.outside.names[1] == "sqs SendMessageBatch"
    assert status == 500
    assert answer["result"] != 0
    assert bridge.callback([tencent.status(SMS)]) == OK


@pytest.mark.parametrize("text", ["\ud83d", "好\udc00"])
def test_a_callback_with_half_a_character_is_queued(bridge: Bridge, text: str) -> None:
    assert bridge.callback([tencent.status(SMS), tencent.status(SMS, description=text)]) == OK
    assert bridge.callback(tencent.reply("8613900001111", text, "某某科技")) == OK
    assert bridge.pump.count("callbacks") == 2


CONTENT_TYPES = [
    "application/json",
    "application/json; charset=gbk",
    "application/x-www-form-urlencoded",
    "multipart/form-data",
    "multipart/form-data; boundary=x",
    "text/plain",
    "application/xml",
    "application/octet-stream",
    "image/png",
    "nonsense",
    "",
]


@pytest.mark.parametrize("content_type", CONTENT_TYPES)
def test_field_25_no_content_type_is_refused_for_itself(bridge: Bridge, content_type: str) -> None:
    """Chalice would answer 415, in a form of its own."""
    body = json.dumps([tencent.status(SMS)]).encode()
    assert bridge.callback(body, content_type=content_type) == OK
    assert bridge.pump.count("callbacks") == 1


@pytest.mark.parametrize("content_type", CONTENT_TYPES)
@pytest.mark.parametrize(
    "body",
    [b"--x\r\nno part\r\n--x--", b"<xml/>", b"\x89PNG\r\n\x1a\n", b"\xff\xfe\x00", b"=&=&"],
    ids=ascii,
)
def test_field_25_a_body_that_is_no_push_is_refused_in_tencents_form(
    bridge: Bridge, body: bytes, content_type: str
) -> None:
    status_code, answer = bridge.callback(body, content_type=content_type)
    assert status_code == answer["result"] == 400
    assert set(answer) == {"result", "errmsg"}
    assert bridge.pump.count("callbacks") == 0
