"""Phone numbers, parameters and the limit of a campaign, in every form that a body may have."""

import json
from typing import Any

import pytest

from chalicelib.domain import phones
from chalicelib.endpoints.envelope import parse
from chalicelib.quickaudience.bodies import SendBatchList, read
from tests.support.quickaudience_bodies import SEND, refused, send

# --- phoneNumberJson ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    [
        ["13900001111", "13900002222"],
        [13900001111, 13900002222],
        ["13900001111", 13900002222],
        [" 13900001111 ", "13900002222\n"],
        '["13900001111","13900002222"]',
        "[13900001111, 13900002222]",
        ' ["13900001111","13900002222"] ',
        '"[\\"13900001111\\",\\"13900002222\\"]"',
        '"13900001111,13900002222"',
        "13900001111,13900002222",
        " 13900001111 , 13900002222 ",
    ],
    ids=[
        "list",
        "numbers",
        "mixed",
        "padded",
        "json",
        "json-numbers",
        "json-padded",
        "twice",
        "quoted",
        "comma",
        "comma-padded",
    ],
)
def test_phone_numbers_are_read_in_any_form(value: Any) -> None:
    assert send(phoneNumberJson=value).phoneNumberJson == ["13900001111", "13900002222"]


@pytest.mark.parametrize(
    "value",
    [["13900001111"], 13900001111, "13900001111", '"13900001111"', "[13900001111]"],
    ids=repr,
)
def test_a_single_phone_number_needs_no_list(value: Any) -> None:
    assert send(phoneNumberJson=value).phoneNumberJson == ["13900001111"]


def test_order_and_repetitions_of_phone_numbers_are_kept() -> None:
    numbers = ["3", "1", "2", "1"]
    assert send(phoneNumberJson=numbers).phoneNumberJson == numbers


@pytest.mark.parametrize("text", ["+8613900001111", "008613900001111", "1390000****", "手机", "0"])
def test_an_invalid_number_is_left_to_its_recipients_receipt(text: str) -> None:
    assert send(phoneNumberJson=[text]).phoneNumberJson == [text]
    assert send(phoneNumberJson=json.dumps([text])).phoneNumberJson == [text]


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        {},
        "",
        " ",
        "[]",
        '"[]"',
        "null,",
        ",",
        True,
        [True],
        [None],
        [""],
        [" "],
        [["1"]],
        [{}],
        ["1", True],
        '["1",{}]',
    ],
    ids=repr,
)
def test_unusable_phone_numbers_are_refused_by_name(value: Any) -> None:
    assert "phoneNumberJson" in refused(SendBatchList, SEND | {"phoneNumberJson": value})


@pytest.mark.parametrize(
    "value",
    [
        "[13900001111,13900002222,13900003333",
        '["13900001111"',
        "[NaN]",
        '"13900001111,13900002222',
    ],
    ids=ascii,
)
def test_broken_json_is_refused_and_not_read_as_a_list(value: str) -> None:
    assert "phoneNumberJson" in refused(SendBatchList, SEND | {"phoneNumberJson": value})


def test_the_first_unusable_phone_number_is_named_by_its_position() -> None:
    assert "第 2 个" in refused(SendBatchList, SEND | {"phoneNumberJson": ["1", True, ""]})


@pytest.mark.parametrize(
    ("value", "numbers"),
    [
        (["13900001111", "", None, "13900002222"], ["13900001111", "", "", "13900002222"]),
        ("13900001111,", ["13900001111", ""]),
        ([" ", "\u200b", "13900001111"], ["", "", "13900001111"]),
        ('["null",13900001111]', ["", "13900001111"]),
    ],
    ids=ascii,
)
def test_field_10_a_blank_number_stays_at_its_place(value: Any, numbers: list[str]) -> None:
    assert send(phoneNumberJson=value).phoneNumberJson == numbers


def test_field_8_invisible_characters_around_a_number_are_dropped() -> None:
    given = [
        "\ufeff13900001111",
        "\u202d13900001111\u202c",
        "13900001111\x00",
        "\u200e13900001111\u2060",
    ]
    assert send(phoneNumberJson=given).phoneNumberJson == ["13900001111"] * 4


@pytest.mark.parametrize("number", ["13900001111.0", "1.3900001111E10"])
def test_field_9_a_fraction_is_kept_as_it_is_written(number: str) -> None:
    body = parse(json.dumps(SEND | {"phoneNumberJson": [0]}).replace("[0]", f"[{number}]").encode())
    assert read(SendBatchList, body).phoneNumberJson == [number]


