"""§6: the checks of a campaign, and the effects of accepting it."""

import json
from typing import Any

import pytest

from tests.support.in_process.bridge import SIGN, SIGN_ID, Bridge
from tests.support.in_process.tencent import lost, refused
from tests.support.in_process.web import read_timeout

A, B, C = "13900001111", "13900002222", "13900003333"


def test_the_documents_own_example_is_accepted(linked: Bridge) -> None:
    code = linked.template("${name}今年${age}岁")
    body = {
        "limit": 0,
        "relatedAudienceId": "string",
        "relatedTaskId": "string",
        "relatedTaskType": 1,
        "taskCreatorAccount": "string",
        "outId": "string",
        "signName": SIGN,
        "templateCode": code,
        "phoneNumberJson": [A, B],
        "templateParamJson": [{"name": "aaa", "age": 123}, {"name": "bbb", "age": 456}],
    }
    answer = linked.ask("POST", "/sms/sendBatchList", body)
    assert (answer.status, answer.code) == (200, "OK")
    assert answer["bizId"]
    linked.pump.drain()
    assert {(sms.phone, sms.params) for sms in linked.tencent.sent} == {
        ("86" + A, ("aaa", "123")),
        ("86" + B, ("bbb", "456")),
    }
    assert {sms.sign for sms in linked.tencent.sent} == {SIGN}


def test_nothing_is_sent_inside_the_request(linked: Bridge) -> None:
    code = linked.template()
    made = len(linked.tencent.calls)
    with linked.outside.watched():
        assert linked.campaign([A, B], {"name": "王"}, code=code).code == "OK"
    assert len(linked.tencent.calls) == made
    assert linked.pump.count("sends") == 1
    assert linked.pump.count("receipts") == 0
    assert linked.outside.names[-1].startswith("dynamodb"), "the answer is kept for its nonce"


@pytest.mark.parametrize(
    "phones",
    [
        [A, B],
        [int(A), int(B)],
        json.dumps([A, B]),
        json.dumps(json.dumps([A, B])),
        f"{A},{B}",
        f" {A} , {B} ",
        ["+86" + A, "0086" + B],
        ["86" + A, "139-0000 2222"],
        [A, B, A, "+86" + A],
    ],
    ids=str,
)
def test_phones_may_be_written_in_many_ways(linked: Bridge, phones: Any) -> None:
    code = linked.template("您好")
    body = {"outId": "t", "signName": SIGN, "templateCode": code, "phoneNumberJson": phones}
    assert linked.ask("POST", "/sms/sendBatchList", body).code == "OK"
    linked.pump.drain()
    assert sorted(sms.phone for sms in linked.tencent.sent) == ["86" + A, "86" + B]


@pytest.mark.parametrize(
    "params",
    [
        [{"name": "王"}, {"name": "王"}],
        [{"name": "王"}],
        {"name": "王", "unused": 1},
        '{"name": "王"}',
        json.dumps([{"name": "王"}, {"name": "王"}]),
        json.dumps(json.dumps([{"name": "王"}])),
        ['{"name": "王"}', {"name": "王"}],
    ],
    ids=str,
)
def test_parameters_may_be_written_in_many_ways(linked: Bridge, params: Any) -> None:
    assert linked.campaign([A, B], params, code=linked.template()).code == "OK"
    linked.pump.drain()
    assert [sms.params for sms in linked.tencent.sent] == [("王",), ("王",)]


@pytest.mark.parametrize("params", [None, "", "null", "[]", [], {}, "{}"], ids=str)
def test_a_template_without_variables_needs_no_parameters(linked: Bridge, params: Any) -> None:
    assert linked.campaign([A, B], params, code=linked.template("您好")).code == "OK"
    linked.pump.drain()
    (call,) = linked.tencent.send_calls
    assert call.body["params"] == []


@pytest.mark.parametrize(
    ("value", "text"),
    [(5, "5"), (None, ""), (True, "true"), ([1, "二"], '[1,"二"]'), (" x ", " x "), ("", "")],
)
def test_values_become_text(linked: Bridge, value: Any, text: str) -> None:
    linked.campaign([A], {"name": value}, code=linked.template())
    linked.pump.drain()
    assert linked.tencent.sent[0].params == (text,)


def test_a_fraction_keeps_its_digits(linked: Bridge) -> None:
    code = linked.template()
    raw = (
        f'{{"outId": 7, "signName": "{SIGN}", "templateCode": {code}, '
        f'"phoneNumberJson": [{A}], "templateParamJson": [{{"name": 5.00}}]}}'
    )
    assert linked.ask("POST", "/sms/sendBatchList", raw.encode()).code == "OK"
    linked.pump.drain()
    assert linked.tencent.sent[0].params == ("5.00",)


