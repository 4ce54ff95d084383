"""Values that are packed into one attribute are small and unpacked unchanged."""

from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.store.packing import pack, pack_numbers, unpack, unpack_numbers
from tests.support.property_tests import examples

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(alphabet="x\x00😀值\n"),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=3), inner),
)


@given(values | values.map(lambda value: [value] * 100), st.booleans())
@examples(60)
def test_any_json_value_is_unpacked_as_it_was_packed(value: Any, quickly: bool) -> None:
    assert unpack(pack(value, quickly=quickly)) == value


@pytest.mark.parametrize("value", ["x", "x" * 198, "x" * 199, "x" * 5000, None, 0, [], {}])
def test_short_and_long_lists_are_unpacked_as_they_were_packed(value: Any) -> None:
    assert unpack(pack(value)) == value


def test_long_lists_are_compressed() -> None:
    assert len(pack(["某某科技"] * 100)) < 100


@given(st.lists(st.from_regex(r"[1-9][0-9]{6,14}", fullmatch=True)))
@examples(60)
def test_phone_numbers_are_unpacked_as_they_were_packed(phones: list[str]) -> None:
    assert unpack_numbers(pack_numbers(phones)) == phones


def test_two_hundred_numbers_take_fourteen_hundred_bytes() -> None:
    random = Random(1)
    phones = [f"861{random.randrange(3 * 10**9, 10**10)}" for _ in range(200)]
    assert len(pack_numbers(phones)) == 1400
