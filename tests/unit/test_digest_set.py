"""The set that finds repeated texts by their digests."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.digest_set import DigestSet, GrowingDigestSet
from tests.support.property_tests import examples


@examples(200)
@given(st.lists(st.text(max_size=3), max_size=60))
def test_membership_agrees_with_a_set(texts: list[str]) -> None:
    seen, known = DigestSet(len(set(texts))), set[str]()
    for text in texts:
        assert seen.add(text) == (text not in known)
        known.add(text)


def test_a_hundred_thousand_texts_are_distinguished() -> None:
    seen = DigestSet(100_000)
    assert all(seen.add(f"86139{number:08d}") for number in range(100_000))
    assert not any(seen.add(f"86139{number:08d}") for number in range(100_000))


@pytest.mark.parametrize("most", [0, 1, 2, 3, 7, 8])
def test_adding_more_texts_than_the_capacity_is_an_error(most: int) -> None:
    seen = DigestSet(most)
    for number in range(most):
        assert seen.add(str(number))
    assert most == 0 or not seen.add("0")
    with pytest.raises(OverflowError):
        seen.add("one more")


def test_a_growing_set_keeps_what_it_has() -> None:
    first, second = GrowingDigestSet(), GrowingDigestSet()
    texts = [f"86139{number:08d}" for number in range(10_000)]
    for number, text in enumerate(texts):
        assert (first if number % 3 else second).add(text)
    assert not any(text in second for text in texts[1::3])
    second.update(first)
    assert all(text in second for text in texts)
    assert not any(second.add(text) for text in texts)
    assert "8613800000000" not in second
