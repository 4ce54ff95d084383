"""deliver: Tencent's answers as careless gateways write them. Nobody is sent to twice, and nothing stops for them."""

import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
import requests

from chalicelib.store import breakers
from chalicelib.tencent.error_codes import explains_certain
from tests.support.in_process import web
from tests.support.in_process.bridge import Bridge
from tests.support.in_process.sends import PHONES, A, B, accept, outcomes
from tests.support.in_process.tencent import Answer, Behaviour, Call, FakeTencent

pytestmark = pytest.mark.v5_only("its answers are v5's JSON; unit/test_api3_rows.py has 3.0's")
Rewrite = Callable[[Answer], Answer | bytes]


def rewritten(rewrite: Rewrite, status: int = 200) -> Behaviour:
    """Send to all numbers, and answer in another way."""

    def behave(tencent: FakeTencent, call: Call) -> requests.Response:
        answer = rewrite(tencent.obey(call))
        content = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        return web.response(status, content, {"Content-Type": "text/html"})

    return behave


def details(rewrite: Callable[[int, dict[str, Any]], dict[str, Any]], **fields: Any) -> Rewrite:
    """Rewrite each detail, in the order of the answer."""
    return lambda answer: (
        answer
        | {
            "detail": [one | rewrite(index, one) for index, one in enumerate(answer["detail"])],
            **fields,
        }
    )


def mobiles(rewrite: Callable[[str], Any]) -> Rewrite:
    return details(lambda _, one: {"mobile": rewrite(one["mobile"])})


ACCEPTED: dict[str, Rewrite] = {
    "byte order mark": lambda answer: b"\xef\xbb\xbf" + json.dumps(answer).encode(),
    "raw line feed": lambda answer: json.dumps(answer).replace('"OK"', '"O\nK"').encode(),
    "gbk": lambda answer: json.dumps(answer).replace('"OK"', '"成功"').encode("gbk"),
    "fractions": lambda answer: json.dumps(answer).replace('"result": 0', '"result": 0.0').encode(),
    "86139…": mobiles(lambda mobile: "86" + mobile),
    "+86139…": mobiles(lambda mobile: "+86" + mobile),
    "numbers": mobiles(int),
    "masked": mobiles(lambda mobile: mobile[:3] + "****" + mobile[7:]),
    "one empty": details(lambda index, _: {"mobile": ""} if index == 1 else {}),
    "one without a mobile": details(lambda index, _: {"mobile": None} if index == 2 else {}),
    "a code for the call": lambda answer: answer | {"result": 1016, "errmsg": "one is bad"},
    "a time-out for the call": lambda answer: answer | {"result": 60008},
    "no code for the call": lambda answer: {"detail": answer["detail"]},
    "twice, then refused": lambda answer: answer | {
        "detail": answer["detail"] + [
            {"result": 1026, "errmsg": "again", "mobile": one["mobile"]} for one in answer["detail"]
        ]
    },
}  # fmt: skip


@pytest.mark.parametrize("how", ACCEPTED)
def test_numbers_that_were_accepted_have_their_sids_and_are_not_sent_to_again(
    linked: Bridge, how: str
) -> None:
    answer = accept(linked, *PHONES)
    linked.tencent.always("sendmultisms2", rewritten(ACCEPTED[how]))
    linked.pump.run("deliver", hours=80)
    assert len(linked.tencent.send_calls) == 1
    sids = {sms.phone.removeprefix("86"): sms.sid for sms in linked.tencent.sent}
    assert outcomes(linked, answer) == sids
    assert not breakers.get_open("tencent")


@pytest.mark.parametrize(
    "content",
    [
        b'{"result":1002,"errmsg":"bad\nword"}',
        b'\xef\xbb\xbf{"result":1002,"errmsg":"bad\tword\0"}',
        '{"result":1002.0,"errmsg":"敏感词"}'.encode("gbk"),
        '{"result":"1002","errmsg":"敏感'.encode()[:-1] + b'"}',
    ],
    ids=["line feed", "bom, tab, nul", "gbk", "cut"],
)
def test_a_refusal_fails_its_recipients_at_once(linked: Bridge, content: bytes) -> None:
    answer = accept(linked, A, B)
    linked.tencent.always("send", lambda *_: web.response(200, content))
    linked.pump.drain("deliver")
    assert outcomes(linked, answer) == dict.fromkeys((A, B), "isv.SMS_CONTENT_ILLEGAL")
    assert not breakers.get_open("tencent")


