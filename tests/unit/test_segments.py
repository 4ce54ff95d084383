"""The estimate of segments, compared with the segments that the simulator of Tencent bills."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain import segments
from local.tencent.fees import fee
from tests.support.property_tests import examples


@pytest.mark.parametrize(
    ("text", "mainland", "expected"),
    [
        ("字" * 70, True, 1),
        ("字" * 71, True, 2),
        ("字" * 134, True, 2),
        ("字" * 135, True, 3),
        ("a" * 71, True, 2),
        ("a" * 160, False, 1),
        ("a" * 161, False, 2),
        ("a" * 159 + "€", False, 2),
        ("a" * 70 + "字", False, 2),
        ("", True, 1),
    ],
)
def test_the_bounds(text: str, *, mainland: bool, expected: int) -> None:
    assert segments.estimate(text, mainland=mainland) == expected


@examples(200)
@given(st.text(st.sampled_from("ab€字{1"), max_size=400), st.booleans())
def test_the_simulator_bills_the_same(text: str, mainland: bool) -> None:
    assert segments.estimate(text, mainland=mainland) == fee(text, mainland=mainland)
