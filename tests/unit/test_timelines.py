"""Columns of a campaign's timeline: without gaps, never more than fit, and with everything counted."""

from collections import Counter

import pytest

from chalicelib.domain.tally import PERIOD_SECONDS
from ops import timelines


def columns(
    sent: dict[int, int], delivered: dict[int, int], failed: dict[int, int]
) -> tuple[int, list[timelines.Column]]:
    return timelines._columns(Counter(sent), Counter(delivered), Counter(failed))


def test_nothing_has_no_columns() -> None:
    assert columns({5: 0}, {}, {}) == (PERIOD_SECONDS, [])


def test_an_hour_is_shown_at_least() -> None:
    seconds, found = columns({100: 3}, {101: 2}, {101: 1})
    assert (seconds, len(found)) == (PERIOD_SECONDS, 12)
    assert found[0] == timelines.Column(100 * PERIOD_SECONDS, 3, 0, 0)
    assert found[1] == timelines.Column(101 * PERIOD_SECONDS, 0, 2, 1)


@pytest.mark.parametrize("last", [12, 47, 48, 49, 500, 864])
def test_long_campaigns_have_wider_columns(last: int) -> None:
    seconds, found = columns({0: 5}, {0: 1, last: 3}, {last // 2: 1})
    assert len(found) <= 48
    assert seconds % PERIOD_SECONDS == 0
    assert [one.start for one in found] == [number * seconds for number in range(len(found))]
    assert sum(one.sent + one.delivered + one.failed for one in found) == 10
