"""How the client reads Tencent's answers."""

import json
import random
from collections.abc import Callable
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


# --- numbers in another form, or in none -----------------------------------------------------


SPELLINGS: dict[str, Callable[[str], str]] = {
    "86": lambda mobile: "86" + mobile,
    "plus": lambda mobile: "+86" + mobile,
    "0086": lambda mobile: "0086" + mobile,
    "blanks": lambda mobile: f" {mobile} ",
    "invisible": lambda mobile: mobile + "\u200b",
    "separators": lambda mobile: f"{mobile[:3]}-{mobile[3:7]}-{mobile[7:]}",
}


@pytest.mark.parametrize("spelling", SPELLINGS.values(), ids=SPELLINGS)
@pytest.mark.parametrize("nationcode", ["86", "+86", "", None, 86])
def test_a_detail_may_spell_its_number_in_any_way(
    spelling: Callable[[str], str], nationcode: Any
) -> None:
    details = [detail(n, mobile=spelling(f"138{n:08d}"), nationcode=nationcode) for n in (2, 0, 1)]
    expected = [Accepted(f"2019:{number}", 1) for number in range(3)]
    assert send(numbers(3), bulk(*details)) == expected


@pytest.mark.parametrize("mobile", ["", None, "missing", "138****0001", "+86138****0001", "*" * 11])
def test_the_one_detail_that_is_left_belongs_to_the_one_number_that_is_left(mobile: Any) -> None:
    left = detail(1, mobile=mobile)
    if mobile == "missing":
        del left["mobile"]
    assert send(numbers(3), bulk(detail(2), left, detail(0))) == [
        Accepted("2019:0", 1),
        Accepted("2019:1", 1),
        Accepted("2019:2", 1),
    ]


def test_masked_numbers_are_told_apart_by_the_digits_that_are_left() -> None:
    call = Call(("8613800000001", "8613800000002", "8613900000001"), ())
    details = [
        {"result": 0, "mobile": "139****0001", "sid": "c"},
        {"result": 0, "mobile": "138****0002", "sid": "b"},
        {"result": 1015, "mobile": "1********01", "errmsg": "no"},
    ]
    assert send(call, bulk(*details)) == [
        NumberRefused(1015, "no"),
        Accepted("b", 1),
        Accepted("c", 1),
    ]


def test_details_that_could_be_of_several_numbers_leave_these_unknown() -> None:
    details = [detail(0), detail(1, mobile="138****000*"), detail(2, mobile="")]
    assert send(numbers(3), bulk(*details)) == [Accepted("2019:0", 1), None, None]
    details = [detail(0), detail(1, mobile=""), detail(2, mobile="", result=1016)]
    assert send(numbers(2), bulk(*details)) == [Accepted("2019:0", 1), None]


def test_a_detail_of_another_number_is_not_the_one_that_is_left() -> None:
    results = send(numbers(2), bulk(detail(0), detail(7)))
    assert results == [Accepted("2019:0", 1), None]


REFUSED_AGAIN = {"result": 1026, "errmsg": "same content"}


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize(
    ("second", "result"),
    [
        (REFUSED_AGAIN, Accepted("2019:1", 1)),
        ({"result": 1008}, Accepted("2019:1", 1)),
        ({"result": None}, Accepted("2019:1", 1)),
    ],
    ids=["refused", "timed out", "no code"],
)
def test_of_two_details_of_a_number_the_accepted_one_counts(
    order: int, second: Detail, result: NumberResult
) -> None:
    details = [detail(1), {"mobile": "13800000001", "nationcode": "86"} | second][::order]
    assert send(numbers(2), bulk(detail(0), *details)) == [Accepted("2019:0", 1), result]


@pytest.mark.parametrize("order", [1, -1])
def test_of_an_unknown_and_a_refused_detail_the_unknown_one_counts(order: int) -> None:
    details = [detail(1, result=1008), detail(1, **REFUSED_AGAIN)][::order]
    assert send(numbers(2), bulk(detail(0), *details))[1] is None


# --- a code for the call beside details ---------------------------------------------------------


@pytest.mark.parametrize("code", [1016, 1001, 1013, 1008, 60008, 99, None, "OK"])
@pytest.mark.parametrize("status", [200, 400, 500])
def test_an_accepted_detail_counts_whatever_the_calls_code_says(status: int, code: Any) -> None:
    answer = {"result": code, "errmsg": "x", "detail": [detail(1), detail(0)]}
    assert send(numbers(2), (status, answer)) == [Accepted("2019:0", 1), Accepted("2019:1", 1)]


@pytest.mark.parametrize(
    ("code", "unmentioned"),
    [
        (1016, NumberRefused(1016, "bad", contradicted=True)),
        (1013, NumberRefused(1013, "bad", contradicted=True)),
        (1008, None),
    ],
)
def test_a_number_without_a_detail_has_the_calls_code(code: int, unmentioned: NumberResult) -> None:
    turned = {"result": 1015, "errmsg": "no", "mobile": "13800000001"}
    answer = {"result": code, "errmsg": "bad", "detail": [detail(0), turned]}
    assert send(numbers(3), answer) == [
        Accepted("2019:0", 1),
        NumberRefused(1015, "no"),
        unmentioned,
    ]