def test_a_marketer_reads_tencents_chinese(linked: Bridge) -> None:
    accept(linked, A)
    text = '{"result":1016,"errmsg":"号码有误"}'.encode()
    linked.tencent.next("send", lambda *_: web.response(200, text, {"Content-Type": "text/html"}))
    linked.pump.drain()
    (receipt,) = linked.quick_audience.receipts
    assert "号码有误" in receipt["message"]


def refused_without(phone: str, code: int) -> Behaviour:
    """Obey, answer that the call was refused with this code, and leave out the row of one phone."""

    def rewrite(made: Answer) -> Answer:
        detail = [one for one in made["detail"] if one["mobile"] != phone]
        return made | {"result": code, "detail": detail}

    return rewritten(rewrite)


def test_only_the_number_that_the_call_refused_is_refused(linked: Bridge) -> None:
    answer = accept(linked, *PHONES)
    linked.tencent.next("send", refused_without(B, 1016))
    linked.pump.run("deliver", hours=80)
    found = outcomes(linked, answer)
    assert found.pop(B) == "isv.MOBILE_NUMBER_ILLEGAL"
    assert Counter(found.values()) == {
        sms.sid: 1 for sms in linked.tencent.sent if sms.phone != "86" + B
    }


WITHOUT_SIDS: dict[str, dict[str, Any]] = {
    "no sid": {"sid": ""},
    "no code": {"result": None},
    "timed out": {"result": 60008},
}


# After each of these the bridge would make another call: at once, after a while, or when an operator has acted.
@pytest.mark.parametrize("code", [1016, 1013, 1025, 1031, 1001])
@pytest.mark.parametrize("how", WITHOUT_SIDS)
def test_numbers_that_a_refused_call_may_have_sent_to_are_not_sent_to_again(
    linked: Bridge, how: str, code: int
) -> None:
    linked.configure(TENCENT_WAIT_CODES="1025")
    answer = accept(linked, *PHONES)
    rewrite = details(lambda *_: WITHOUT_SIDS[how], result=code, errmsg="no")
    linked.tencent.next("send", rewritten(rewrite))
    linked.pump.run("deliver", hours=2)
    assert outcomes(linked, answer) == dict.fromkeys(PHONES)
    assert len(linked.tencent.send_calls) == 1
    assert not any(breakers.get_open(name) for name in ("tencent", "tencent-account"))


@pytest.mark.parametrize("code", [1013, 1025, 1031, 1001])
def test_a_number_that_a_contradicted_refusal_does_not_mention_is_not_sent_to_again(
    linked: Bridge, code: int
) -> None:
    linked.configure(TENCENT_WAIT_CODES="1025")
    answer = accept(linked, *PHONES)
    linked.tencent.next("send", refused_without(B, code))
    linked.pump.run("deliver", hours=2)
    found = outcomes(linked, answer)
    assert found.pop(B) is None
    assert all(found.values())
    assert len(linked.tencent.send_calls) == 1


def test_a_contradicted_refusal_is_not_certain_for_a_resend(linked: Bridge) -> None:
    accept(linked, *PHONES)
    linked.tencent.next(
        "send",
        rewritten(
            lambda made: made | {"result": 1016, "errmsg": "no", "detail": made["detail"][1:]}
        ),
    )
    linked.pump.run("deliver", "push", hours=1)
    (receipt,) = linked.quick_audience.receipts
    assert receipt["errCode"] == "isv.MOBILE_NUMBER_ILLEGAL"
    assert receipt["message"].startswith("腾讯云对同一请求的应答不一致: 手机号格式错误(腾讯云 1016")
    assert not explains_certain(receipt["message"])
