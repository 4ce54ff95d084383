"""The time of a reply. `tests/integration` tests the rest of this function."""

from typing import Any

import pytest

from chalicelib import dates
from chalicelib.functions import settle


@pytest.mark.parametrize(
    ("value", "epoch"),
    [
        (1457336869, 1457336869),
        ("1457336869", 1457336869),
        (1457336869.5, 1457336869),
        (None, 7),
        ("", 7),
        ("now", 7),
        ([], 7),
        ({}, 7),
        (float("nan"), 7),
        ("9" * 5000, 7),
    ],
    ids=lambda value: repr(value)[:20],
)
def test_a_time_is_an_epoch_or_the_time_of_arrival(value: Any, epoch: int) -> None:
    assert settle._epoch(value, 7) == epoch


@pytest.mark.parametrize(
    "value",
    [float("inf"), 10**30, 1457336869000, -(10**12)],
    ids=["infinity", "huge", "milliseconds", "negative"],
)
def test_a_time_that_gives_no_date_is_not_used(value: Any) -> None:
    assert dates.to_beijing(settle._epoch(value, 7)).startswith("1970-01-01") or (
        dates.to_beijing(settle._epoch(value, 7)).startswith("2016-03-07")
    )
