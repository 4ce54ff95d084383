"""Numbers and parameters of §6 as the field sends them: rows of docs/cases.md."""

import json
from typing import Any

import pytest

from chalicelib.store import send_requests
from ops.campaign import account
from tests.support.in_process.bridge import Bridge
from tests.support.in_process.sends import A, B

ILLEGAL = "isv.MOBILE_NUMBER_ILLEGAL"
FIXED = "您好"


def sent(bridge: Bridge) -> list[str]:
    return sorted(sms.phone for sms in bridge.tencent.sent)


def reported(bridge: Bridge) -> set[tuple[str, str]]:
    return {(one["phoneNum"], one["errCode"]) for one in bridge.quick_audience.receipts}


def finish(bridge: Bridge) -> None:
    bridge.pump.drain()
    bridge.deliver_all()
    bridge.pump.drain()


@pytest.mark.parametrize(
    "number", ["2 13900001112", "1\t13900001111", "85251234567\t25", "25 85251234567"]
)
def test_field_1_no_number_is_made_of_two_things(linked: Bridge, number: str) -> None:
    linked.campaign([A, number], code=linked.template(FIXED))
    finish(linked)
    assert sent(linked) == ["86" + A]
    assert reported(linked) == {(A, "DELIVERED"), (number, ILLEGAL)}


@pytest.mark.parametrize(
    "number",
    ["\ufeff" + B, f"\u202d{B}\u202c", f"\u200b{B}\u2060", B + "\0", f"\u200e{B}"],
    ids=ascii,
)
def test_field_8_invisible_characters_are_dropped(linked: Bridge, number: str) -> None:
    linked.campaign([A, number], code=linked.template(FIXED))
    finish(linked)
    assert sent(linked) == ["86" + A, "86" + B]
    assert reported(linked) == {(A, "DELIVERED"), (B, "DELIVERED")}


@pytest.mark.parametrize(
    ("literal", "accepted"),
    [
        (f"{B}.0", True),
        (f'"{B}.0"', True),
        ("1.3900002222E10", True),
        ('"1.3900002222e+10"', True),
        ("1.39E+10", False),
        ('"1.39E+10"', False),
        (f"{B}.5", False),
    ],
)
def test_field_9_an_exact_fraction_is_sent_and_a_rounded_one_is_bad(
    linked: Bridge, literal: str, accepted: bool
) -> None:
    numbers = f"[{A}, {literal}]"
    body = {
        "outId": "task-1",
        "signName": "测试签名",
        "templateCode": linked.template(FIXED),
        "phoneNumberJson": "NUMBERS",
    }
    for sign in linked.tencent.signs.values():
        body["signName"] = sign["text"]
    raw = json.dumps(body).replace('"NUMBERS"', numbers).encode()
    assert linked.ask("POST", "/sms/sendBatchList", raw).code == "OK"
    finish(linked)
    assert sent(linked) == ["86" + A, *(["86" + B] if accepted else [])]
    assert len(linked.quick_audience.receipts) == 2


def test_field_10_a_blank_costs_itself_alone(linked: Bridge) -> None:
    params = [{"name": "甲"}, {"name": "空"}, {"name": "无"}, {"name": "乙"}]
    linked.campaign([A, "", None, B], params, code=linked.template("您好${name}"))
    finish(linked)
    assert {(sms.phone, sms.params) for sms in linked.tencent.sent} == {
        ("86" + A, ("甲",)),
        ("86" + B, ("乙",)),
    }
    assert reported(linked) == {(A, "DELIVERED"), (B, "DELIVERED")}
    shown = account("task-1", send_requests.of_out_id("task-1"))
    assert (shown["recipients"], shown["sent"], shown["failed"]) == (4, 2, 2)
    assert sum(shown["failureReasons"].values()) == 2


def test_field_10_a_comma_at_the_end_costs_nothing_else(linked: Bridge) -> None:
    linked.campaign([], code=linked.template(FIXED), phoneNumberJson=f"{A},")
    finish(linked)
    assert sent(linked) == ["86" + A]


@pytest.mark.parametrize(
    "names", [[A, "+86" + A], ["+86" + A, A], [A, "+86" + A, f"{A[:3]} {A[3:7]} {A[7:]}"]]
)
def test_field_11_each_spelling_of_a_number_gets_a_receipt(
    linked: Bridge, names: list[str]
) -> None:
    linked.campaign([*names, B], code=linked.template(FIXED))
    finish(linked)
    assert sent(linked) == ["86" + A, "86" + B]
    assert reported(linked) == {(name, "DELIVERED") for name in [*names, B]}
    rows = linked.ask("POST", "/sms/sendDetails", {"outId": "task-1", "pageSize": 2})
    assert rows["totalCount"] == len(names) + 1
    found = [
        one["phoneNum"]
        for page in (1, 2)
        for one in linked.ask(
            "POST", "/sms/sendDetails", {"outId": "task-1", "pageSize": 2, "currentPage": page}
        )["sendDetailDTOs"]
    ]
    assert sorted(found) == sorted([*names, B])


