import json
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from chalice.app import Request, Response
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.endpoints import tencent_callback
from chalicelib.logs import log
from chalicelib.queues import batching, sending
from chalicelib.queues.bodies import CallbackBody
from chalicelib.tencent import events
from tests.support.chalice_requests import request
from tests.support.property_tests import examples
from tests.support.settings import Configure

# The document's examples, without their comments.
STATUS = {
    "user_receive_time": "2015-10-17 08:03:04",
    "nationcode": "86",
    "mobile": "13xxxxxxxx",
    "report_status": "SUCCESS",
    "errmsg": "DELIVRD",
    "description": "The SMS message is successfully sent ",
    "sid": "xxxxxxx",
}
REPLY = {
    "nationcode": "86",
    "mobile": "13xxxxxxxx",
    "text": "User's reply",
    "sign": "SMS signature",
    "time": 1457336869,
    "extend": "Extended code",
}
TOKEN = "first-token"
Messages = list[dict[str, Any]]


class Queue:
    """A queue of callbacks that accepts what SQS would accept."""

    def __init__(self) -> None:
        self.messages: Messages = []
        self.ids: list[str] = []
        self.error: Exception | None = None

    def send(self, queue: str, bodies: Iterable[CallbackBody], *, delay: int = 0) -> None:
        assert (queue, delay) == ("callbacks", 0)
        if self.error:
            raise self.error
        for body in bodies:
            assert len(body.encode().encode()) <= 256 * 1024
            fields = body.to_dict()
            self.ids.append(fields.pop("id"))
            self.messages.append(fields)

    def events(self, kind: str) -> list[Any]:
        return [event for message in self.messages for event in message.get(kind, [])]


@pytest.fixture
def queue(configure: Configure, monkeypatch: pytest.MonkeyPatch) -> Queue:
    configure()
    made = Queue()
    monkeypatch.setattr(sending, "send", made.send)
    return made


def push(payload: Any, token: str = TOKEN) -> Response:
    body = payload if isinstance(payload, bytes | str) else json.dumps(payload)
    return tencent_callback.receive(token, request(body))


def assert_accepted(response: Response) -> None:
    assert response.status_code == 200
    assert response.body == {"result": 0, "errmsg": "OK"}


def test_an_array_of_statuses_is_queued_unchanged(queue: Queue) -> None:
    second = STATUS | {"sid": "y", "sub_error": "unknown field"}
    assert_accepted(push([STATUS, second]))
    assert queue.messages == [{"statuses": [STATUS, second]}]


def test_every_message_has_an_id_of_its_own(queue: Queue) -> None:
    for _ in range(2):
        push([STATUS] * 150 + [REPLY, REPLY])
    assert len(queue.ids) == len(set(queue.ids)) == 8


def test_the_documents_padding_is_left_out(queue: Queue) -> None:
    assert_accepted(push([STATUS, {}, {}]))
    assert queue.messages == [{"statuses": [STATUS]}]


def test_a_status_without_an_array_is_queued(queue: Queue) -> None:
    assert_accepted(push(STATUS))
    assert queue.messages == [{"statuses": [STATUS]}]


def test_a_reply_is_queued_unchanged(queue: Queue) -> None:
    assert_accepted(push(REPLY))
    assert queue.messages == [{"replies": [REPLY]}]


def test_replies_in_an_array_are_queued_one_by_one(queue: Queue) -> None:
    other = REPLY | {"text": "T"}
    assert_accepted(push([REPLY, STATUS, other]))
    assert queue.messages == [{"statuses": [STATUS]}, {"replies": [REPLY]}, {"replies": [other]}]


def test_a_reply_may_be_empty(queue: Queue) -> None:
    assert_accepted(push(REPLY | {"text": ""}))
    assert queue.messages == [{"replies": [REPLY | {"text": ""}]}]


