"""docs/guarantees.md names tests that exist, and says under which switches each promise was tried."""

import re
from pathlib import Path

import pytest

from local.hostile.switches import Switch
from tests.support.documents.names import counts_exactly, is_test
from tests.support.in_process.switches import APPLICABLE

PAGE = Path("docs/guarantees.md").read_text()
TEST = re.compile(r"`(tests/[\w/]+\.py(?:::\w+)?)`")
AWS = Path("docs/decisions/0045-ways-in-which-aws-is-worse.md").read_text()
TESTS = sorted(set(TEST.findall(PAGE + AWS)))
# The table of retries has a test of its own: test_retries_table.py.
HEADING = "| promise | kept by | tried by | switches |\n|---|---|---|---|\n"
PROMISES = [
    tuple(cell.strip() for cell in row.strip("|").split(" | "))
    for table in PAGE.split(HEADING)[1:]
    for row in table.split("\n\n")[0].splitlines()
]


@pytest.mark.parametrize("named", TESTS)
def test_every_test_that_is_named_exists(named: str) -> None:
    assert is_test(named) if "::" in named else Path(named).is_file()


def test_every_promise_names_a_test() -> None:
    assert [promise[0] for promise in PROMISES if "`tests/" not in promise[2]] == []
    assert len(PROMISES) > 55
    assert len(TESTS) > 30
    assert PAGE.count("| promise |") == PAGE.count(HEADING) == 6


def test_each_way_in_which_aws_is_worse_has_a_test_or_a_reason() -> None:
    rows = re.findall(r"^\| (\d+) \| (.*)", AWS, re.MULTILINE)
    assert [int(number) for number, _ in rows] == list(range(1, 28))
    assert [row for _, row in rows if not TEST.search(row) and "*left*" not in row] == []


def test_the_words_for_switches_mean_those_that_are_on() -> None:
    words = dict(re.findall(r"^\| (calls|chaos|none) \| ([^|]*) \|", PAGE, re.MULTILINE))
    assert {*re.findall(r"`([\w-]+)`", words["calls"])} == set(APPLICABLE)
    assert set(Switch) > APPLICABLE
    assert (words["chaos"], words["none"]) == ("all of them", "none")


@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise[0][:60])
def test_every_promise_says_under_which_switches_it_was_tried(promise: tuple[str, ...]) -> None:
    _, _, tried_by, switches = promise
    in_one_process = [
        test
        for test in TEST.findall(tried_by)
        if test.startswith("tests/integration/") and not counts_exactly(test)
    ]
    words = []
    if in_one_process or "each integration test" in tried_by:
        words.append("calls")
    if "`make chaos`" in tried_by:
        words.append("chaos")
    assert switches == (", ".join(words) or "none")