def test_field_12_a_bare_number_of_an_international_template_is_never_of_the_mainland(
    linked: Bridge,
) -> None:
    linked.campaign(["13125550123", A, "+86" + B], code=linked.template("Hello", 3))
    finish(linked)
    assert {call.body["tel"] for call in linked.tencent.calls_of("sendisms")} == {"+13125550123"}
    assert linked.tencent.calls_of("sendsms") == []
    assert reported(linked) == {
        ("13125550123", "DELIVERED"),
        (A, ILLEGAL),
        ("+86" + B, ILLEGAL),
    }
    assert all(
        "类型" in one["message"] or "3" in one["message"]
        for one in linked.quick_audience.receipts
        if one["sendStatus"] == 1
    )


@pytest.mark.parametrize("kind", [0, 1, 2])
@pytest.mark.parametrize("number", ["85251234567", "+85251234567", "+13125550123"])
def test_field_12_a_foreign_number_needs_an_international_template(
    linked: Bridge, kind: int, number: str
) -> None:
    code = linked.template(FIXED, kind)
    alone = linked.campaign([number], code=code)
    assert (alone.code, "templateType 3" in alone.message) == (ILLEGAL, True)
    linked.campaign([A, number], code=code)
    finish(linked)
    assert sent(linked) == ["86" + A]
    assert linked.tencent.calls_of("sendisms") == []
    [refused] = [one for one in linked.quick_audience.receipts if one["sendStatus"] == 1]
    assert (refused["phoneNum"], refused["errCode"]) == (number, ILLEGAL)
    assert "templateType 3" in refused["message"]


def test_field_13_a_trunk_prefix_is_removed_where_that_is_certain(linked: Bridge) -> None:
    numbers = ["4407911123456", "82010123456"]
    linked.campaign(numbers, code=linked.template("Hello", 3))
    finish(linked)
    assert {call.body["tel"] for call in linked.tencent.calls_of("sendisms")} == {"+447911123456"}
    assert reported(linked) == {("4407911123456", "DELIVERED"), ("82010123456", ILLEGAL)}


def test_field_14_half_a_character_becomes_a_question_mark(linked: Bridge) -> None:
    params = [{"name": "甲"}, {"name": "李雷\ud83d"}, {"name": "丙"}]
    numbers = [A, B, "13900003333"]
    assert linked.campaign(numbers, params, code=linked.template("您好${name}")).code == "OK"
    finish(linked)
    assert {sms.params for sms in linked.tencent.sent} == {("甲",), ("李雷?",), ("丙",)}


@pytest.mark.parametrize("shared", [True, False])
def test_security_11_a_value_can_neither_imitate_a_sign_nor_hide(
    linked: Bridge, shared: bool
) -> None:
    value = "】【中国银行】您好\r\n请\u202e点\u2066击\x07"
    params: Any = {"name": value} if shared else [{"name": value}, {"name": "乙"}]
    assert linked.campaign([A, B], params, code=linked.template("您好${name}")).code == "OK"
    finish(linked)
    values = {sms.params for sms in linked.tencent.sent}
    assert values == {("〕〔中国银行〕您好 请点击",)} | (set() if shared else {("乙",)})


def test_review_11_the_entry_that_is_sent_decides(linked: Bridge) -> None:
    params = [{"name": "甲"}, {}, {}, {"name": "丙"}]
    numbers = [A, A, "+86" + A, B]
    linked.campaign(numbers, params, code=linked.template("您好${name}"))
    finish(linked)
    assert sent(linked) == ["86" + A, "86" + B]
    assert reported(linked) == {(A, "DELIVERED"), ("+86" + A, "DELIVERED"), (B, "DELIVERED")}


def test_security_7_only_allowed_countries_are_sent_to(linked: Bridge) -> None:
    linked.configure(ALLOWED_COUNTRIES="86,852")
    code = linked.template("Hello", 3)
    linked.campaign(["+85251234567", "+13125550123"], code=code)
    linked.campaign([A], code=linked.template(FIXED))
    finish(linked)
    assert sent(linked) == ["85251234567", "86" + A]
    [refused] = [one for one in linked.quick_audience.receipts if one["sendStatus"] == 1]
    assert (refused["phoneNum"], refused["errCode"]) == ("+13125550123", ILLEGAL)
    assert "ALLOWED_COUNTRIES" in refused["message"]


def test_security_7_the_mainland_may_be_excluded(linked: Bridge) -> None:
    linked.configure(ALLOWED_COUNTRIES="852")
    refused = linked.campaign([A, B], code=linked.template(FIXED))
    assert refused.code == ILLEGAL
    assert linked.pump.count("sends") == 0
