"""Plans of chunks as attributes of an item."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.planning import Call, Chunk, Failure
from chalicelib.store import plans
from tests.support.property_tests import examples

phones = st.lists(st.from_regex(r"[1-9][0-9]{6,14}", fullmatch=True), min_size=1, max_size=5)


@st.composite
def chunks(draw: st.DrawFn) -> Chunk:
    each = draw(st.integers(0, 3))
    params = st.lists(st.text(max_size=5), min_size=each, max_size=each)
    calls = draw(st.lists(st.tuples(phones, params), max_size=5))
    refused = draw(st.lists(st.text(max_size=5), max_size=3))
    return Chunk(
        draw(st.integers(0, 10**8)),
        tuple(Call(tuple(numbers), tuple(texts)) for numbers, texts in calls),
        tuple((phone, Failure("code", f"为什么 {phone}")) for phone in refused),
        draw(st.dictionaries(st.integers(0, 10**8), st.text(max_size=20), max_size=3)),
    )


@given(chunks())
@examples(100)
def test_a_plan_is_read_as_it_was_written(chunk: Chunk) -> None:
    assert plans.read(chunk.start, plans.write(chunk)) == chunk


@pytest.mark.parametrize(
    ("calls", "units"),
    [
        ([Call(tuple(f"8613{n:09d}" for n in range(200)), ("您",))], 2),
        ([Call((f"8613{n:09d}",), (f"顾客{n:08d}",)) for n in range(50)], 1),
    ],
    ids=["bulk", "personalised"],
)
def test_a_full_chunk_is_one_write_unit_or_two(calls: list[Call], units: int) -> None:
    attributes = plans.write(Chunk(0, tuple(calls)))
    keys_and_names = 300
    assert sum(map(len, attributes.values())) + keys_and_names <= units * 1024
