"""The hours of SEND_HOURS, in Beijing time."""

from datetime import datetime

import pytest

from chalicelib.dates import BEIJING
from chalicelib.domain.send_hours import MARGIN_SECONDS, SendHours

DAY = SendHours(8 * 60, 22 * 60)
NIGHT = SendHours(22 * 60, 2 * 60)


def at(clock: str) -> float:
    return datetime.fromisoformat(f"2026-03-02 {clock}").replace(tzinfo=BEIJING).timestamp()


@pytest.mark.parametrize("clock", ["08:00:00", "12:00:00", "21:59:54"])
def test_calls_may_begin_within_the_hours(clock: str) -> None:
    assert DAY.opens_in(at(clock)) == 0


@pytest.mark.parametrize(
    ("clock", "seconds"),
    [
        ("07:59:59", 1),
        ("00:00:00", 8 * 3600),
        ("22:00:00", 10 * 3600),
        ("21:59:55", 10 * 3600 + MARGIN_SECONDS),
    ],
)
def test_outside_them_the_next_start_is_known(clock: str, seconds: int) -> None:
    assert DAY.opens_in(at(clock)) == seconds


@pytest.mark.parametrize("clock", ["22:00:00", "23:59:59", "00:00:00", "01:59:54"])
def test_hours_may_span_midnight(clock: str) -> None:
    assert NIGHT.opens_in(at(clock)) == 0


@pytest.mark.parametrize(
    ("clock", "seconds"), [("02:00:00", 20 * 3600), ("21:59:59", 1), ("01:59:55", 20 * 3600 + 5)]
)
def test_between_two_nights_sends_wait(clock: str, seconds: int) -> None:
    assert NIGHT.opens_in(at(clock)) == seconds


def test_a_whole_day_has_no_gap() -> None:
    for clock in ("00:00:00", "12:00:00", "23:59:59"):
        assert SendHours(0, 24 * 60).opens_in(at(clock)) == 0


def test_hours_until_midnight() -> None:
    evening = SendHours(20 * 60, 24 * 60)
    assert evening.opens_in(at("23:59:54")) == 0
    assert evening.opens_in(at("23:59:55")) == 20 * 3600 + 5
    assert evening.opens_in(at("00:00:00")) == 20 * 3600


def test_they_are_written_as_in_the_setting() -> None:
    assert str(DAY) == "08:00-22:00"
    assert str(SendHours(0, 24 * 60)) == "00:00-24:00"