@pytest.mark.parametrize("code", [1013, 1016, 1001, 1031, 1014, 99])
@pytest.mark.parametrize(
    "unclear",
    [detail(0, sid=""), detail(0, sid=None), detail(0, result=None), detail(0, result=1008)],
    ids=["no sid", "null sid", "no code", "timed out"],
)
def test_a_refusal_beside_details_that_may_have_been_sent_does_not_hide_them(
    code: int, unclear: Detail
) -> None:
    answer = {"result": code, "errmsg": "x", "detail": [unclear, detail(1, result=1015)]}
    assert send(numbers(2), answer) == [None, NumberRefused(1015, "OK")]


@pytest.mark.parametrize(
    "details",
    [[], None, [detail(0, result=1015)], [{"mobile": "13900000000", "result": 0}]],
    ids=["none", "null", "refused", "of another number"],
)
def test_a_code_counts_for_the_call_where_no_detail_may_have_been_sent(details: Any) -> None:
    with pytest.raises(CallRefusedError):
        send(numbers(2), {"result": 1016, "errmsg": "x", "detail": details})


def test_a_sid_beside_a_code_is_no_acceptance_of_a_single_number() -> None:
    with pytest.raises(CallRefusedError):
        send(ONE, {"result": 1016, "errmsg": "x", "sid": "8:x", "fee": 1})


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


# --- how the answer is written -----------------------------------------------------------------


@pytest.mark.parametrize("call", [ONE, TWO, ABROAD], ids=["sendsms", "sendmultisms2", "sendisms"])
@pytest.mark.parametrize(
    ("before", "behind"),
    [
        (b"\xef\xbb\xbf", b""),
        (b"\xef\xbb\xbf" * 2, b"\0"),
        (b"\r\n ", b"\n"),
        (b"", b"\xef\xbb\xbf"),
    ],
    ids=["bom", "two boms", "blanks", "bom behind"],
)
def test_an_answer_with_a_byte_order_mark_is_read(call: Call, before: bytes, behind: bytes) -> None:
    answer = bulk(detail(0, mobile="13788888888"), detail(1, mobile="13788888889")) | {"sid": "x"}
    results = send(call, before + json.dumps(answer).encode() + behind)
    assert all(isinstance(result, Accepted) for result in results)


@pytest.mark.parametrize("control", [b"\n", b"\r\n", b"\t", b"\0", b"\x1b"])
def test_a_refusal_with_a_raw_control_character_is_read(control: bytes) -> None:
    with pytest.raises(CallRefusedError) as caught:
        send(ONE, b'{"result":1002,"errmsg":"bad' + control + b'word"}')
    assert caught.value.code == 1002
    assert "word" in caught.value.said


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-16"])
@pytest.mark.parametrize("content_type", ["text/html", "text/plain; charset=latin-1", ""])
def test_chinese_is_read_whatever_the_content_type_says(encoding: str, content_type: str) -> None:
    session, transport = (
        requests.Session(),
        Transport('{"result":1016,"errmsg":"手机号格式错误"}'.encode(encoding)),
    )
    transport.headers = {"Content-Type": content_type}
    session.mount("https://", transport)
    with pytest.raises(CallRefusedError) as caught:
        Client("https://yun.tim.qq.com/v5/tlssmssvr", "1400006666", "key", session).send(
            ONE, sign="s", tpl_id=1
        )
    assert caught.value.said == "手机号格式错误"


@pytest.mark.parametrize("zero", ["0.0", "-0.0", "0e0", '"0.0"', '" 0 "', "0.000"])
def test_a_code_may_be_written_as_a_fraction(zero: str) -> None:
    sent = send(ONE, f'{{"result": {zero}, "sid": 12345.0, "fee": 2.0}}'.encode())
    assert sent == [Accepted("12345", 2)]
    text = f'{{"result": 1.016E3, "errmsg": "x", "detail": [{{"result": {zero}}}]}}'
    with pytest.raises(CallRefusedError) as caught:
        send(TWO, text.encode())
    assert caught.value.code == 1016


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


@pytest.mark.parametrize("tpl_id", [123, 123.0, "123", " 123.0 "])
def test_integers_of_templates_and_signs_are_read_in_every_spelling(tpl_id: Any) -> None:
    data = {"id": tpl_id, "status": "0.0", "type": 1.0, "international": "x", "text": "1.0"}
    made = {"id": 123, "status": 0, "type": 1, "text": "1.0"}
    ok = {"result": 0, "data": data}
    assert client(ok).add_sign(text="s") == made
    ok = {"result": 0, "data": [data]}
    assert client(ok).get_template([123]) == client(ok).get_sign([123]) == [made]
    counts = {"result": 0, "data": {"request": 5.0, "success": "7", "bill": None}}
    assert client(counts).pullsendstatus(0, 1) == {"request": 5, "success": 7}


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
