"""docs/coverage.md is complete, and names code and tests that exist."""

import functools
import importlib
import re
from collections import Counter
from collections.abc import Iterator
from itertools import filterfalse
from pathlib import Path
from typing import Any

import pytest

from tests.support.documents.names import is_test
from tests.support.documents.reading import Row, examples, fields, loads, table

ROWS = table()
FIELDS = fields()
_VAGUE = re.compile(r"^(n/?a|none|-+|–|—|\?|yes|ok|supported|todo|tbd|see above|ditto)\.?$", re.I)


def test_every_documented_field_has_exactly_one_row() -> None:
    wanted = Counter((heading, *key) for heading, keys in FIELDS.items() for key in keys)
    given = Counter((row.heading, *row.key) for row in ROWS)
    assert not wanted - given, "documented, and without a row"
    assert not given - wanted, "a row for what is not documented, or a second one"
    assert set(wanted.values()) == {1}


def test_every_row_is_complete() -> None:
    problems = [(row.key, problem) for row in ROWS for problem in _gaps(row)]
    assert not problems


def _gaps(row: Row) -> Iterator[str]:
    if len(row.cells) != 5:
        yield "not five columns"
        return
    for cell in row.cells:
        if not cell or _VAGUE.match(cell):
            yield f"blank or vague: {cell!r}"
    if not row.places:
        yield "says not where"
    if not row.tests:
        yield "no test"


def test_the_code_and_tests_that_rows_name_exist() -> None:
    problems = {
        place
        for row in ROWS
        for place in [*filterfalse(_is_there, row.places), *filterfalse(is_test, row.tests)]
    }
    assert not problems


@functools.cache
def _is_there(place: str) -> bool:
    module, colon, name = place.partition(":")
    if not colon:
        return Path(place).exists()
    found: Any = importlib.import_module(module)
    for part in name.split("."):
        if not hasattr(found, part):
            return False
        found = getattr(found, part)
    return True


def _names(value: Any) -> set[str]:
    if isinstance(value, dict):
        return set(value) | {name for one in value.values() for name in _names(one)}
    if isinstance(value, list):
        return {name for one in value for name in _names(one)}
    return set()


@pytest.mark.parametrize("document", ["quick_audience", "tencent"])
def test_every_name_in_an_example_is_a_documented_field(document: str) -> None:
    for heading, kinds in examples(document).items():
        for kind, text in kinds.items():
            listed = {
                re.split(r"[.\[\] (]+", name)[-1]
                for part, field in FIELDS[heading]
                if part == ("request" if kind in ("request", "body") else "response")
                for name in [field.split(" (")[0].rstrip("[]")]
            }
            try:
                value = loads(text)
            except ValueError:
                # The examples of §7 and §8, which are not JSON.
                names = set(re.findall(r'"(\w+)":', text))
            else:
                names = _names(value) - {"name", "age"}
            assert names <= listed, f"{heading} {kind}"
