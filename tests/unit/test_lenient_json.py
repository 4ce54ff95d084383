import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.lenient_json import loads
from tests.support.property_tests import examples

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=4)
    ),
    max_leaves=10,
)


@given(values, st.booleans())
@examples(150)
def test_escaped_and_unescaped_json_are_read(value: Any, escaped: bool) -> None:
    assert loads(json.dumps(value, ensure_ascii=escaped)) == value


@pytest.mark.parametrize(
    "fraction", ["5.0", "-0.0", "0.10", "1e5", "1E-2", "1e999", "0.1000000000000000055"]
)
def test_a_fraction_is_read_as_its_own_text(fraction: str) -> None:
    assert loads(f'[{fraction}, {{"x": {fraction}}}]') == [fraction, {"x": fraction}]


@pytest.mark.parametrize("number", [0, -1, 13900001111, 2**63, 10**4000], ids=lambda n: str(n)[:12])
def test_a_whole_number_keeps_all_its_digits(number: int) -> None:
    assert loads(str(number)) == number


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "[NaN]", '{"a": Infinity}'])
def test_javascripts_special_numbers_are_refused_by_name(text: str) -> None:
    with pytest.raises(ValueError, match="is not JSON"):
        loads(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "{",
        "{'a': 1}",
        "[1,]",
        "01",
        "+1",
        "nan",
        "{} {}",
        '"\n"',
        "\ufeff{}",
        "[1" + "0" * 5000 + "]",
    ],
    ids=lambda text: ascii(text)[:12],
)
def test_invalid_json_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        loads(text)


@pytest.mark.parametrize(
    "text",
    [
        r'"\ud800"',
        r'"\udfff"',
        r'"\uDC00\uD800"',
        r'["a\ud83d"]',
        r'{"\ud800": 1}',
        r'{"a": {"b": ["\udbff"]}}',
    ],
)
def test_half_a_character_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="surrogates"):
        loads(text)


@pytest.mark.parametrize(
    ("text", "value"), [(r'"\ud83d\ude00"', "😀"), (r'"\\ud800"', r"\ud800"), (r'"\u0000"', "\0")]
)
def test_a_text_that_only_resembles_half_a_character_is_read(text: str, value: str) -> None:
    assert loads(text) == value


def test_excessive_nesting_raises_a_value_error() -> None:
    with pytest.raises(RecursionError):
        loads("[" * 100_000)
