"""Long lists of texts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain import text_lists
from tests.support.property_tests import examples


@given(st.lists(st.text(alphabet="ab\n\r\u2028", max_size=3), max_size=5))
@examples(100)
def test_copies_are_equal_to_the_originals(given: list[str]) -> None:
    assert text_lists.copy_contiguous(given) == given


def test_copies_are_new_objects() -> None:
    given = ["13900001111", "13900002222"]
    assert not any(map(lambda one, other: one is other, given, text_lists.copy_contiguous(given)))


@pytest.mark.parametrize(
    ("ordered", "repeated"),
    [
        ([], False),
        (["a"], False),
        (["a", "b"], False),
        (["a", "a"], True),
        (["a", "b", "b"], True),
        (["", "", "a"], True),
    ],
)
def test_a_repeated_text_is_found(ordered: list[str], repeated: bool) -> None:
    assert text_lists.has_duplicates(ordered) == repeated
