"""How the client reads Tencent's answers."""

import json
import random
from typing import Any

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.planning import Call
from chalicelib.tencent.error_codes import MEANINGS, CodeClass
from chalicelib.tencent.interface import (
    Accepted,
    CallRefusedError,
    NotSentError,
    NumberRefused,
    NumberResult,
    OutcomeUnknownError,
    TencentError,
)
from chalicelib.tencent.v5 import Client
from tests.support.property_tests import examples
from tests.support.transport import Transport

Detail = dict[str, Any]
ONE = Call(("8613788888888",), ())
ABROAD = Call(("85251234567",), ())
TWO = Call(("8613788888888", "8613788888889"), ())


def client(*answers: Any) -> Client:
    session, transport = requests.Session(), Transport(*answers)
    session.mount("https://", transport)
    return Client("https://yun.tim.qq.com/v5/tlssmssvr", "1400006666", "key", session)


def send(call: Call, answer: Any) -> list[NumberResult]:
    return client(answer).send(call, sign="s", tpl_id=1)


def detail(number: int, **changes: Any) -> Detail:
    accepted = {
        "result": 0,
        "errmsg": "OK",
        "mobile": f"138{number:08d}",
        "nationcode": "86",
        "sid": f"2019:{number}",
        "fee": 1,
    }
    return accepted | changes


def bulk(*details: Any) -> dict[str, Any]:
    return {"result": 0, "errmsg": "OK", "ext": "", "detail": list(details)}


def numbers(count: int) -> Call:
    return Call(tuple(f"86138{number:08d}" for number in range(count)), ())


# --- accepted ---------------------------------------------------------------------------------


@pytest.mark.parametrize("call", [ONE, ABROAD], ids=["sendsms", "sendisms"])
@pytest.mark.parametrize(
    ("answer", "result"),
    [
        (
            {"result": 0, "errmsg": "OK", "ext": "", "fee": 1, "sid": "xxxxxxx"},
            Accepted("xxxxxxx", 1),
        ),
        (
            {
                "result": 0,
                "errmsg": "OK",
                "ext": "",
                "sid": "8:kEhwkrUnZ8b1kM0eAwK20180523",
                "fee": 3,
            },
            Accepted("8:kEhwkrUnZ8b1kM0eAwK20180523", 3),
        ),
        ({"result": 0, "sid": "2019:7578492220075326171"}, Accepted("2019:7578492220075326171", 1)),
        (
            {"result": "0", "sid": 12345678901234567890, "fee": None},
            Accepted("12345678901234567890", 1),
        ),
        ({"result": 0, "sid": "x", "isocode": "HK", "nationcode": "852"}, Accepted("x", 1)),
        ({"ErrorCode": 0, "sid": "x"}, Accepted("x", 1)),
        ({"result": 0, "errmsg": "OK"}, None),
        ({"result": 0, "sid": ""}, None),
        ({"result": 0, "sid": None}, None),
    ],
    ids=[
        "document",
        "old-sid",
        "new-sid",
        "numbers-as-text",
        "more",
        "gateway",
        "no-sid",
        "empty-sid",
        "null-sid",
    ],
)
def test_an_accepted_number_has_its_sid(call: Call, answer: Any, result: NumberResult) -> None:
    assert send(call, answer) == [result]


@given(st.integers(2, 30), st.randoms(use_true_random=False))
@examples(25)
def test_details_are_matched_by_number_in_any_order(count: int, order: random.Random) -> None:
    details = [detail(number) for number in range(count)]
    order.shuffle(details)
    expected = [Accepted(f"2019:{number}", 1) for number in range(count)]
    assert send(numbers(count), bulk(*details)) == expected


def test_the_documents_own_answer_is_read() -> None:
    answer = json.loads("""{
      "result": 0, "errmsg": "OK", "ext": "",
      "detail": [
        {"result": 0, "errmsg": "OK", "mobile": "13788888888", "nationcode": "86", "sid": "xxxxxxx", "fee": 1},
        {"result": 0, "errmsg": "OK", "mobile": "13788888889", "nationcode": "86", "sid": "xxxxxxy", "fee": 2}
      ]}""")
    assert send(TWO, answer) == [Accepted("xxxxxxx", 1), Accepted("xxxxxxy", 2)]


