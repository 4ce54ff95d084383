"""Who gets what of a request: a bad number or a missing variable is that recipient's failure alone."""

from typing import Any

from chalicelib.campaigns.planning import Call, Recipients
from chalicelib.quickaudience.requests import SendBatchList, read
from chalicelib.quickaudience.sends import _digest, _recipients
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
    return read(SendBatchList, BODY | {"phoneNumberJson": phones, "templateParamJson": params})


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
