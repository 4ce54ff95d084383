"""The checks of calls, which are answered with Tencent's error codes; and the answers' format."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from local.tencent.background import running
from local.tencent.checks import Application, signature
from local.tencent.formats import encode
from local.tencent.presets import DEFAULT_SIGN, Preset
from tests.support.simulators.tencent import (
    CODE_TEMPLATE,
    FOREIGN_TEMPLATE,
    MOBILE,
    SDKAPPID,
    Caller,
    tel,
)

DOCUMENT_APPKEY = "5f03a35d00ee52a21327ab048186a2c4"
DOCUMENT_RANDOM = "7226249334"
DOCUMENT_TIME = 1457336869
PLAIN_SIG = "c13e54f047ed75e821e698730c72d030dc30e5b510b3f8a0fb6fb7605283d7df"
SINGLE_SIG = "ecab4881ee80ad3d76bb1da68387428ca752eb885e52621a3129dcf4d9bc4fd4"
BULK_SIG = "be66bb4aeb54701ed0637d0996a0b75111d5b8eda9b3a71bdc579a3d26f3edfb"
ISMS_SIG = "f272b136949f9e6faa5fae01cfc240caf5e6d89f2e18e8d47adf3d87ea0715fb"

# The documents' example of each call's request, without the comments.
SINGLE = {
    "ext": "",
    "extend": "",
    "params": ["Verification code", "1234", "4"],
    "sig": SINGLE_SIG,
    "sign": "Tencent Cloud",
    "tel": {"mobile": "13788888888", "nationcode": "86"},
    "time": DOCUMENT_TIME,
    "tpl_id": 19,
}
BULK = {
    "tel": [
        {"nationcode": "86", "mobile": "13788888888"},
        {"nationcode": "86", "mobile": "13788888889"},
    ],
    "sign": "Tencent Cloud ",
    "tpl_id": 19,
    "params": ["Verification code", "1234", "4"],
    "sig": BULK_SIG,
    "time": DOCUMENT_TIME,
    "extend": "",
    "ext": "",
}
ISMS = {**SINGLE, "tel": "+8613788888888", "sig": ISMS_SIG}
PLAIN = {"sig": PLAIN_SIG, "time": DOCUMENT_TIME}
HISTORY = {"begin_time": 1464624000, "end_time": 1464706800, **tel("13788888888")}
HOURS = {"begin_date": 2016090800, "end_date": 2016090823}
EXAMPLES: list[tuple[str, dict[str, Any], int]] = [
    ("sendsms", SINGLE, 0),
    ("sendmultisms2", BULK, 0),
    ("sendisms", ISMS, 0),
    # Tencent must enable both first.
    ("pullstatus", PLAIN | {"max": 10, "type": 1}, 1006),
    ("pullstatus4mobile", PLAIN | {"type": 1, "max": 10} | HISTORY, 1006),
    ("add_template", PLAIN | {"title": "x", "remark": "x", "text": "xxxxx", "type": 0}, 0),
    ("mod_template", PLAIN | {"text": "xxxxx", "tpl_id": 123, "type": 0}, 0),
    ("get_template", PLAIN | {"tpl_id": [123, 124]}, 0),
    ("get_template", PLAIN | {"tpl_page": {"offset": 0, "max": 10}}, 0),
    # The example has both fields, although its comment says that they exclude each other.
    ("get_template", PLAIN | {"tpl_id": [123], "tpl_page": {"offset": 0, "max": 10}}, 1004),
    ("add_sign", PLAIN | {"remark": "xxxxx", "text": "xxxxx", "pic": "xxxxx"}, 0),
    ("mod_sign", PLAIN | {"remark": "x", "text": "xxxxx", "sign_id": 123, "pic": "xxxxx"}, 0),
    ("get_sign", PLAIN | {"sign_id": [123, 124]}, 0),
    ("pullsendstatus", PLAIN | HOURS, 0),
    ("pullcallbackstatus", PLAIN | HOURS, 0),
    ("del_template", PLAIN | {"tpl_id": [123, 124]}, 0),
    ("del_template", PLAIN | {"tpl_id": 123}, 0),
    ("del_sign", PLAIN | {"sign_id": [123, 124]}, 0),
    ("del_sign", PLAIN | {"sign_id": 123}, 0),
]


@pytest.fixture(scope="module")
def running_document_simulator() -> Iterator[Caller]:
    with running(
        application=Application(SDKAPPID, DOCUMENT_APPKEY),
        signs=[DEFAULT_SIGN, Preset(123, "签名甲"), Preset(124, "签名乙")],
        templates=[
            Preset(19, "Your {1} is {2}. It is valid for {3} minutes."),
            Preset(123, "xxxxx"),
            Preset(124, "xxxxx"),
        ],
    ) as url:
        caller = Caller(url, DOCUMENT_APPKEY)
        yield caller
        caller.session.close()


@pytest.fixture
def document_simulator(running_document_simulator: Caller) -> Caller:
    """A simulator with the templates and signs of the examples, which are still under review."""
    running_document_simulator.control("reset")
    for name in ("tpl_id", "sign_id"):
        for id_ in (123, 124):
            running_document_simulator.control("review", {name: id_, "status": 1})
    return running_document_simulator


@pytest.mark.parametrize(
    ("signed", "expected"),
    [
        ("", PLAIN_SIG),
        ("&mobile=13788888888", SINGLE_SIG),
        ("&mobile=13788888888,13788888889", BULK_SIG),
        ("&tel=+8613788888888", ISMS_SIG),
    ],
)
def test_the_signature_matches_the_documents(signed: str, expected: str) -> None:
    assert signature(DOCUMENT_APPKEY, DOCUMENT_RANDOM, DOCUMENT_TIME, signed) == expected


@pytest.mark.parametrize(
    ("call", "body"),
    [("sendsms", SINGLE), ("sendmultisms2", BULK), ("sendisms", ISMS), ("add_sign", PLAIN)],
)
def test_the_signatures_of_the_documents_are_accepted(
    document_simulator: Caller, call: str, body: dict[str, Any]
) -> None:
    # The clock is checked after the signature, so 1021 means that the signature is correct.
    answer = document_simulator.post(call, body, random=DOCUMENT_RANDOM).json()
    assert answer["result"] == 1021
    answer = document_simulator.post(call, body, random="7226249335").json()
    assert answer["result"] == 1001


@pytest.mark.parametrize(("call", "body", "result"), EXAMPLES)
def test_the_examples_of_the_documents_work(
    document_simulator: Caller, call: str, body: dict[str, Any], result: int
) -> None:
    fresh = document_simulator.signed(call, body | {"time": int(time.time())})
    answer = document_simulator.post(call, fresh, random="123456").json()
    assert answer["result"] == result, answer


def test_the_answer_to_a_single_send_is_as_documented(simulator: Caller) -> None:
    answer = simulator.send(ext="会话", tpl_id=CODE_TEMPLATE, params=["验证码", "1234", "4"])
    sid = answer.pop("sid")
    assert answer == {"result": 0, "errmsg": "OK", "ext": "会话", "fee": 1}
    assert len(sid) == 2 + 19 + 8
    assert sid.startswith("8:")
    assert simulator.text_sent() == "【测试签名】您的验证码是1234，4分钟内有效。"


def test_the_answer_to_a_bulk_send_is_as_documented(simulator: Caller) -> None:
    answer = simulator.send_many("13800000001", "13800000002", "12345", ext="x")
    assert (answer["result"], answer["errmsg"], answer["ext"]) == (0, "OK", "x")
    first, second, refused = answer["detail"]
    assert first["sid"] != second["sid"]
    assert first | {"sid": ""} == {
        "result": 0,
        "errmsg": "OK",
        "mobile": "13800000001",
        "nationcode": "86",
        "sid": "",
        "fee": 1,
    }
    assert refused == {
        "result": 1016,
        "errmsg": "手机号格式错误",
        "mobile": "12345",
        "nationcode": "86",
    }


def test_the_answer_to_an_international_send_names_its_country(simulator: Caller) -> None:
    simulator.set_switches(isocode=True)
    body: dict[str, Any] = {"tpl_id": FOREIGN_TEMPLATE, "params": ["you"]}
    answer = simulator.call("sendisms", tel="+85261234567", **body)
    assert (answer["result"], answer["nationcode"], answer["isocode"]) == (0, "852", "HK")
    assert simulator.text_sent("61234567") == "Hello you"
    assert simulator.call("sendisms", tel="+12425551234", **body)["nationcode"] == "1"
    assert simulator.call("sendisms", tel="+4479460000", **body)["nationcode"] == "44"


def test_chinese_is_escaped_with_upper_case_digits() -> None:
    assert encode({"a": "手\\ué😀"}) == b'{"a":"\\u624B\\\\u\\u00E9\\uD83D\\uDE00"}'


def test_answers_are_ascii(simulator: Caller) -> None:
    answer = simulator.post("sendsms", simulator.signed("sendsms", {"tel": tel("1")}))
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    assert answer.content.isascii()


@pytest.mark.parametrize(
    ("changes", "result"),
    [
        ({"sig": ""}, 1003),
        ({"sig": None}, 1003),
        ({"sig": 5}, 1004),
        ({"sig": "0" * 64}, 1001),
        ({"sig": "é"}, 1001),
        ({"time": None}, 1004),
        ({"time": str(DOCUMENT_TIME)}, 1004),
        ({"time": True}, 1004),
        ({"time": 10**30}, 1004),
    ],
)
def test_the_signature_and_time_of_a_call_are_checked(
    simulator: Caller, changes: dict[str, Any], result: int
) -> None:
    body = simulator.signed("get_sign", {"sign_id": 1001}) | changes
    assert simulator.post("get_sign", body).json()["result"] == result


def test_the_query_of_a_call_is_checked(simulator: Caller) -> None:
    body = simulator.signed("get_sign", {"sign_id": 1001})
    assert simulator.post("get_sign", body, sdkappid="1400000002").json()["result"] == 1019
    assert simulator.post("get_sign", body, random="").json()["result"] == 1004
    assert simulator.post("get_sign", body, random="654321").json()["result"] == 1001


@pytest.mark.parametrize(("seconds", "result"), [(590, 0), (-590, 0), (620, 1021), (-620, 1021)])
def test_the_clock_may_differ_by_ten_minutes(simulator: Caller, seconds: int, result: int) -> None:
    answer = simulator.call("get_sign", sign_id=1001, time=int(time.time()) + seconds)
    assert answer["result"] == result


@pytest.mark.parametrize("raw", [b"", b"[]", b"{", b"\xff", b"[" * 100_000, b'{"ext":"\\ud800"}'])
def test_a_body_must_be_a_json_object(simulator: Caller, raw: bytes) -> None:
    answer = simulator.post("sendsms", raw).json()
    assert answer["result"] == 1004
    assert "ext" not in answer


def test_an_unknown_call_is_refused(simulator: Caller) -> None:
    assert simulator.post("sendfax", {}).json()["result"] == 1011


@pytest.mark.parametrize(
    "changes",
    [
        {"tpl_id": "2001"},
        {"tpl_id": 2001.0},
        {"tpl_id": None},
        {"params": None},
        {"params": "1234"},
        {"params": [1, 2, 3]},
        {"ext": 5},
        {"extend": 5},
        {"sign": 5},
    ],
)
def test_the_types_of_fields_are_checked(simulator: Caller, changes: dict[str, Any]) -> None:
    body = {"tel": tel(MOBILE), "tpl_id": CODE_TEMPLATE, "params": ["a", "b", "c"], **changes}
    assert simulator.refusal("sendsms", **body) == 1004


@pytest.mark.parametrize(
    ("call", "wrong"),
    [
        ("sendsms", MOBILE),
        ("sendsms", [tel(MOBILE)]),
        ("sendsms", {"nationcode": "86"}),
        ("sendsms", {"nationcode": "86", "mobile": 13800000001}),
        ("sendsms", {"nationcode": None, "mobile": MOBILE}),
        ("sendmultisms2", tel(MOBILE)),
        ("sendmultisms2", []),
        ("sendmultisms2", [MOBILE]),
        ("sendisms", tel(MOBILE)),
    ],
)
def test_the_type_of_tel_is_checked(simulator: Caller, call: str, wrong: Any) -> None:
    body = {"tel": wrong, "tpl_id": CODE_TEMPLATE, "params": [], "sig": "0"}
    answer = simulator.post(call, body | {"time": int(time.time())}).json()
    assert answer["result"] == 1004


def test_the_nationcode_may_be_a_number(simulator: Caller) -> None:
    answer = simulator.send_many(tel=[{"nationcode": 86, "mobile": MOBILE}])
    assert answer["detail"][0]["nationcode"] == "86"


@pytest.mark.parametrize(
    "recipient",
    [
        tel("12345678901"),
        tel("1380000000"),
        tel("138000000011"),
        tel("１３８00000001"),
        tel(" 13800000001"),
        tel(""),
        tel("61234567", "+852"),
        tel("61234567", "00852"),
        tel("123", "852"),
    ],
)
def test_malformed_numbers_are_refused(simulator: Caller, recipient: dict[str, str]) -> None:
    mainland = recipient["nationcode"] == "86"
    body: dict[str, Any] = {"tpl_id": CODE_TEMPLATE, "params": ["a", "b", "c"]}
    if not mainland:
        body = {"tpl_id": FOREIGN_TEMPLATE, "params": ["a"]}
    assert simulator.refusal("sendsms", tel=recipient, **body) == 1016


@pytest.mark.parametrize("number", ["8613800000001", "+0613800000001", "+86", "13800000001"])
def test_malformed_international_numbers_are_refused(simulator: Caller, number: str) -> None:
    assert simulator.refusal("sendisms", tel=number, tpl_id=CODE_TEMPLATE, params=[]) == 1016


def test_the_content_type_does_not_matter(simulator: Caller) -> None:
    body = simulator.signed("sendsms", {"tel": tel(MOBILE), "tpl_id": 2002, "params": []})
    answer = requests.post(
        f"{simulator.url}/v5/tlssmssvr/sendsms",
        params={"sdkappid": SDKAPPID, "random": "123456"},
        data=json.dumps(body),
        headers={"Content-Type": "application/x-www-form-urlencoded"},
        timeout=60,
    )
    assert answer.json()["result"] == 0