def test_a_number_that_the_answer_does_not_mention_has_an_unknown_outcome() -> None:
    assert send(numbers(3), bulk(detail(2))) == [None, None, Accepted("2019:2", 1)]


def test_a_number_that_was_not_asked_for_is_ignored() -> None:
    assert send(numbers(2), bulk(detail(7), detail(1), detail(0))) == [
        Accepted("2019:0", 1),
        Accepted("2019:1", 1),
    ]


@pytest.mark.parametrize("value", [None, [], {}, "x", 0, [None, 1, "x", [], {}]], ids=str)
def test_without_usable_details_every_outcome_is_unknown(value: Any) -> None:
    assert send(TWO, {"result": 0, "errmsg": "OK", "detail": value}) == [None, None]


def test_without_any_details_every_outcome_is_unknown() -> None:
    assert send(TWO, {"result": 0, "errmsg": "OK"}) == [None, None]


@pytest.mark.parametrize("number", [["13788888888"], {"n": 1}], ids=str)
def test_an_unusable_detail_does_not_affect_the_others(number: Any) -> None:
    results = send(numbers(2), bulk(detail(0), detail(1, mobile=number)))
    assert results == [Accepted("2019:0", 1), None]


def test_a_detail_whose_number_is_a_json_number_is_matched() -> None:
    assert send(numbers(2), bulk(detail(0, mobile=13800000000), detail(1)))[0] is not None


# --- numbers refused one by one ---------------------------------------------------------------


def test_a_refused_number_needs_neither_sid_nor_fee() -> None:
    turned = {
        "result": 1016,
        "errmsg": "手机号格式错误",
        "mobile": "13800000001",
        "nationcode": "86",
    }
    assert send(numbers(2), bulk(detail(0), turned)) == [
        Accepted("2019:0", 1),
        NumberRefused(1016, "手机号格式错误"),
    ]


@pytest.mark.parametrize("text", [{}, {"errmsg": None}, {"errmsg": ""}], ids=str)
def test_a_number_may_be_refused_without_a_text(text: Detail) -> None:
    turned = {"result": "1015", "mobile": "13800000001"} | text
    assert send(numbers(2), bulk(detail(0), turned))[1] == NumberRefused(1015, "")


@pytest.mark.parametrize(
    "code", [code for code, one in MEANINGS.items() if one.kind is CodeClass.UNKNOWN]
)
def test_a_number_that_timed_out_has_an_unknown_outcome(code: int) -> None:
    assert send(numbers(2), bulk(detail(0), detail(1, result=code)))[1] is None


@pytest.mark.parametrize("result", [None, "", "OK", [], {}], ids=repr)
def test_a_number_without_a_code_has_an_unknown_outcome(result: Any) -> None:
    assert send(numbers(2), bulk(detail(0), detail(1, result=result)))[1] is None


def test_an_accepted_number_without_a_sid_has_an_unknown_outcome() -> None:
    assert send(numbers(2), bulk(detail(0), detail(1, sid="")))[1] is None


# --- refused ----------------------------------------------------------------------------------