@pytest.mark.parametrize("sid", ["8:x", "", None, 0])
@pytest.mark.parametrize("report_status", ["missing", "", None])
@pytest.mark.parametrize("text", ["退订", "", None])
def test_a_text_without_a_report_is_a_reply_whatever_its_sid_says(
    queue: Queue, sid: Any, report_status: Any, text: Any
) -> None:
    event = REPLY | {"sid": sid, "report_status": report_status, "text": text}
    if report_status == "missing":
        del event["report_status"]
    assert_accepted(push(event))
    assert queue.messages == [{"replies": [event]}]


@pytest.mark.parametrize("without", STATUS)
def test_a_status_may_lack_any_field(queue: Queue, without: str) -> None:
    event = {name: value for name, value in STATUS.items() if name != without}
    assert_accepted(push([event]))
    assert queue.messages == [{"statuses": [event]}]


def test_an_event_with_a_sid_is_a_status(queue: Queue) -> None:
    assert_accepted(push(STATUS | {"text": "x"}))
    assert queue.messages == [{"statuses": [STATUS | {"text": "x"}]}]


@pytest.mark.parametrize(
    "payload",
    [[], {}, [{}], [{}, {}], None, b"", b" \r\n", b"\xef\xbb\xbf", b"null", [[]], [[], {}]],
    ids=str,
)
def test_an_empty_callback_is_accepted_and_nothing_is_queued(queue: Queue, payload: Any) -> None:
    assert_accepted(push(payload))
    assert queue.messages == []


@pytest.mark.parametrize(
    "payload",
    [
        *([STATUS, None], ["x", STATUS], [STATUS, 5], [{"sid": "x"}, 5], [[STATUS], []]),
        *([{"unknown": 1}, STATUS, True], [[[STATUS]], "[", "{}"], [json.dumps(STATUS), None]),
        *(
            {"data": [STATUS]},
            {"result": 0, "data": [None, STATUS]},
            json.dumps(json.dumps([STATUS])),
        ),
    ],
    ids=lambda payload: str(payload)[:60],
)
def test_what_is_a_status_is_queued_and_the_rest_is_not(queue: Queue, payload: Any) -> None:
    assert_accepted(push(payload))
    [message] = queue.messages
    assert message["statuses"] in ([STATUS], [{"sid": "x"}])


