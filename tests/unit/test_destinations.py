"""Where a request may send: the way that reads many numbers at once agrees with the one that reads each."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.audience import Audience
from chalicelib.domain.destinations import Destinations, NotSendableError
from chalicelib.domain.planning import Failure
from tests.support.property_tests import examples

NUMBERS = st.one_of(
    st.from_regex(r"\A\+?[0-9]{5,16}\Z"),
    st.from_regex(r"\A(\+1|1|001|\+)?(305|242|809|999)[2-9][0-9]{6}\Z"),
    st.from_regex(r"\A(\+86|86|0086|)1[3-9][0-9]{9}(\.0)?\Z"),
    st.from_regex(r"\A(\+|00|)(44|852|81|7|39)0?[0-9]{6,10}\Z"),
    st.from_regex(r"\A[0-9+ -]{1,20}\Z"),
    st.sampled_from(
        ["", "+", "13125550123", "4407911123456", "１３１２５５５０１２３", "1312555012\n3"]
    ),
)
DESTINATIONS = st.builds(
    Destinations,
    st.sampled_from([True, False, None]),
    st.sampled_from([frozenset(), frozenset({"1"}), frozenset({"86", "852"}), frozenset({"1242"})]),
)


def each(destinations: Destinations, number: str) -> str | Failure:
    try:
        return destinations.resolve(number)
    except NotSendableError as error:
        return error.failure


@examples(500)
@given(DESTINATIONS, st.lists(NUMBERS, min_size=1, max_size=5))
def test_many_numbers_are_resolved_as_each_of_them(
    destinations: Destinations, numbers: list[str]
) -> None:
    assert destinations.resolve_all(numbers) == [each(destinations, one) for one in numbers]


@examples(300)
@given(DESTINATIONS, st.lists(NUMBERS, min_size=1, max_size=8))
def test_one_object_for_all_is_the_same_as_one_for_each(
    destinations: Destinations, numbers: list[str]
) -> None:
    shared = Audience(numbers, [{"a": "x"}]).recipients(["a"], destinations)
    separate = Audience(numbers, [{"a": "x"}] * len(numbers)).recipients(["a"], destinations)
    assert list(shared.chunks()) == list(separate.chunks())
    assert (shared.accepted, shared.refused) == (separate.accepted, separate.refused)


@pytest.mark.parametrize("form", ["1305{}", "+1305{}"])
def test_every_number_of_a_long_list_is_planned_in_its_form(form: str) -> None:
    numbers = [form.format(5550000 + number) for number in range(1000)]
    found = Audience([*numbers, numbers[0]], []).recipients([], Destinations(international=True))
    assert found.accepted == found.total == 1000
    planned = [
        chunk.original_forms.get(position, phone)
        for chunk in found.chunks()
        for position, phone in enumerate(chunk.phones, chunk.start)
    ]
    assert planned == numbers
