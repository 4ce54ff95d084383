"""The bodies of the queues' messages: what one release wrote, the release before and the one after it read."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.chunks import ChunkKey
from chalicelib.domain.push_batches import Entry, PushKind
from chalicelib.queues.bodies import (
    Body,
    CallbackBody,
    EarlierTries,
    FileBody,
    ReceiptBody,
    SendBody,
    UnreadableBodyError,
)
from chalicelib.queues.outcome_inquiry import OutcomeInquiry
from tests.support.property_tests import examples

STATUS = {
    "user_receive_time": "2026-03-02 10:00:07",
    "nationcode": "86",
    "mobile": "13900001111",
    "report_status": "SUCCESS",
    "errmsg": "DELIVRD",
    "description": "用户短信送达成功",
    "sid": "2019:538353649",
}
REPLY = {
    "nationcode": "86",
    "mobile": "13900001111",
    "text": "退订",
    "sign": "品牌",
    "time": 1772416800,
    "extend": "",
}
DETAIL = {
    "outId": "task-1",
    "phoneNum": "13900001111",
    "sendStatus": 2,
    "sendDate": "2026-03-02 10:00:00",
    "receiveDate": "2026-03-02 10:00:07",
    "errCode": "DELIVERED",
    "message": "",
}
ANSWER = {
    "outId": "task-1",
    "phoneNum": "13900001111",
    "sendTime": "2026-03-02 10:00:00",
    "content": "退订",
}

# The texts that release 0.1 put on the queues, before bodies had a form number, and what each means.
RELEASE_0_1: dict[str, tuple[str, Body]] = {
    "a chunk to send": (
        '{"outId":"task-1","bizId":"b1","start":0,"attempt":2}',
        SendBody(ChunkKey("task-1", "b1", 0), 2),
    ),
    "a file to read": ('{"outId":"task-1","bizId":"b1"}', FileBody("task-1", "b1")),
    "a status": (
        (
            '{"id":"0123456789abcdef","statuses":[{"user_receive_time":"2026-03-02 10:00:07","nationcode":"86",'
            '"mobile":"13900001111","report_status":"SUCCESS","errmsg":"DELIVRD",'
            '"description":"用户短信送达成功","sid":"2019:538353649"}]}'
        ),
        CallbackBody(id="0123456789abcdef", statuses=[STATUS]),
    ),
    "a status that was looked for": (
        (
            '{"id":"0123456789abcdef","statuses":[{"user_receive_time":"2026-03-02 10:00:07","nationcode":"86",'
            '"mobile":"13900001111","report_status":"SUCCESS","errmsg":"DELIVRD",'
            '"description":"用户短信送达成功","sid":"2019:538353649"}],"looks":3,"since":1772416800}'
        ),
        CallbackBody(id="0123456789abcdef", statuses=[STATUS], looks=3, since=1772416800),
    ),
    "a reply": (
        (
            '{"id":"0123456789abcdef","replies":[{"nationcode":"86","mobile":"13900001111","text":"退订",'
            '"sign":"品牌","time":1772416800,"extend":""}]}'
        ),
        CallbackBody(id="0123456789abcdef", replies=[REPLY]),
    ),
    "a reply that was looked for": (
        (
            '{"id":"0123456789abcdef","replies":[{"nationcode":"86","mobile":"13900001111","text":"退订",'
            '"sign":"品牌","time":1772416800,"extend":""}],"looks":1,"since":1772416801}'
        ),
        CallbackBody(id="0123456789abcdef", replies=[REPLY], looks=1, since=1772416801),
    ),
    "a receipt": (
        (
            '{"kind":"details","outId":"task-1","entries":[{"outId":"task-1","phoneNum":"13900001111","sendStatus":2,'
            '"sendDate":"2026-03-02 10:00:00","receiveDate":"2026-03-02 10:00:07","errCode":"DELIVERED","message":"",'
            '"at":["b1",3]}]}'
        ),
        ReceiptBody("details", "task-1", [Entry(DETAIL, ("b1", 3))]),
    ),
    "a reply to push": (
        (
            '{"kind":"reply","outId":"task-1","entries":[{"outId":"task-1","phoneNum":"13900001111",'
            '"sendTime":"2026-03-02 10:00:00","content":"退订","at":["b1",3]}]}'
        ),
        ReceiptBody("reply", "task-1", [Entry(ANSWER, ("b1", 3))]),
    ),
    "a reply to push without its position": (
        (
            '{"kind":"reply","outId":"task-1","entries":[{"outId":"task-1","phoneNum":"13900001111",'
            '"sendTime":"2026-03-02 10:00:00","content":"退订"}]}'
        ),
        ReceiptBody("reply", "task-1", [Entry(ANSWER)]),
    ),
}
# A literal that is wrong in itself would be read as wrongly by every test below.
assert all(json.loads(text) for text, _ in RELEASE_0_1.values())


@pytest.mark.parametrize(("text", "body"), RELEASE_0_1.values(), ids=RELEASE_0_1)
def test_a_body_of_release_0_1_is_read(text: str, body: Body) -> None:
    assert type(body).decode(text) == body


@pytest.mark.parametrize(("text", "body"), RELEASE_0_1.values(), ids=RELEASE_0_1)
def test_a_body_keeps_every_key_and_value_that_release_0_1_read(text: str, body: Body) -> None:
    """After a rollback by one release, the older code reads the messages that are on their way."""
    old, new = json.loads(text), json.loads(body.encode())
    assert {name: new[name] for name in old} == old


@pytest.mark.parametrize(("text", "body"), RELEASE_0_1.values(), ids=RELEASE_0_1)
def test_fields_that_a_body_does_not_know_are_ignored(text: str, body: Body) -> None:
    fields = json.loads(text) | {"traceId": "x", "later": {"a": [1]}, "form": 1}
    assert type(body).decode(json.dumps(fields)) == body


@pytest.mark.parametrize(("text", "body"), RELEASE_0_1.values(), ids=RELEASE_0_1)
@pytest.mark.parametrize("form", [2, 99, "2", None])
def test_a_body_of_a_later_form_that_kept_the_fields_is_read(
    text: str, body: Body, form: object
) -> None:
    fields = json.loads(text) | {"form": form, "later": True}
    assert type(body).decode(json.dumps(fields)) == body


@pytest.mark.parametrize("body", [body for _, body in RELEASE_0_1.values()], ids=RELEASE_0_1)
def test_a_body_carries_its_form_number(body: Body) -> None:
    assert json.loads(body.encode())["form"] == 1


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
POSITIONS = st.integers(0, 10**7)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=5,
)
EVENTS = st.lists(st.dictionaries(TEXTS, JSON, max_size=4), max_size=3)
KINDS: st.SearchStrategy[PushKind] = st.sampled_from(["details", "reply"])


@st.composite
def entries(draw: st.DrawFn) -> Entry:
    more = draw(st.dictionaries(TEXTS.filter(lambda name: name != "at"), JSON, max_size=3))
    fields = more | {"outId": draw(TEXTS), "phoneNum": draw(TEXTS)}
    return Entry(fields, draw(st.none() | st.tuples(TEXTS, POSITIONS)))


INQUIRIES = st.builds(
    OutcomeInquiry,
    chunk=st.builds(ChunkKey, TEXTS, TEXTS, POSITIONS),
    began=st.integers(0, 2**33),
    ended=st.integers(0, 2**33),
    positions=st.lists(POSITIONS, max_size=5).map(tuple),
    unsettled=st.lists(POSITIONS, max_size=5).map(tuple),
    round=st.integers(0, 6),
)
BODIES = st.one_of(
    st.builds(SendBody, st.builds(ChunkKey, TEXTS, TEXTS, POSITIONS), st.integers(0, 10**4)),
    st.builds(FileBody, TEXTS, TEXTS),
    st.builds(
        CallbackBody,
        statuses=EVENTS,
        replies=EVENTS,
        id=TEXTS,
        looks=st.integers(0, 100),
        since=st.none() | st.integers(0, 2**33),
        inquiry=st.none() | INQUIRIES,
    ),
    st.builds(
        ReceiptBody,
        KINDS,
        TEXTS,
        st.lists(entries(), min_size=1, max_size=3),
        st.none() | st.builds(EarlierTries, st.integers(0, 1000), TEXTS),
    ),
)


@examples(300)
@given(BODIES)
def test_a_body_is_read_as_it_was_written(body: Body) -> None:
    text = body.encode()
    assert type(body).decode(text) == body
    # SQS takes the characters of XML 1.0 only.
    assert not {"\ufffe", "\uffff"} & set(text)


@examples(50)
@given(INQUIRIES)
def test_to_release_1_0_an_inquiry_is_a_body_without_events(inquiry: OutcomeInquiry) -> None:
    text = CallbackBody(inquiry=inquiry).encode()
    fields = json.loads(text)
    assert isinstance(fields["id"], str)
    assert not {"statuses", "replies", "looks", "since"} & set(fields)
    assert CallbackBody.may_inquire(text)


def test_the_earlier_tries_of_a_push_stand_beside_its_entries() -> None:
    """Release 1.0 ignores them: it pushes every field of an entry that it does not know."""
    earlier = EarlierTries(3, "m1")
    body = ReceiptBody("details", "task-1", [Entry(DETAIL, ("b1", 3))], earlier)
    fields = json.loads(body.encode())
    assert fields.pop("earlier") == {"tries": 3, "name": "m1"}
    assert fields == json.loads(ReceiptBody("details", "task-1", body.entries).encode())


@examples(50)
@given(
    st.builds(ReceiptBody, KINDS, TEXTS, st.lists(entries(), min_size=1, max_size=3)),
    st.builds(EarlierTries, st.integers(0, 1000), TEXTS),
)
def test_earlier_tries_are_added_to_a_text_without_a_loss(
    body: ReceiptBody, earlier: EarlierTries
) -> None:
    later = json.dumps(json.loads(body.encode()) | {"form": 2, "later": [1]})
    text = ReceiptBody.after(ReceiptBody.after(later, EarlierTries(9, "x")), earlier)
    assert ReceiptBody.decode(text) == replace(body, earlier=earlier)
    assert json.loads(text) == json.loads(later) | {
        "earlier": {"tries": earlier.tries, "name": earlier.name}
    }
    assert not {"\ufffe", "\uffff"} & set(text)


def changed(name: str, **fields: Any) -> str:
    return json.dumps(json.loads(RELEASE_0_1[name][0]) | fields)


def without(name: str, field: str) -> str:
    fields = json.loads(RELEASE_0_1[name][0])
    del fields[field]
    return json.dumps(fields)


NO_BODY = [
    "",
    "not JSON",
    "{",
    "null",
    "true",
    "5",
    '"text"',
    "[]",
    "{}",
    '{"form": 1}',
    "[" * 10**5,
]


@pytest.mark.parametrize("text", NO_BODY, ids=lambda text: text[:12])
@pytest.mark.parametrize("kind", [SendBody, FileBody, CallbackBody, ReceiptBody])
def test_a_text_that_is_no_body_is_unreadable(kind: type[Body], text: str) -> None:
    with pytest.raises(UnreadableBodyError, match=kind.__name__):
        kind.decode(text)


UNREADABLE: dict[str, tuple[type[Body], str]] = {
    "send without outId": (SendBody, without("a chunk to send", "outId")),
    "send without bizId": (SendBody, without("a chunk to send", "bizId")),
    "send without start": (SendBody, without("a chunk to send", "start")),
    "send without attempt": (SendBody, without("a chunk to send", "attempt")),
    "send with a start that is no number": (SendBody, changed("a chunk to send", start="first")),
    "send with an infinite start": (SendBody, changed("a chunk to send", start=float("inf"))),
    "send with an attempt that is no number": (SendBody, changed("a chunk to send", attempt=None)),
    "file without outId": (FileBody, without("a file to read", "outId")),
    "file without bizId": (FileBody, without("a file to read", "bizId")),
    "callback without id": (CallbackBody, without("a status", "id")),
    "callback whose statuses are no list": (CallbackBody, changed("a status", statuses=5)),
    "callback whose replies are no list": (CallbackBody, changed("a status", replies=None)),
    "callback whose looks are no number": (CallbackBody, changed("a status", looks="many")),
    "callback whose arrival is no number": (CallbackBody, changed("a status", since="now")),
    "inquiry without positions": (
        CallbackBody,
        changed("a status", inquiry={"outId": "x", "bizId": "b", "start": 0, "began": 1}),
    ),
    "inquiry that is a list": (CallbackBody, changed("a status", inquiry=[1])),
    "receipt without kind": (ReceiptBody, without("a receipt", "kind")),
    "receipt without outId": (ReceiptBody, without("a receipt", "outId")),
    "receipt without entries": (ReceiptBody, without("a receipt", "entries")),
    "receipt of another kind": (ReceiptBody, changed("a receipt", kind="invoice")),
    "receipt with no entry": (ReceiptBody, changed("a receipt", entries=[])),
    "receipt whose entry is empty": (ReceiptBody, changed("a receipt", entries=[{}])),
    "receipt whose entry is a list": (ReceiptBody, changed("a receipt", entries=[[]])),
    "receipt whose entry has no phone": (
        ReceiptBody,
        changed("a receipt", entries=[{"outId": "x"}]),
    ),
    "receipt whose position is no pair": (
        ReceiptBody,
        changed("a receipt", entries=[DETAIL | {"at": ["b1"]}]),
    ),
    "receipt whose earlier tries are no object": (ReceiptBody, changed("a receipt", earlier=5)),
    "receipt whose earlier tries are no number": (
        ReceiptBody,
        changed("a receipt", earlier={"tries": "many", "name": ""}),
    ),
    "receipt whose position is no number": (
        ReceiptBody,
        changed("a receipt", entries=[DETAIL | {"at": ["b1", "x"]}]),
    ),
}


@pytest.mark.parametrize(("kind", "text"), UNREADABLE.values(), ids=UNREADABLE)
def test_a_body_that_no_release_wrote_is_unreadable(kind: type[Body], text: str) -> None:
    with pytest.raises(UnreadableBodyError):
        kind.decode(text)
