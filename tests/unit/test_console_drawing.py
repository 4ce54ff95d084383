"""Bars and timelines: proportions, small shares, and hostile labels."""

import re
from html import unescape

import pytest

from ops.console import drawing
from tests.support.hostile_texts import HOSTILE


def widths(svg: str) -> list[float]:
    return [float(one) for one in re.findall(r'<rect[^>]* width="([0-9.]+)"', svg)]


def test_a_bar_shows_shares_in_proportion() -> None:
    svg = drawing.bar([("delivered", 50), ("failed", 25)], 100, "x")
    assert widths(svg) == [500, 250]
    assert re.findall(r'class="fill-(\w+)" x="(\d+)"', svg) == [
        ("delivered", "0"),
        ("failed", "500"),
    ]


def test_a_share_of_one_in_a_million_is_seen_and_the_bar_is_not_longer_than_full() -> None:
    svg = drawing.bar([("delivered", 999_998), ("failed", 1), ("unknown", 1)], 1_000_000, "x")
    assert widths(svg)[1:] == [4, 4]
    assert sum(widths(svg)) == 1000


@pytest.mark.parametrize("total", [0, 1])
def test_an_empty_campaign_has_an_empty_bar(total: int) -> None:
    assert widths(drawing.bar([("delivered", 0)], total, "x")) == []


def test_shares_beyond_the_total_fill_the_bar() -> None:
    """A file's recipients are counted while it is read, and sums may be a moment apart."""
    assert sum(widths(drawing.bar([("delivered", 8), ("failed", 4)], 10, "x"))) == 1000


def test_the_highest_column_is_as_high_as_the_chart() -> None:
    svg = drawing.chart([[("delivered", 1)], [("delivered", 6), ("failed", 2)], []], "x")
    heights = [float(one) for one in re.findall(r' height="([0-9.]+)"/>', svg)]
    assert heights == [12.5, 75, 25]
    assert all(float(y) >= 0 for y in re.findall(r' y="([^"]+)"', svg))


def test_no_columns_are_no_chart() -> None:
    assert drawing.chart([], "x") == ""


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_label_is_escaped(text: str) -> None:
    for svg in (drawing.bar([("failed", 1)], 1, text), drawing.chart([[("failed", 1)]], text)):
        # The elements of the drawing, and none of the text.
        assert re.findall(r"<(\w+)", svg) == ["svg", "rect"]
        label = re.search(r'aria-label="([^"]*)"', svg)
        assert label
        assert unescape(label[1]) == text