@pytest.mark.parametrize(
    "payload", [[None], [1], ["x"], ["["], {"unknown": 1}, [[True], {}]], ids=str
)
def test_what_is_neither_is_counted_and_not_pushed_again(
    queue: Queue, payload: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert_accepted(push(payload))
    assert queue.messages == []
    assert '"CallbacksDiscarded":[1.0]' in capsys.readouterr().out


def test_the_log_shows_a_part_of_what_was_discarded(
    queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines: list[Any] = []
    monkeypatch.setattr(log, "warning", lambda message, extra: lines.append(extra))
    assert_accepted(push([{"mobile": "13900001111" * 100}, None]))
    assert lines[0]["events"] == 2
    assert "13900001111" not in lines[0]["first"]
    assert len(lines[0]["first"]) <= 200


@pytest.mark.parametrize(
    "kind", [[STATUS], [REPLY], [STATUS, REPLY]], ids=["status", "reply", "both"]
)
def test_a_push_holds_at_most_1000_events(queue: Queue, kind: list[Any]) -> None:
    assert_accepted(push(kind * (1000 // len(kind))))
    queue.messages.clear()
    response = push(kind * 1001)
    assert response.status_code == response.body["result"] == 400
    assert "1000" in response.body["errmsg"]
    assert queue.messages == []


@pytest.mark.parametrize(
    ("event", "name"),
    [(REPLY, "text"), (STATUS, "description"), (STATUS, "unknown"), (STATUS, "sid")],
)
@pytest.mark.parametrize("value", ["长" * 100_000, {"a": "长" * 100_000}], ids=["text", "object"])
def test_an_event_that_is_too_large_for_the_queue_is_cut_off(
    queue: Queue, event: dict[str, Any], name: str, value: Any
) -> None:
    good = STATUS | {"sid": "good"}
    assert_accepted(push([good, event | {name: value}]))
    statuses, replies = queue.events("statuses"), queue.events("replies")
    assert len(statuses) + len(replies) == 2
    assert statuses[0] == good
    [cut] = replies or statuses[1:]
    assert len(json.dumps(cut)) < 20_000
    kept = event.keys() - {name}
    assert {key: cut[key] for key in kept} == {key: str(event[key]) for key in kept}


@pytest.mark.parametrize(
    ("count", "sizes"),
    [(1, [1]), (100, [100]), (101, [100, 1]), (250, [100, 100, 50]), (1000, [100] * 10)],
)
def test_many_statuses_are_queued_in_messages_of_100(
    queue: Queue, count: int, sizes: list[int]
) -> None:
    statuses = [STATUS | {"sid": str(number)} for number in range(count)]
    assert_accepted(push(statuses))
    assert [len(message["statuses"]) for message in queue.messages] == sizes
    assert queue.events("statuses") == statuses


def test_statuses_that_are_long_are_queued_in_messages_of_200_kib(queue: Queue) -> None:
    # With its quotation marks, a name and a colon, each takes a quarter of a message's limit.
    quarter = {"sid": "é" * 25_594 + "x"}
    assert len(json.dumps(quarter, ensure_ascii=False).encode()) == 200 * 1024 / 4
    assert_accepted(push([quarter] * 9))
    assert [len(message["statuses"]) for message in queue.messages] == [4, 4, 1]
    longer = {"sid": quarter["sid"] + "x"}
    queue.messages.clear()
    assert_accepted(push([quarter] * 3 + [longer] * 4))
    assert [len(message["statuses"]) for message in queue.messages] == [3, 3, 1]


@given(st.lists(st.sampled_from(["status", "reply", "padding"]), max_size=250))
@examples(25)
def test_every_event_is_queued_exactly_once(kinds: list[str]) -> None:
    events: dict[str, list[Any]] = {
        "status": [STATUS | {"sid": str(n)} for n, kind in enumerate(kinds) if kind == "status"],
        "reply": [REPLY | {"time": n} for n, kind in enumerate(kinds) if kind == "reply"],
    }
    made = batching.of_events(events["status"], events["reply"])
    assert [event for one in made for event in one.statuses] == events["status"]
    assert [event for one in made for event in one.replies] == events["reply"]


def test_equal_statuses_are_all_queued(queue: Queue) -> None:
    assert_accepted(push([STATUS, STATUS, REPLY, REPLY]))
    assert len(queue.events("statuses")) == 2
    assert len(queue.events("replies")) == 2


# --- the body ----------------------------------------------------------------------------------

TEXT = json.dumps(REPLY | {"text": "中文😀"}, ensure_ascii=False)


@pytest.mark.parametrize(
    "body",
    [
        TEXT,
        TEXT.encode(),
        b"\xef\xbb\xbf" + TEXT.encode(),
        "\ufeff" + TEXT,
        json.dumps(json.loads(TEXT)),
        f" {TEXT}\r\n",
    ],
    ids=["text", "bytes", "bom-bytes", "bom-text", "escaped", "padded"],
)
def test_a_body_is_read_from_text_and_bytes(queue: Queue, body: str | bytes) -> None:
    assert_accepted(push(body))
    assert queue.messages == [{"replies": [REPLY | {"text": "中文😀"}]}]


class TextRequest:
    """A request whose body is text."""

    method = "POST"

    def __init__(self, raw_body: str) -> None:
        self.raw_body = raw_body


@pytest.mark.parametrize(
    "body",
    [
        TEXT,
        pytest.param(
            "\ufeff" + TEXT,
        ),
    ],
    ids=["text", "bom"],
)
def test_a_raw_body_may_be_text(queue: Queue, body: str) -> None:
    made: Any = TextRequest(body)
    assert_accepted(tencent_callback.receive(TOKEN, made))


@pytest.mark.parametrize(
    "body",
    [
        b"0",
        b"true",
        b'"x"',
        b"{",
        b"mobile=13800000000",
        b"<xml/>",
        b"\xff",
        b"[" * 100_000,
        b'{"time": 1' + b"0" * 5000 + b"}",
    ],
    ids=lambda body: str(body[:20]),
)
def test_garbage_is_refused_and_not_queued(queue: Queue, body: bytes) -> None:
    response = push(body)
    assert response.status_code == response.body["result"] == 400
    assert response.body["errmsg"]
    assert queue.messages == []


@pytest.mark.parametrize(
    "event",
    [REPLY | {"text": "收到\ud83d"}, STATUS | {"description": "\udc00"}],
    ids=["reply", "status"],
)
def test_an_event_with_half_a_character_is_queued(queue: Queue, event: dict[str, Any]) -> None:
    assert_accepted(push([STATUS | {"sid": "good"}, event]))
    assert "good" in [status["sid"] for status in queue.events("statuses")]


def test_long_statuses_are_queued_in_messages_that_sqs_accepts(queue: Queue) -> None:
    assert_accepted(push([STATUS | {"description": "长" * 1000}] * 100))


@pytest.mark.parametrize("control", ["\n", "\r\n", "\t", "\0", "\x1b", "\u2028"])
def test_raw_control_characters_in_a_text_are_read(queue: Queue, control: str) -> None:
    body = json.dumps(REPLY).replace("User's reply", f"User's{control}reply")
    assert_accepted(push(body.encode()))
    assert queue.messages == [{"replies": [REPLY | {"text": f"User's{control}reply"}]}]


@pytest.mark.parametrize("encoding", ["gb18030", "utf-16", "utf-8-sig"])
def test_a_body_is_read_in_another_encoding(queue: Queue, encoding: str) -> None:
    assert_accepted(push(TEXT.encode(encoding)))
    assert queue.messages == [{"replies": [REPLY | {"text": "中文😀"}]}]


def test_numbers_that_became_fractions_are_integers_again(queue: Queue) -> None:
    body = b'[{"sid": 1.0, "nationcode": 86.0, "mobile": 1.3900001111E10, "report_status": "FAIL", "x": 0.5}]'
    assert_accepted(push(body))
    [event] = queue.events("statuses")
    assert event == {
        "sid": 1,
        "nationcode": 86,
        "mobile": 13900001111,
        "report_status": "FAIL",
        "x": "0.5",
    }


FORM = {**REPLY, "text": "退订 & 谢谢+1", "sign": "某某科技"}
AS_TEXT = {name: str(value) for name, value in FORM.items()}


@pytest.mark.parametrize("encoding", ["utf-8", "gbk"])
@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "text/plain", ""])
def test_a_reply_may_be_a_form(queue: Queue, encoding: str, content_type: str) -> None:
    body = urlencode(FORM, encoding=encoding)
    headers = {"content-type": content_type}
    assert_accepted(tencent_callback.receive(TOKEN, request(body, headers=headers)))
    assert queue.messages == [{"replies": [AS_TEXT]}]


def test_a_short_text_in_gbk_is_read_with_the_other_fields(queue: Queue) -> None:
    """The bytes of this text alone are valid in UTF-8, too."""
    assert_accepted(push(urlencode(FORM | {"text": "谢谢"}, encoding="gbk")))
    assert queue.messages == [{"replies": [AS_TEXT | {"text": "谢谢"}]}]


def multipart(
    fields: dict[str, Any],
    *,
    encoding: str = "utf-8",
    end: str = "\r\n",
    boundary: str = "----WebKitFormBoundary7MA4YWxk",
    more: str = "",
) -> bytes:
    """Return a multipart form; `more` is a further header of each part."""
    parts = [
        f'--{boundary}{end}Content-Disposition: form-data; name="{name}"{more}{end}{end}{value}{end}'
        for name, value in fields.items()
    ]
    return ("".join(parts) + f"--{boundary}--{end}").encode(encoding)


MULTIPART_TEXT = "第一行\r\n\r\n--第三行 name=x"


@pytest.mark.parametrize("encoding", ["utf-8", "gbk"])
@pytest.mark.parametrize("end", ["\r\n", "\n"], ids=ascii)
@pytest.mark.parametrize(
    "more",
    [
        "",
        '; filename="blob"',
        "\r\nContent-Type: text/plain; charset=x\r\nContent-Transfer-Encoding: binary",
    ],
    ids=ascii,
)
@pytest.mark.parametrize("content_type", ["multipart/form-data; boundary=x", ""])
def test_field_25_a_reply_may_be_a_multipart_form(
    queue: Queue, encoding: str, end: str, more: str, content_type: str
) -> None:
    body = multipart(
        FORM | {"text": MULTIPART_TEXT}, encoding=encoding, end=end, more=more.replace("\r\n", end)
    )
    headers = {"content-type": content_type}
    assert_accepted(tencent_callback.receive(TOKEN, request(body, headers=headers)))
    assert queue.messages == [{"replies": [AS_TEXT | {"text": MULTIPART_TEXT}]}]


def test_field_25_a_multipart_form_may_hold_json(queue: Queue) -> None:
    assert_accepted(push(multipart({"data": json.dumps([STATUS, None]), "file": ""})))
    assert queue.messages == [{"statuses": [STATUS]}]


@pytest.mark.parametrize(
    "body",
    [
        b"--",
        b"--x",
        b"--x--\r\n",
        b"--x\r\n--x\r\n--x",
        b"--x\r\nContent-Disposition: form-data\r\n\r\n[]\r\n--x--",
        b"--x\r\nname=text\r\n\r\n1\r\n--x--",
        multipart({"photo": "\x89PNG\r\n\x1a\n"}),
        multipart({f"field{number}": "1" for number in range(500)}),
        multipart({"name": "x" * 100_000}, boundary="x" * 100_000),
        b"<xml><text>1</text></xml>",
        b"\x1f\x8b\x08\x00\x00\x00\x00\x00",
        b"\x89PNG\r\n\x1a\n\0\0\0",
        b"\xac\xed\x00\x05sr",
    ],
    ids=lambda body: ascii(body[:20]),
)
@pytest.mark.parametrize(
    "content_type",
    ["multipart/form-data", "multipart/form-data; boundary=", "application/xml", "image/png", "?"],
)
def test_field_25_what_is_no_push_is_refused_whatever_its_content_type(
    queue: Queue, body: bytes, content_type: str
) -> None:
    made = request(body, headers={"content-type": content_type})
    response = tencent_callback.receive(TOKEN, made)
    assert response.status_code == 400
    assert response.body["result"] == 400
    assert response.body["errmsg"]
    assert queue.messages == []


@examples(300)
@given(st.binary(max_size=200))
def test_a_multipart_form_of_any_bytes_is_answered(body: bytes) -> None:
    form = tencent_callback._multipart("--x\r\n" + body.decode("latin-1"))
    assert all(name and isinstance(value, str) for name, value in form)


def test_a_form_may_hold_json(queue: Queue) -> None:
    assert_accepted(push(urlencode({"time": "1", "data": json.dumps([STATUS, None])})))
    assert queue.messages == [{"statuses": [STATUS]}]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_reply_may_stand_in_the_url(queue: Queue, method: str) -> None:
    made = request(b"", method=method, query=AS_TEXT)
    assert_accepted(tencent_callback.receive(TOKEN, made))
    assert queue.messages == [{"replies": [AS_TEXT]}]


def test_a_body_counts_before_the_url(queue: Queue) -> None:
    made = request(json.dumps([STATUS]), query=AS_TEXT)
    assert_accepted(tencent_callback.receive(TOKEN, made))
    assert queue.messages == [{"statuses": [STATUS]}]


@pytest.mark.parametrize("query", [None, {}, {"probe": "1"}], ids=str)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_probe_of_the_url_is_accepted(
    queue: Queue, method: str, query: dict[str, str] | None
) -> None:
    assert_accepted(tencent_callback.receive(TOKEN, request(b"", method=method, query=query)))
    assert queue.messages == []


def test_a_form_of_too_many_fields_is_refused(queue: Queue) -> None:
    fields = REPLY | {f"field{number}": "x" for number in range(200)}
    assert push(urlencode(fields)).status_code == 400
    assert queue.messages == []


# --- the token ---------------------------------------------------------------------------------


@pytest.mark.parametrize("token", ["first-token", "second-token"])
def test_every_configured_token_is_accepted(queue: Queue, token: str) -> None:
    assert_accepted(push(STATUS, token))


@pytest.mark.parametrize(
    "token",
    [
        "",
        " ",
        "first",
        "first-token ",
        "First-Token",
        "first-token,second-token",
        "first-token\0",
        "令牌",
        "ｆirst-token",
        "x" * 10_000,
    ],
    ids=lambda token: ascii(token)[:20],
)
def test_another_token_is_refused_and_nothing_is_queued(queue: Queue, token: str) -> None:
    response = push(STATUS, token)
    assert response.status_code == response.body["result"] == 403
    assert queue.messages == []


def test_a_wrong_token_is_refused_before_the_body_is_read(queue: Queue) -> None:
    assert push(b"garbage", "wrong").status_code == 403


def test_an_answer_holds_no_token(queue: Queue) -> None:
    for response in (push(STATUS), push(STATUS, "wrong-token"), push(b"garbage")):
        assert "token" not in json.dumps(response.body).replace(
            "wrong token in the callback URL", ""
        )


@pytest.mark.parametrize("token", ["令牌", "clé", "😀"])
def test_a_token_need_not_be_ascii(queue: Queue, configure: Configure, token: str) -> None:
    configure(TENCENT_CALLBACK_TOKENS=f"other,{token}")
    assert_accepted(push(STATUS, token))
    assert push(STATUS, token + "x").status_code == 403


@pytest.mark.parametrize("token", ["令牌", "a b", "a+b=/"])
def test_a_token_is_compared_decoded(queue: Queue, configure: Configure, token: str) -> None:
    configure(TENCENT_CALLBACK_TOKENS=token)
    assert_accepted(push(STATUS, quote(token, safe="")))


# --- the queue ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "error", [sending.NotQueuedError("x"), OSError("secret"), KeyError("x")], ids=repr
)
def test_a_callback_that_could_not_be_queued_is_answered_with_an_error(
    queue: Queue, error: Exception
) -> None:
    queue.error = error
    response = push([STATUS])
    assert response.status_code == response.body["result"] == 500
    assert "secret" not in json.dumps(response.body)


def test_chalice_gives_the_body_of_a_request_as_bytes() -> None:
    # The endpoint and the parsing of Quick Audience's bodies rely on this.
    made: Request = request('{"text": "中"}')
    assert made.raw_body == '{"text": "中"}'.encode()


@pytest.mark.parametrize(
    ("event", "phone"),
    [
        (STATUS, "8613xxxxxxxx"),
        ({"nationcode": "852", "mobile": "51234567"}, "85251234567"),
        ({"nationcode": 86, "mobile": 13900001111}, "8613900001111"),
        ({"mobile": "13900001111"}, "8613900001111"),
        ({"nationcode": None, "mobile": "13900001111"}, "8613900001111"),
        ({"nationcode": "86", "mobile": None}, "86"),
        ({}, "86"),
        ({"nationcode": "86", "mobile": "1" * 200}, "86" + "1" * 98),
    ],
)
def test_the_phone_of_an_event_has_the_stored_form(event: dict[str, Any], phone: str) -> None:
    assert events.phone_of(event) == phone
