"""Times in the many forms in which replies and statuses report them."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.reported_times import read
from tests.support.property_tests import examples

# 2 March 2026, 10:00:07 in Beijing.
TIME = 1_772_416_807


@pytest.mark.parametrize(
    "value",
    [
        *(TIME, str(TIME), f" {TIME} ", float(TIME), f"{TIME}.0", f"{TIME}.789", "1.772416807E9"),
        *(TIME * 1000, str(TIME * 1000 + 999), TIME * 10**6 + 5, TIME * 10**9 + 5),
        *("2026-03-02 10:00:07", " 2026-03-02  10:00:07 ", "2026/03/02 10:00:07", "2026/3/2 10:00:07"),
        *("2026-03-02T10:00:07", "2026-03-02T10:00:07.123", "2026-03-02 10:00:07,5", "2026.03.02 10:00:07"),
        *("2026-03-02T02:00:07Z", "2026-03-02T02:00:07.000z", "2026-03-02T10:00:07+08:00"),
        *("2026-03-02 10:00:07 +0800", "2026-03-01T21:00:07-05:00", "2026年3月2日 10:00:07"),
        *("20260302100007", 20260302100007),
    ],
    ids=repr,
)  # fmt: skip
def test_a_time_is_read_in_every_customary_form(value: Any) -> None:
    assert read(value) == TIME


def test_a_date_may_have_no_seconds() -> None:
    assert read("2026-03-02 10:00") == TIME - 7


@pytest.mark.parametrize(
    "value",
    [
        *(None, True, "", " ", "yesterday", [], {}, [TIME], 0, -1, -TIME, 5, 999_999_999, 10**30),
        *("1457336869x", "2026-03-02", "10:00:07", "2026-13-02 10:00:07", "2026-02-30 10:00:07"),
        *("2026-03-02 25:00:07", "20261302100007", 4_102_444_800, "2100-01-01 08:00:00", "9" * 5000),
        *("２０２６-03-02 10:00:07", "0001-01-01 00:00:00", "1999-12-31 23:59:59", "NaN", "1e999"),
    ],
    ids=lambda value: repr(value)[:20],
)  # fmt: skip
def test_anything_else_is_no_time(value: Any) -> None:
    assert read(value) is None


@given(
    st.text(max_size=40) | st.from_regex(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{4}") | st.integers()
)
@examples(300)
def test_any_value_is_a_time_of_this_century_or_none(value: Any) -> None:
    assert 1_000_000_000 <= (read(value) or TIME) < 4_102_444_800
