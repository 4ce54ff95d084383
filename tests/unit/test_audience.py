"""The recipients of a request: a bad number or a missing variable fails for that recipient only."""

import json
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain import parameters, phones
from chalicelib.domain.audience import Audience
from chalicelib.domain.planning import Call, Failure
from chalicelib.domain.recipients import Recipients
from tests.support.planning import calls_of
from tests.support.property_tests import examples


def recipients(numbers: list[str], objects: list[dict[str, Any]]) -> Recipients:
    return Audience(numbers, objects).recipients(["a"])


def failures(found: Recipients) -> dict[str, str]:
    return {phone: why.code for chunk in found.chunks() for phone, why in chunk.refused}


def test_a_masked_number_is_refused_alone() -> None:
    found = recipients(["1390000****", "13900001111"], [{"a": "x"}])
    assert calls_of(found) == [Call(("8613900001111",), ("x",))]
    assert failures(found) == {"1390000****": "isv.MOBILE_NUMBER_ILLEGAL"}


def test_a_missing_variable_is_refused_alone() -> None:
    found = recipients(["13900001111", "13900002222"], [{"a": "x"}, {"b": "y"}])
    assert found.accepted == 1
    assert list(failures(found).values()) == ["isv.TEMPLATE_MISSING_PARAMETERS"]


def test_a_number_that_is_written_in_two_ways_is_one_recipient() -> None:
    found = recipients(["13900001111", "+86 139-0000-1111", "13900001111"], [{"a": "x"}])
    assert calls_of(found) == [Call(("8613900001111",), ("x",))]


def test_a_number_with_two_values_gets_two_messages() -> None:
    found = recipients(["13900001111", "13900001111"], [{"a": "x"}, {"a": "y"}])
    assert found.accepted == 2


def test_values_that_differ_in_type_alone_are_one_text() -> None:
    found = recipients(["13900001111", "13900002222"], [{"a": "5"}, {"a": 5}])
    assert calls_of(found) == [Call(("8613900001111", "8613900002222"), ("5",))]


def test_without_objects_no_recipient_has_parameters() -> None:
    found = Audience(["13900001111", "13900002222"], []).recipients([])
    assert calls_of(found) == [Call(("8613900001111", "8613900002222"), ())]


def test_numbers_in_plain_form_and_in_other_forms_are_planned_alike() -> None:
    numbers = ["13900001111", "+8613900002222", "bad", "85251230003", "13900002222"]
    found = recipients(numbers, [{"a": "x"}])
    one_by_one = Recipients()
    for phone in ("8613900001111", "8613900002222", "85251230003"):
        one_by_one.add(phone, ("x",), phone.removeprefix("86"))
    assert calls_of(found) == calls_of(one_by_one)
    assert failures(found) == {"bad": "isv.MOBILE_NUMBER_ILLEGAL"}


def test_forty_characters_of_an_invalid_number_are_kept() -> None:
    assert list(failures(recipients(["x" * 41], [{"a": "x"}]))) == ["x" * 40]


numbers = st.sampled_from(
    ["13900001111", "+8613900001111", "13900002222", "85251230003", "a\nb", "b"]
)
# Objects with equal names and only texts are stored differently from all others.
values = st.sampled_from(["x", "y", "x\ny", "", "z" * 251])
objects = st.fixed_dictionaries({"a": values, "b": values}) | st.dictionaries(
    st.sampled_from("abc"), values | st.sampled_from([1, True, None, ["x"]])
)
texts = st.fixed_dictionaries({"a": values, "b": values})
pairs = st.lists(st.tuples(numbers, objects), min_size=2, max_size=6) | st.lists(
    st.tuples(numbers, texts), min_size=2, max_size=6
)


def audience(asked: list[tuple[str, dict[str, Any]]]) -> Audience:
    return Audience([number for number, _ in asked], [one for _, one in asked])


