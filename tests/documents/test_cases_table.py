"""docs/cases.md: the tests that it names exist, and its rows can be found by the case's name."""

import re
from pathlib import Path

import pytest

from tests.support.documents.names import is_test

PAGE = Path("docs/cases.md").read_text()
TESTS = sorted(set(re.findall(r"`(tests/[\w/]+\.py(?:::\w+)?)`", PAGE)))
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in PAGE.splitlines()
    if re.match(r"\| (field|review|security) ", line)
]


@pytest.mark.parametrize("named", TESTS)
def test_every_test_that_is_named_exists(named: str) -> None:
    assert is_test(named) if "::" in named else Path(named).is_file()


def test_every_row_has_a_case_what_is_right_and_a_test_or_nothing() -> None:
    assert len(ROWS) >= 21
    for row in ROWS:
        assert len(row) == 3, row
        case, right, test = row
        assert re.match(r"(field|review|security) \d+: .", case)
        assert right
        assert not test or "`tests/" in test


def test_no_case_stands_twice() -> None:
    cases = [row[0].partition(":")[0] for row in ROWS]
    assert len(set(cases)) == len(cases)
