"""Who gets what of a request: a bad number or a missing variable is that recipient's failure alone."""

from typing import Any

import pytest

from chalicelib.campaigns.planning import Call, Recipients
from chalicelib.quickaudience.requests import SendBatchList, read
from chalicelib.quickaudience.sends import _digest, _in_order, _recipients
from chalicelib.store.templates import Revision

REVISION = Revision(
    code="1",
    number=1,
    tpl_id=1,
    name="n",
    remark="",
    kind=1,
    content="${a}",
    text="{1}",
    names=("a",),
    status=0,
    reply="",
    author="",
    created_at=0,
    checked_at=0,
)
BODY = {"outId": "out", "signName": "s", "templateCode": "1"}


def asked(phones: list[Any], params: Any) -> SendBatchList:
    body = BODY | {"phoneNumberJson": phones, "templateParamJson": params}
    return _in_order(read(SendBatchList, body))


def recipients(phones: list[Any], params: Any) -> Recipients:
    return _recipients(asked(phones, params), REVISION)


def failures(found: Recipients) -> dict[str, str]:
    return {phone: why.code for chunk in found.chunks() for phone, why in chunk.refused}


def test_a_masked_number_is_refused_alone() -> None:
    found = recipients(["1390000****", "13900001111"], {"a": "x"})
    assert list(found.calls()) == [Call(("8613900001111",), ("x",))]
    assert failures(found) == {"1390000****": "isv.MOBILE_NUMBER_ILLEGAL"}


def test_a_missing_variable_is_refused_alone() -> None:
    found = recipients(["13900001111", "13900002222"], [{"a": "x"}, {"b": "y"}])
    assert found.accepted == 1
    assert list(failures(found).values()) == ["isv.TEMPLATE_MISSING_PARAMETERS"]


def test_a_number_that_is_written_in_two_ways_is_one_recipient() -> None:
    found = recipients(["13900001111", "+86 139-0000-1111", 13900001111], {"a": "x"})
    assert list(found.calls()) == [Call(("8613900001111",), ("x",))]


def test_a_number_with_two_values_gets_two_messages() -> None:
    found = recipients(["13900001111", "13900001111"], [{"a": "x"}, {"a": "y"}])
    assert found.accepted == 2


def test_values_that_differ_in_type_alone_are_one_text() -> None:
    found = recipients(["13900001111", "13900002222"], [{"a": "5"}, {"a": 5}])
    assert list(found.calls()) == [Call(("8613900001111", "8613900002222"), ("5",))]


def test_the_order_of_recipients_does_not_make_another_request() -> None:
    one = asked(["13900001111", "13900002222"], [{"a": "x", "b": 1}, {"a": "y"}])
    same = asked(["13900002222", "13900001111"], [{"a": "y"}, {"b": 1, "a": "x"}])
    other = asked(["13900002222", "13900001111"], [{"b": 1, "a": "x"}, {"a": "y"}])
    assert _digest(one, "s") == _digest(same, "s")
    assert _digest(one, "s") != _digest(other, "s")
    assert _digest(one, "s") != _digest(one, "t")


def test_the_order_of_two_messages_to_one_number_does_not_make_another_request() -> None:
    one = asked(["13900001111", "13900001111"], [{"a": "x"}, {"a": "y"}])
    same = asked(["13900001111", "13900001111"], [{"a": "y"}, {"a": "x"}])
    assert _digest(one, "s") == _digest(same, "s")


def test_one_object_for_all_is_the_same_as_one_for_each() -> None:
    numbers = ["13900002222", "13900001111"]
    for_all = asked(numbers, {"a": "x"})
    assert _digest(for_all, "s") == _digest(asked(numbers, [{"a": "x"}, {"a": "x"}]), "s")
    assert _digest(for_all, "s") != _digest(asked(numbers, [{"a": "x"}, {"a": "z"}]), "s")


def test_true_is_not_one() -> None:
    numbers = ["13900002222", "13900001111"]
    one, true = asked(numbers, {"a": 1}), asked(numbers, [{"a": 1}, {"a": True}])
    assert _digest(one, "s") != _digest(true, "s")


def test_numbers_in_plain_form_and_others_are_taken_in_alike() -> None:
    numbers = ["13900001111", "+8613900002222", "bad", "85251230003", "13900002222"]
    found = recipients(numbers, {"a": "x"})
    one_by_one = Recipients()
    for phone in ("8613900001111", "8613900002222", "85251230003"):
        one_by_one.add(phone, ("x",), phone.removeprefix("86"))
    assert list(found.calls()) == list(one_by_one.calls())
    assert failures(found) == {"bad": "isv.MOBILE_NUMBER_ILLEGAL"}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (["a\nb", "c"], ["a", "b\nc"]),
        (["a", "b"], ["a\nb", ""]),
        (["1", "2"], ["12"]),
        (["1", "2"], ["1", "3"]),
        (["1"], ["1", "1"]),
    ],
)
def test_other_numbers_are_another_request(one: list[str], other: list[str]) -> None:
    def digest(numbers: list[str]) -> str:
        asked = SendBatchList.model_construct(
            outId="o",
            signName="s",
            templateCode="t",
            phoneNumberJson=numbers,
            templateParamJson=[],
        )
        return _digest(asked, "s")

    assert digest(one) == digest(list(one))
    assert digest(one) != digest(other)
