"""Messages: their template, values, sign, length and fee."""

from typing import Any

import pytest

from tests.support.simulators.tencent import CODE_TEMPLATE, FOREIGN_TEMPLATE, MOBILE, Caller, tel


def test_a_bulk_send_has_at_most_200_numbers_of_one_kind(simulator: Caller) -> None:
    mobiles = [f"138{number:08}" for number in range(201)]
    body: dict[str, Any] = {"tpl_id": 2002, "params": []}
    numbers = [tel(mobile) for mobile in mobiles]
    assert simulator.refusal("sendmultisms2", tel=numbers, **body) == 1046
    assert len(simulator.send_many(*mobiles[:200])["detail"]) == 200
    mixed = [tel(MOBILE), tel("61234567", "852")]
    assert simulator.refusal("sendmultisms2", tel=mixed, **body) == 1034


def test_a_package_is_used_up_message_by_message(simulator: Caller) -> None:
    mobiles = [f"138{number:08}" for number in range(4)]
    simulator.set_switches(mainland_package=3)
    assert simulator.send()["result"] == 0
    detail = simulator.send_many(*mobiles)["detail"]
    assert [row["result"] for row in detail] == [0, 0, 1031, 1031]
    refused = {"result": 1031, "errmsg": "套餐包余量不足"}
    assert refused.items() <= simulator.send_many(*mobiles).items()
    assert refused.items() <= simulator.send().items()
    foreign: dict[str, Any] = {"tel": "+85261234567", "tpl_id": FOREIGN_TEMPLATE, "params": ["a"]}
    assert simulator.call("sendisms", **foreign)["result"] == 0
    simulator.set_switches(mainland_package=1, foreign_package=0)
    assert simulator.call("sendisms", **foreign)["result"] == 1031
    assert [simulator.send()["result"] for _ in range(2)] == [0, 1031]
    simulator.set_switches(mainland_package=None)
    assert simulator.send_many(*mobiles)["result"] == 0


def test_a_repeated_number_gets_one_message(simulator: Caller) -> None:
    answer = simulator.send_many(MOBILE, "13800000002", MOBILE)
    assert [row["mobile"] for row in answer["detail"]] == [MOBILE, "13800000002"]
    assert len(simulator.messages()) == 1


def test_the_template_must_exist_be_approved_and_match_the_call(simulator: Caller) -> None:
    def result(**changes: Any) -> Any:
        body: dict[str, Any] = {
            "tel": tel(MOBILE),
            "tpl_id": CODE_TEMPLATE,
            "params": ["a", "b", "c"],
        }
        return simulator.call("sendsms", **(body | changes))

    assert result(tpl_id=1)["errmsg"] == "package format error, sdkappid not have this tpl_id"
    wrong_count = {"result": 1014, "errmsg": "package format error, template params error"}
    assert result(params=["a", "b"]) == wrong_count | {"ext": ""}
    assert result(params=["a", "b", "c", "d"], ext="e") == wrong_count | {"ext": "e"}
    assert result(tpl_id=FOREIGN_TEMPLATE, params=["a"])["result"] == 1014
    assert result(tel=tel("61234567", "852"))["result"] == 1014
    simulator.set_switches(review="hold")
    pending = simulator.call("add_template", text="您好", type=0)["data"]["id"]
    assert result(tpl_id=pending, params=[])["result"] == 1014
    simulator.set_switches(review="auto")
    voice = simulator.add_approved_template("您好", type=2)
    assert result(tpl_id=voice, params=[])["result"] == 1014


@pytest.mark.parametrize(
    ("value", "result"),
    [
        ("http://a.example/x", 1048),
        ("看www.example.org", 1048),
        ("去t.cn/abc看", 1048),
        ("Example.COM", 1048),
        ("3.14", 0),
        ("v1.2.3", 0),
        ("me@example.com", 0),
        ("a.cnx", 0),
    ],
)
def test_values_must_not_contain_links(simulator: Caller, value: str, result: int) -> None:
    answer = simulator.send(tpl_id=CODE_TEMPLATE, params=["a", "b", value])
    assert answer["result"] == result


