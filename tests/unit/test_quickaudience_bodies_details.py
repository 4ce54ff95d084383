"""§12: the pages and the dates of a query of sending details."""

from typing import Any

import pytest

from chalicelib.endpoints.envelope import parse
from chalicelib.errors import Refused
from chalicelib.quickaudience.bodies import SendDetails, read


def details(**changes: Any) -> SendDetails:
    return read(SendDetails, {"outId": "out"} | changes)


def test_the_documents_own_example_is_read() -> None:
    body = b"""{"outId":"string","currentPage":0,"pageSize":0,"startDate":"string",
        "endDate":"string"}"""
    asked = read(SendDetails, parse(body))
    assert (asked.outId, asked.currentPage, asked.pageSize) == ("string", 1, 1000)


@pytest.mark.parametrize(
    ("value", "page"),
    [
        (1, 1),
        (500, 500),
        ("7", 7),
        (0, 1),
        (-1, 1),
        (None, 1),
        ("x", 1),
        ("", 1),
        ([], 1),
        (True, 1),
    ],
    ids=repr,
)
def test_pages_are_numbered_from_one(value: Any, page: int) -> None:
    assert details(currentPage=value).currentPage == page


def test_a_huge_page_number_is_cut_to_a_size_that_can_be_calculated_with() -> None:
    assert details(currentPage=10**400).currentPage <= 10**9


@pytest.mark.parametrize(
    ("value", "size"),
    [
        (1, 1),
        (1000, 1000),
        (1001, 1000),
        (10**9, 1000),
        ("20", 20),
        (0, 1000),
        (-5, 1000),
        (None, 1000),
    ],
    ids=repr,
)
def test_a_page_has_one_to_a_thousand_rows(value: Any, size: int) -> None:
    assert details(pageSize=value).pageSize == size


def test_without_a_page_and_dates_the_first_page_of_all_is_asked_for() -> None:
    asked = details()
    assert (asked.currentPage, asked.pageSize, asked.startDate, asked.endDate) == (1, 1000, "", "")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        ("null", ""),
        (" 2019-01-08 16:44:13 ", "2019-01-08 16:44:13"),
        (1546937053, "1546937053"),
    ],
    ids=repr,
)
def test_dates_are_passed_on_as_text(value: Any, text: str) -> None:
    assert details(startDate=value, endDate=value).startDate == text


@pytest.mark.parametrize("value", [None, "", [], True], ids=repr)
def test_the_out_id_is_required(value: Any) -> None:
    with pytest.raises(Refused, match="outId"):
        details(outId=value)
