import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain import parameters
from chalicelib.domain.planning import Failure
from chalicelib.lenient_json import loads
from tests.support.property_tests import examples


def test_values_are_in_the_order_of_the_template() -> None:
    assert parameters.values({"age": "5", "name": "aaa"}, ["name", "age"]) == ("aaa", "5")


def test_a_repeated_variable_gets_its_value_twice() -> None:
    assert parameters.values({"a": "x", "b": "y"}, ["a", "b", "a"]) == ("x", "y", "x")


def test_the_documents_own_example_has_numbers_for_values() -> None:
    given_ones = loads('[{"name":"aaa","age":123},{"name":"bbb","age":456}]')
    found = [parameters.values(one, ["name", "age"]) for one in given_ones]
    assert found == [("aaa", "123"), ("bbb", "456")]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("plain", "plain"),
        ("", ""),
        ("  kept  ", "  kept  "),
        ("😀 你好", "😀 你好"),
        (None, ""),
        (0, "0"),
        (-7, "-7"),
        (10**400, "1" + "0" * 400),
        (True, "true"),
        (False, "false"),
        ([], "[]"),
        ({}, "{}"),
        ([1, None, "二"], '[1,null,"二"]'),
        ({"城市": "上海", "n": [1]}, '{"城市":"上海","n":[1]}'),
    ],
    ids=lambda value: repr(value)[:20],
)
def test_a_value_of_any_type_becomes_text(value: Any, text: str) -> None:
    assert parameters.values({"v": value}, ["v"]) == (text,)


@pytest.mark.parametrize("fraction", ["5.0", "0.10", "1e5", "1.23456789012345678901234567890"])
def test_a_fraction_is_sent_as_it_was_written(fraction: str) -> None:
    assert parameters.values(loads(f'{{"v": {fraction}}}'), ["v"]) == (fraction,)


@pytest.mark.parametrize("given_ones", [{}, {"b": "x"}, {"A": "x"}, {" a": "x"}], ids=str)
def test_a_missing_variable_is_a_failure_that_names_it(given_ones: dict[str, Any]) -> None:
    failure = parameters.values(given_ones, ["a"])
    assert isinstance(failure, Failure)
    assert failure.code == "isv.TEMPLATE_MISSING_PARAMETERS"
    assert " a " in failure.message


def test_a_template_without_variables_needs_no_values() -> None:
    assert parameters.values({}, []) == ()


def test_keys_that_the_template_does_not_use_are_ignored() -> None:
    assert parameters.values({"a": "x", "b": "y" * 9999}, ["a"]) == ("x",)


def test_values_may_have_500_characters_together() -> None:
    assert parameters.values({"a": "x" * 499, "b": "😀"}, ["a", "b"]) == ("x" * 499, "😀")


@pytest.mark.parametrize(
    "given_ones",
    [{"a": "x" * 501, "b": ""}, {"a": "x" * 250, "b": "y" * 251}, {"a": "x" * 10**6, "b": 1}],
    ids=["one", "together", "huge"],
)
def test_longer_values_are_a_failure(given_ones: dict[str, Any]) -> None:
    failure = parameters.values(given_ones, ["a", "b"])
    assert isinstance(failure, Failure)
    assert failure.code == "isv.PARAM_LENGTH_LIMIT"


def test_a_repeated_variable_counts_as_often_as_it_is_sent() -> None:
    assert isinstance(parameters.values({"a": "x" * 251}, ["a", "a"]), Failure)


values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**12), 10**12) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)


@given(st.dictionaries(st.text(min_size=1, max_size=5), values, max_size=5))
@examples(100)
def test_each_name_has_one_text_and_nested_values_are_json(
    given_ones: dict[str, Any],
) -> None:
    found = parameters.values(given_ones, list(given_ones))
    if isinstance(found, Failure):
        assert found.code == "isv.PARAM_LENGTH_LIMIT"
        return
    for value, text in zip(given_ones.values(), found, strict=True):
        if not isinstance(value, str):
            assert (json.loads(text) if text else None) == value