def test_values_are_inserted_unchanged(simulator: Caller) -> None:
    simulator.send(tpl_id=CODE_TEMPLATE, params=["{2}", "\\1", ""])
    assert simulator.text_sent() == "【测试签名】您的{2}是\\1，分钟内有效。"


def test_a_text_has_at_most_500_characters(simulator: Caller) -> None:
    constant = len("【测试签名】您的是，分钟内有效。")
    params = ["a" * (500 - constant), "", ""]
    answer = simulator.send(tpl_id=CODE_TEMPLATE, params=params)
    assert answer["fee"] == 8
    params[0] += "a"
    assert simulator.send(tpl_id=CODE_TEMPLATE, params=params)["result"] == 1017


@pytest.mark.parametrize(("length", "fee"), [(70, 1), (71, 2), (134, 2), (135, 3)])
def test_a_mainland_text_is_billed_by_its_length(simulator: Caller, length: int, fee: int) -> None:
    constant = len("【测试签名】您的是，分钟内有效。")
    params = ["a" * (length - constant), "", ""]
    assert simulator.send(tpl_id=CODE_TEMPLATE, params=params)["fee"] == fee


@pytest.mark.parametrize(
    ("value", "fee"),
    [("a" * 154, 1), ("a" * 155, 2), ("a" * 152 + "€", 1), ("a" * 153 + "€", 2), ("好" * 65, 2)],
)
def test_an_international_text_is_billed_by_its_alphabet_and_length(
    simulator: Caller, value: str, fee: int
) -> None:
    answer = simulator.send(tel=tel("61234567", "852"), tpl_id=FOREIGN_TEMPLATE, params=[value])
    assert answer["fee"] == fee


def test_an_approved_sign_is_put_in_front_of_the_text(simulator: Caller) -> None:
    def text(**sign: Any) -> str:
        assert simulator.send(**sign)["result"] == 0
        return simulator.text_sent()

    assert text() == "【测试签名】感谢您的惠顾。"
    assert text(sign="") == "【测试签名】感谢您的惠顾。"
    assert text(sign="测试签名") == "【测试签名】感谢您的惠顾。"
    assert text(sign="别的") == "【测试签名】[别的]感谢您的惠顾。"
    assert text(sign="【测试签名】") == "【测试签名】[【测试签名】]感谢您的惠顾。"
    assert text(sign=None) == "【测试签名】[null]感谢您的惠顾。"
    simulator.set_switches(unapproved_sign="refuse")
    assert simulator.send(sign="别的")["result"] == 1012
    assert simulator.send(sign="测试签名")["result"] == 0
    simulator.call("del_sign", sign_id=1001)
    assert simulator.send()["result"] == 1012


def test_the_sign_of_an_international_message_is_optional(simulator: Caller) -> None:
    def text(**sign: Any) -> str:
        body: dict[str, Any] = {
            "tel": tel("61234567", "852"),
            "tpl_id": FOREIGN_TEMPLATE,
            "params": ["you"],
        }
        assert simulator.call("sendsms", **body, **sign)["result"] == 0
        return simulator.text_sent("61234567")

    assert text() == "Hello you"
    assert text(sign="Shop") == "[Shop]Hello you"
    sign_id = simulator.call("add_sign", text="Shop", international=1)["data"]["id"]
    simulator.control("review", {"sign_id": sign_id, "status": 0})
    assert text() == "[Shop]Hello you"
    assert text(sign="Shop") == "[Shop]Hello you"


def test_extend_needs_permission(simulator: Caller) -> None:
    assert simulator.send(extend="12")["result"] == 1006
    simulator.set_switches(extend_allowed=True)
    assert simulator.send(extend="12")["result"] == 0
    assert simulator.send(extend="ab")["result"] == 1004