@given(pairs, st.lists(st.sampled_from("abc"), max_size=3))
@examples(150)
def test_recipients_together_get_what_each_would_get_alone(
    asked: list[tuple[str, dict[str, Any]]], names: list[str]
) -> None:
    one_by_one = Recipients()
    for number, one in sorted(asked, key=lambda pair: pair[0]):
        params = parameters.values(one, names)
        try:
            phone = phones.parse(number)
        except ValueError:
            one_by_one.refuse(number, Failure("isv.MOBILE_NUMBER_ILLEGAL", "手机号格式错误"))
            continue
        if isinstance(params, Failure):
            one_by_one.refuse(number, params, phone)
        else:
            one_by_one.add(phone, params, number)
    found = audience(asked).recipients(names)
    assert calls_of(found) == calls_of(one_by_one)
    assert failures(found).keys() == failures(one_by_one).keys()


@given(pairs, st.randoms(use_true_random=False))
@examples(150)
def test_the_order_changes_neither_digest_nor_plan(
    asked: list[tuple[str, dict[str, Any]]], random: Random
) -> None:
    first = audience(asked)
    random.shuffle(asked)
    # The names of an object are in another order, too.
    other = audience([(number, dict(reversed(one.items()))) for number, one in asked])
    assert first.digest() == other.digest()
    assert list(first.recipients(["a"]).chunks()) == list(other.recipients(["a"]).chunks())


@given(pairs, pairs)
@examples(150)
def test_other_recipients_or_other_values_change_the_digest(
    one: list[tuple[str, dict[str, Any]]], other: list[tuple[str, dict[str, Any]]]
) -> None:
    def canonical(asked: list[tuple[str, dict[str, Any]]]) -> list[tuple[str, str]]:
        return sorted((number, json.dumps(given, sort_keys=True)) for number, given in asked)

    same = canonical(one) == canonical(other)
    assert (audience(one).digest() == audience(other).digest()) == same


@given(st.lists(numbers, min_size=2, max_size=4), objects)
@examples(100)
def test_one_object_for_all_equals_one_object_for_each(
    given: list[str], one: dict[str, Any]
) -> None:
    for_all = Audience(given, [one])
    each = Audience(given, [dict(one) for _ in given])
    another = Audience(given, [one, *({**one, "a": "another"} for _ in given[1:])])
    assert for_all.digest() == each.digest() != another.digest()
    assert list(for_all.recipients(["a"]).chunks()) == list(each.recipients(["a"]).chunks())


X, Y = {"a": "x"}, {"a": "y"}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ([X, Y, X], [X, X, X]),
        ([X, Y, X], [X]),
        ([X, Y, X], [X, X, Y]),
        ([X, Y, Y], [{"b": "x"}, {"b": "y"}, {"b": "y"}]),
        ([X, X, X], [{"b": "x"}, {"b": "x"}, {"b": "x"}]),
        ([X | {"b": "y"}] * 3, [Y | {"b": "x"}] * 3),
        (
            [X | {"b": "y"}, Y | {"b": "x"}, X | {"b": "x"}],
            [X | {"b": "y"}, X | {"b": "x"}, Y | {"b": "x"}],
        ),
        ([X, Y, {"a": 1}], [X, Y, {"a": "1"}]),
        ([X, Y, {"a": None}], [X, Y, {}]),
    ],
)
def test_other_values_for_the_same_numbers_change_the_digest(
    one: list[dict[str, Any]], other: list[dict[str, Any]]
) -> None:
    numbers = ["13900001111", "13900002222", "13900003333"]
    assert Audience(numbers, one).digest() != Audience(numbers, other).digest()


def test_no_objects_equal_an_empty_object() -> None:
    assert Audience(["13900001111"], []).digest() == Audience(["13900001111"], [{}]).digest()


@pytest.mark.parametrize("one", [{"a": 1}, {"a": "1"}])
def test_true_does_not_equal_one(one: dict[str, Any]) -> None:
    numbers = ["13900002222", "13900001111"]
    assert Audience(numbers, [one]).digest() != Audience(numbers, [one, {"a": True}]).digest()


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
def test_other_numbers_change_the_digest(one: list[str], other: list[str]) -> None:
    assert Audience(one, []).digest() == Audience(list(one), []).digest()
    assert Audience(one, []).digest() != Audience(other, []).digest()