def test_field_14_half_a_character_becomes_a_question_mark() -> None:
    given = '[{"name":"甲"},{"name":"李雷\\ud83d"}]'
    assert send(templateParamJson=given).templateParamJson == [{"name": "甲"}, {"name": "李雷?"}]


def test_an_over_long_phone_number_is_not_cut_into_a_valid_one() -> None:
    long = "13900001111" + "-" * 30 + "9999"
    [phone] = send(phoneNumberJson=[long]).phoneNumberJson
    assert phone == long
    with pytest.raises(ValueError, match="phone number"):
        phones.parse(phone)


# --- templateParamJson -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    [None, "", "null", '"null"', [], "[]", '"[]"', {}, "{}", '""', [{}], [None], "[null]"],
    ids=repr,
)
def test_empty_parameters_are_no_parameters_for_any_recipient(value: Any) -> None:
    assert send(templateParamJson=value).templateParamJson in ([], [{}])


def test_parameters_may_be_left_out() -> None:
    assert send().templateParamJson == []


EACH = [{"a": "x"}, {"a": None, "b": 5}]


@pytest.mark.parametrize(
    "value",
    [
        EACH,
        json.dumps(EACH),
        json.dumps(json.dumps(EACH)),
        [json.dumps(one) for one in EACH],
        json.dumps([json.dumps(one) for one in EACH]),
    ],
    ids=["list", "json", "json-twice", "list-of-json", "json-of-json"],
)
def test_parameters_are_read_in_any_form(value: Any) -> None:
    assert send(templateParamJson=value).templateParamJson == EACH


@pytest.mark.parametrize(
    "value",
    [{"a": "x"}, [{"a": "x"}], '{"a": "x"}', '[{"a": "x"}]', '"{\\"a\\": \\"x\\"}"'],
    ids=repr,
)
def test_one_object_applies_to_all_recipients(value: Any) -> None:
    assert send(templateParamJson=value).templateParamJson == [{"a": "x"}]


def test_one_recipient_needs_one_object() -> None:
    asked = send(phoneNumberJson=["1"], templateParamJson=[{"a": 1}])
    assert asked.templateParamJson == [{"a": 1}]


def test_an_empty_entry_applies_to_its_recipient_only() -> None:
    assert send(templateParamJson=[None, {"a": 1}]).templateParamJson == [{}, {"a": 1}]


@pytest.mark.parametrize("count", [2, 4, 100])
def test_another_number_of_parameters_is_refused_with_both_counts(count: int) -> None:
    body = SEND | {"phoneNumberJson": ["1", "2", "3"], "templateParamJson": [{"a": 1}] * count}
    message = refused(SendBatchList, body)
    assert "templateParamJson" in message
    assert f"{count} 组" in message
    assert "3 个" in message


@pytest.mark.parametrize(
    "value",
    [
        0,
        5,
        True,
        False,
        "x",
        "5",
        "[1]",
        [1],
        ["x"],
        [[]],
        [True],
        [{"a": 1}, 5],
        "[{]",
        '[{"a":NaN}]',
    ],
    ids=repr,
)
def test_unusable_parameters_are_refused_by_name(value: Any) -> None:
    assert "templateParamJson" in refused(SendBatchList, SEND | {"templateParamJson": value})


def test_values_inside_parameters_are_unchanged() -> None:
    [one] = send(
        phoneNumberJson=["1"], templateParamJson='[{"a": 5.0, "b": [1], "c": "[1]"}]'
    ).templateParamJson
    assert one == {"a": "5.0", "b": [1], "c": "[1]"}


# --- limit -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "limit"),
    [
        (None, None),
        (0, None),
        (-1, None),
        (1, 1),
        (2**63, 2**63),
        ("0", None),
        ("5", 5),
        ("-5", None),
        ("", None),
        ("null", None),
        ("many", None),
        (True, None),
        (False, None),
        ([], None),
        ([5], None),
        ({}, None),
        ("9" * 5000, None),
    ],
    ids=lambda value: repr(value)[:12],
)
def test_a_limit_is_read_as_a_number_or_none(value: Any, limit: int | None) -> None:
    assert send(limit=value).limit == limit


def test_a_limit_may_be_left_out() -> None:
    assert send().limit is None


@pytest.mark.parametrize("text", ["1.0", "1e0"])
def test_a_whole_limit_may_be_written_with_a_fraction(text: str) -> None:
    body = parse(json.dumps(SEND | {"limit": 0}).replace('"limit": 0', f'"limit": {text}').encode())
    assert read(SendBatchList, body).limit == 1
