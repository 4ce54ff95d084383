import os
import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib import dates
from tests.support.property_tests import examples

VECTORS = [
    (0, "1970-01-01 08:00:00"),
    (1546937053, "2019-01-08 16:44:13"),  # the date of Quick Audience's document
    (1457336869, "2016-03-07 15:47:49"),  # the time of Tencent's document
    (1546271999, "2018-12-31 23:59:59"),  # still the old year in Beijing, and in UTC
    (1546272000, "2019-01-01 00:00:00"),  # the new year in Beijing, not in UTC
    (1582905599, "2020-02-28 23:59:59"),
    (1582905600, "2020-02-29 00:00:00"),
    (-1, "1970-01-01 07:59:59"),
    (4102444800, "2100-01-01 08:00:00"),
    (253402271999, "9999-12-31 23:59:59"),
]


@pytest.fixture(params=["UTC", "America/New_York", "Asia/Shanghai"])
def zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Set the time zone of the machine, which must not matter."""
    before = os.environ.get("TZ")
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield request.param
    if before is None:
        monkeypatch.delenv("TZ")
    else:
        monkeypatch.setenv("TZ", before)
    time.tzset()


@pytest.mark.parametrize(("epoch", "text"), VECTORS)
def test_epochs_are_written_in_beijing_time_whatever_the_machines_zone(
    zone: str, epoch: int, text: str
) -> None:
    assert dates.to_beijing(epoch) == text


@pytest.mark.parametrize(("epoch", "text"), VECTORS)
def test_dates_are_read_as_beijing_time_whatever_the_machines_zone(
    zone: str, epoch: int, text: str
) -> None:
    assert dates.from_beijing(text) == epoch


@given(st.integers(-2_000_000_000, 250_000_000_000))
@examples(200)
def test_a_written_date_is_read_back(epoch: int) -> None:
    assert dates.from_beijing(dates.to_beijing(epoch)) == epoch


def test_parts_of_a_second_are_dropped() -> None:
    assert dates.to_beijing(1546937053.999) == "2019-01-08 16:44:13"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "string",
        "2019-01-08",
        "16:44:13",
        "2019-01-08T16:44:13",
        "2019-01-08 16:44",
        "2019-01-08 16:44:13.5",
        "2019-01-08 16:44:13Z",
        "2019-01-08 16:44:13+08:00",
        " 2019-01-08 16:44:13",
        "2019-01-08 16:44:13 ",
        "2019/01/08 16:44:13",
        "08-01-2019 16:44:13",
        "2019-02-29 00:00:00",
        "2019-13-01 00:00:00",
        "2019-01-08 24:00:00",
        "2019-01-08 16:60:13",
        "2019-01-08 16:44:60",
        "1546937053",
        "0000-00-00 00:00:00",
        "9" * 1000,
    ],
    ids=lambda text: text[:24],
)
def test_other_formats_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        dates.from_beijing(text)


@pytest.mark.parametrize(
    "text",
    ["2019-1-8 1:2:3", "2019-01-08  16:44:13", "2019-01-08\n16:44:13", "２０１９-01-08 16:44:13"],
    ids=ascii,
)
def test_nearly_right_formats_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        dates.from_beijing(text)