def test_only_bad_recipients_get_a_failure_receipt(linked: Bridge) -> None:
    code = linked.template()
    phones = [A, "1390000****", B, "12345", C]
    params = [{"name": "a"}, {"name": "b"}, {"other": "c"}, {"name": "d"}, {"name": "e" * 501}]
    assert linked.campaign(phones, params, code=code).code == "OK"
    linked.pump.drain()
    assert [sms.phone for sms in linked.tencent.sent] == ["86" + A]
    assert {one["phoneNum"]: one["errCode"] for one in linked.quick_audience.receipts} == {
        "1390000****": "isv.MOBILE_NUMBER_ILLEGAL",
        B: "isv.TEMPLATE_MISSING_PARAMETERS",
        "12345": "isv.MOBILE_NUMBER_ILLEGAL",
        C: "isv.PARAM_LENGTH_LIMIT",
    }
    assert all(one["sendStatus"] == 1 for one in linked.quick_audience.receipts)
    assert all(one["outId"] == "task-1" for one in linked.quick_audience.receipts)


@pytest.mark.parametrize("bad", ["86139000011", "8613900001111222", "86"])
def test_the_receipt_of_a_bad_number_repeats_it_as_written(linked: Bridge, bad: str) -> None:
    linked.campaign([A, bad], code=linked.template("您好"))
    linked.pump.drain()
    assert [one["phoneNum"] for one in linked.quick_audience.receipts] == [bad]


@pytest.mark.parametrize(
    ("phones", "params", "code"),
    [
        (["1390000****", "123"], {"name": "x"}, "isv.MOBILE_NUMBER_ILLEGAL"),
        ([A, B], {"other": "x"}, "isv.TEMPLATE_MISSING_PARAMETERS"),
        ([A, B], None, "isv.TEMPLATE_MISSING_PARAMETERS"),
        (["bad", A], [{"name": "x"}, {}], "isv.MOBILE_NUMBER_ILLEGAL"),
    ],
)
def test_a_campaign_without_a_valid_recipient_is_refused(
    linked: Bridge, phones: list[str], params: Any, code: str
) -> None:
    answer = linked.campaign(phones, params, code=linked.template())
    assert (answer.status, answer.code, answer["bizId"]) == (200, code, "")
    assert linked.pump.count("sends") == 0


@pytest.mark.parametrize(
    ("changes", "code", "named"),
    [
        ({"phoneNumberJson": []}, "isv.INVALID_PARAMETERS", "phoneNumberJson"),
        ({"phoneNumberJson": None}, "isv.INVALID_PARAMETERS", "phoneNumberJson"),
        ({"phoneNumberJson": ["", None]}, "isv.INVALID_PARAMETERS", "第 1 个"),
        ({"phoneNumberJson": [A, True]}, "isv.INVALID_PARAMETERS", "第 2 个"),
        ({"outId": ""}, "isv.INVALID_PARAMETERS", "outId"),
        ({"outId": None}, "isv.INVALID_PARAMETERS", "outId"),
        ({"outId": "x" * 257}, "isv.INVALID_PARAMETERS", "256"),
        ({"signName": None}, "isv.INVALID_PARAMETERS", "signName"),
        ({"templateCode": ""}, "isv.INVALID_PARAMETERS", "templateCode"),
        ({"templateParamJson": [{"name": "x"}] * 3}, "isv.INVALID_PARAMETERS", "3 组"),
        ({"templateParamJson": "garbage"}, "isv.INVALID_PARAMETERS", "templateParamJson"),
        ({"templateParamJson": [1, 2]}, "isv.INVALID_PARAMETERS", "第 1 组"),
        ({"limit": 1}, "isv.MOBILE_COUNT_OVER_LIMIT", "limit"),
        ({"limit": "1"}, "isv.MOBILE_COUNT_OVER_LIMIT", "limit"),
    ],
)
def test_a_wrong_field_refuses_the_request_and_is_named(
    linked: Bridge, changes: dict[str, Any], code: str, named: str
) -> None:
    answer = (
        linked.campaign(
            changes.pop("phoneNumberJson", [A, B]),
            changes.pop("templateParamJson", {"name": "x"}),
            code=linked.template(),
            **changes,
        )
        if changes.get("phoneNumberJson", [A]) is not None
        else linked.ask("POST", "/sms/sendBatchList", {"phoneNumberJson": None})
    )
    assert (answer.status, answer.code) == (200, code)
    assert named in answer.message
    assert linked.pump.count("sends") == 0