@pytest.mark.parametrize("call", [ONE, TWO, ABROAD], ids=["sendsms", "sendmultisms2", "sendisms"])
@pytest.mark.parametrize(
    ("answer", "code", "said"),
    [
        ({"result": 1016, "errmsg": "手机号格式错误", "ext": ""}, 1016, "手机号格式错误"),
        (
            {"result": 1004, "errmsg": "package format error,cannot get /tel/mobile"},
            1004,
            "package",
        ),
        ({"result": 1014, "msg": "template params error"}, 1014, "template params error"),
        ({"result": 1014, "errmsg": "", "msg": "fallback"}, 1014, "fallback"),
        ({"result": 1014, "errmsg": None}, 1014, ""),
        ({"result": "1001", "errmsg": "sig"}, 1001, "sig"),
        ({"ActionStatus": "FAIL", "ErrorCode": 1001, "ErrorInfo": "sig error"}, 1001, "sig error"),
        ({"result": 60012, "errmsg": "unexplained"}, 60012, "unexplained"),
        ({"result": -1, "errmsg": "negative"}, -1, "negative"),
        ({"result": 1016, "errmsg": "x", "sid": "8:x", "fee": 1}, 1016, "x"),
    ],
    ids=[
        "errmsg",
        "no-ext",
        "msg",
        "empty-errmsg",
        "no-text",
        "text-code",
        "gateway",
        "unpublished",
        "negative",
        "sid",
    ],
)
def test_a_code_other_than_0_is_a_refusal(call: Call, answer: Any, code: int, said: str) -> None:
    with pytest.raises(CallRefusedError) as caught:
        send(call, answer)
    assert caught.value.code == code
    assert said in caught.value.said
    assert str(code) in caught.value.explain()


@pytest.mark.parametrize("status", [400, 401, 403, 404, 500])
def test_a_refusal_counts_with_any_http_status(status: int) -> None:
    with pytest.raises(CallRefusedError) as caught:
        send(ONE, (status, {"result": 1014, "errmsg": "x"}))
    assert caught.value.code == 1014


@pytest.mark.parametrize(
    "code", [code for code, one in MEANINGS.items() if one.kind is not CodeClass.UNKNOWN]
)
def test_every_published_code_but_two_is_a_refusal(code: int) -> None:
    with pytest.raises(CallRefusedError) as caught:
        send(ONE, {"result": code, "errmsg": "x"})
    assert caught.value.meaning is MEANINGS[code]


@pytest.mark.parametrize("status", [301, 302, 307, 308, 400, 401, 403, 404, 405, 413, 415, 451])
@pytest.mark.parametrize("body", [b"", b"<html>", b"{}"], ids=["empty", "html", "object"])
def test_a_redirect_or_client_error_is_a_refusal(status: int, body: bytes) -> None:
    with pytest.raises(CallRefusedError) as caught:
        send(ONE, (status, body))
    assert caught.value.code == status


def test_a_redirect_is_not_followed() -> None:
    session, transport = requests.Session(), Transport((307, b""), {"result": 0, "sid": "x"})
    session.mount("https://", transport)
    with pytest.raises(CallRefusedError):
        Client("https://yun.tim.qq.com", "1", "key", session).send(ONE, sign="s", tpl_id=1)
    assert len(transport.sent) == 1


def test_too_many_requests_were_not_sent() -> None:
    with pytest.raises(NotSentError):
        send(ONE, (429, b"slow down"))


# --- unknown outcomes --------------------------------------------------------------------------


@pytest.mark.parametrize("call", [ONE, TWO, ABROAD], ids=["sendsms", "sendmultisms2", "sendisms"])
@pytest.mark.parametrize(
    "answer",
    [
        {"result": 1008, "errmsg": "timeout"},
        {"result": 60008, "errmsg": "timeout"},
        {"result": "60008"},
        {"ActionStatus": "FAIL", "ErrorCode": 60008, "ErrorInfo": "service timeout"},
    ],
    ids=["1008", "60008", "60008-as-text", "60008-of-the-gateway"],
)
def test_tencents_own_timeouts_leave_the_outcome_unknown(call: Call, answer: Any) -> None:
    with pytest.raises(OutcomeUnknownError):
        send(call, answer)


@pytest.mark.parametrize("status", [500, 502, 503, 504, 599])
@pytest.mark.parametrize("body", [b"", b"<html>", b"{}"], ids=["empty", "html", "object"])
def test_a_server_error_leaves_the_outcome_unknown(status: int, body: bytes) -> None:
    with pytest.raises(OutcomeUnknownError):
        send(ONE, (status, body))


