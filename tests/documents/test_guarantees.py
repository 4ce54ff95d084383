"""docs/guarantees.md names tests that exist."""

import re
from pathlib import Path

import pytest

from tests.support.documents.names import is_test

PAGE = Path("docs/guarantees.md").read_text()
TESTS = sorted(set(re.findall(r"`(tests/[\w/]+\.py(?:::\w+)?)`", PAGE)))


@pytest.mark.parametrize("named", TESTS)
def test_every_test_that_is_named_exists(named: str) -> None:
    assert is_test(named) if "::" in named else Path(named).is_file()


def test_every_promise_names_a_test() -> None:
    # The table of retries has a test of its own: test_retries_table.py.
    promises = re.sub(r"### Retries.*?(?=\n\*\*|\n##)", "", PAGE, flags=re.DOTALL)
    rows = [
        line for line in promises.splitlines() if line.startswith("| ") and "`tests/" not in line
    ]
    headings = ("| promise |", "| end |", "| delivered |", "| failed |")
    assert [row for row in rows if not row.startswith(headings)] == []
    assert len(TESTS) > 30