@pytest.mark.parametrize("limit", [None, 0, -1, "", "many", 2, "2", 10**20, False, [], {}])
def test_a_request_within_its_limit_or_without_one_is_accepted(linked: Bridge, limit: Any) -> None:
    assert linked.campaign([A, B], {"name": "x"}, code=linked.template(), limit=limit).code == "OK"


@pytest.mark.parametrize("sign", ["别的签名", "【】", "[ ]"])
def test_an_unknown_sign_is_404(linked: Bridge, sign: str) -> None:
    answer = linked.campaign([A], {"name": "x"}, code=linked.template(), signName=sign)
    assert (answer.status, answer.code, answer["bizId"]) == (404, "404", "")


@pytest.mark.parametrize("written", [f"【{SIGN}】", f"[{SIGN}]", f" {SIGN} "])
def test_brackets_around_a_sign_are_not_sent(linked: Bridge, written: str) -> None:
    linked.campaign([A], {"name": "x"}, code=linked.template(), signName=written)
    linked.pump.drain()
    assert linked.tencent.sent[0].sign == SIGN


def test_an_unknown_template_is_404(linked: Bridge) -> None:
    answer = linked.campaign([A], code="7999")
    assert (answer.status, answer.code) == (404, "404")


@pytest.mark.parametrize("status", [1, 2])
def test_a_sign_that_is_not_approved_is_refused(bridge: Bridge, status: int) -> None:
    bridge.link(status=status)
    answer = bridge.campaign([A], {"name": "x"}, code=bridge.template())
    assert (answer.status, answer.code) == (200, "isv.SIGN_STATE_ILLEGAL")
    bridge.tencent.signs[SIGN_ID]["status"] = 0
    assert bridge.campaign([A], {"name": "x"}, code="7000").code == "OK"


def test_the_approval_of_a_sign_is_checked_again_after_a_while(linked: Bridge) -> None:
    code = linked.template()
    linked.tencent.signs[SIGN_ID]["status"] = 2
    assert linked.campaign([A], {"name": "x"}, code=code).code == "OK"
    linked.clock.advance(seconds=601)
    answer = linked.campaign([B], {"name": "x"}, code=code)
    assert answer.code == "isv.SIGN_STATE_ILLEGAL"


@pytest.mark.parametrize(
    ("behaviour", "code"),
    [
        (lost(read_timeout, sent=False), "isp.SYSTEM_ERROR"),
        (refused(1019), "isp.RAM_PERMISSION_DENY"),
    ],
)
def test_a_sign_that_tencent_does_not_return_refuses_the_campaign(
    linked: Bridge, behaviour: Any, code: str
) -> None:
    template = linked.template()
    linked.clock.advance(seconds=601)
    linked.tencent.next("get_sign", behaviour)
    answer = linked.campaign([A], {"name": "x"}, code=template)
    assert (answer.status, answer.code) == (200, code)
    assert linked.pump.count("sends") == 0


@pytest.mark.parametrize("out_id", ["a#b", "中文 id", "x" * 256, "0", "﷐"])
def test_an_out_id_is_stored_unchanged(linked: Bridge, out_id: str) -> None:
    linked.campaign([A, "bad"], {"name": "x"}, code=linked.template(), out_id=out_id)
    linked.pump.drain()
    linked.deliver_all()
    linked.pump.drain()
    assert {one["outId"] for one in linked.quick_audience.receipts} == {out_id}
    assert len(linked.quick_audience.receipts) == 2


def test_many_recipients_become_chunks_of_at_most_200(linked: Bridge) -> None:
    phones = [f"139{number:08d}" for number in range(450)]
    assert linked.campaign(phones, {"name": "x"}, code=linked.template()).code == "OK"
    assert linked.pump.count("sends") == 3
    linked.pump.drain()
    assert sorted(len(call.phones) for call in linked.tencent.send_calls) == [50, 200, 200]
    assert sorted(sms.phone for sms in linked.tencent.sent) == ["86" + phone for phone in phones]


def test_foreign_numbers_get_single_calls_and_mainland_numbers_share_one(linked: Bridge) -> None:
    abroad_only = linked.template("Hello ${name}", 3)
    linked.campaign([A, B], {"name": "x"}, code=linked.template())
    linked.campaign(["85251234567", "+12425551234"], {"name": "x"}, code=abroad_only)
    linked.pump.drain()
    by_name = {call.name: call.phones for call in linked.tencent.calls_of("sendmultisms2")}
    assert by_name == {"sendmultisms2": ["86" + A, "86" + B]}
    abroad = {call.body["tel"] for call in linked.tencent.calls_of("sendisms")}
    assert abroad == {"+85251234567", "+12425551234"}