GARBAGE = [
    b"",
    b" ",
    b"OK",
    b"<html>",
    b"{}",
    b"[]",
    b"null",
    b"0",
    b'"x"',
    b"NaN",
    b'{"result": 0, "sid": "x"',
    b'{"result": null}',
    b'{"result": ""}',
    b'{"result": "OK"}',
    b'{"result": []}',
    b'{"result": {"code": 0}}',
    b'{"result": NaN}',
    b'{"code": 0}',
    b'[{"result": 0, "sid": "x"}]',
    b"\xff\xfe\x00",
    b"\x80abc",
    b'{"result": 1' + b"0" * 5000 + b"}",
]


@pytest.mark.parametrize("body", GARBAGE, ids=lambda body: str(body[:24]))
def test_garbage_leaves_the_outcome_unknown(body: bytes) -> None:
    with pytest.raises(OutcomeUnknownError):
        send(ONE, body)


@pytest.mark.parametrize(
    "body",
    [b'{"result": Infinity}', b'{"result": -1e999}', b"[" * 100_000],
    ids=["infinity", "overflow", "deep"],
)
def test_excessive_nesting_leaves_the_outcome_unknown(body: bytes) -> None:
    with pytest.raises(OutcomeUnknownError):
        send(ONE, body)


@pytest.mark.parametrize("result", ["false", "0.9", "true", '"０"', '"0_0"'])
def test_a_result_that_is_not_an_integer_leaves_the_outcome_unknown(result: str) -> None:
    with pytest.raises(OutcomeUnknownError):
        send(ONE, f'{{"result": {result}, "sid": "x"}}'.encode())


@given(
    st.binary(max_size=40)
    | st.recursive(
        st.none() | st.booleans() | st.integers(-1100, 1100) | st.text(max_size=4),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["result", "ErrorCode", "detail", "sid", "errmsg"]), inner
            )
        ),
        max_leaves=8,
    ).map(lambda value: json.dumps(value).encode())
)
@examples(150)
def test_any_answer_gives_results_or_a_known_error(body: bytes) -> None:
    try:
        results = send(TWO, body)
    except TencentError:
        return
    assert len(results) == 2


# --- templates and signs ----------------------------------------------------------------------


def test_an_added_template_is_answered_as_tencent_describes_it() -> None:
    data = {"id": 123, "text": "xxxxx", "status": 1, "type": 0}
    made = client({"result": 0, "msg": "", "data": data}).add_template(
        text="t", title="n", remark="r", kind=0, international=False
    )
    assert made == data


@pytest.mark.parametrize("data", [None, [], {}, {"id": None}, {"id": "x"}, {"id": 1.5}], ids=str)
def test_a_template_that_is_answered_without_an_id_may_have_been_created(data: Any) -> None:
    with pytest.raises(OutcomeUnknownError):
        client({"result": 0, "data": data}).mod_template(1, text="t", title="n", remark="r", kind=0)


@pytest.mark.parametrize("name", ["get_template", "get_sign"])
@pytest.mark.parametrize(
    ("data", "found"),
    [
        ([{"id": 123, "status": 0}], [{"id": 123, "status": 0}]),
        ([{"id": 1}, None, "x", {"id": 2}], [{"id": 1}, {"id": 2}]),
        ([], []),
        (None, []),
        ({"id": 1}, []),
    ],
    ids=["one", "with-garbage", "none", "null", "no-list"],
)
def test_reviews_are_a_list_of_objects(name: str, data: Any, found: list[Any]) -> None:
    assert getattr(client({"result": 0, "errmsg": "", "data": data}), name)([123]) == found


@pytest.mark.parametrize("text", ["msg", "errmsg"])
def test_the_reason_of_a_rejected_template_is_read_under_either_name(text: str) -> None:
    with pytest.raises(CallRefusedError) as caught:
        client({"result": 1004, text: "bad text"}).add_template(
            text="t", title="n", remark="r", kind=0, international=False
        )
    assert caught.value.said == "bad text"
