import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain import push_batches
from chalicelib.domain.push_batches import Entry, PushKind
from chalicelib.queues import batching
from tests.support.property_tests import examples

Parts = list[tuple[int, PushKind, str, int]]
kinds: st.SearchStrategy[PushKind] = st.sampled_from(("details", "reply"))


@st.composite
def queued(draw: st.DrawFn) -> Parts:
    """Return queue messages: a name each, with kind, outId and size."""
    drawn = draw(
        st.lists(
            st.tuples(kinds, st.sampled_from(["a", "b", "A", ""]), st.integers(1, 100)), max_size=12
        )
    )
    return [(name, *body) for name, body in enumerate(drawn)]


@given(queued())
@examples(100)
def test_every_message_is_in_exactly_one_call(parts: Parts) -> None:
    names = [name for _, call in push_batches.calls(parts) for name in call]
    assert sorted(names) == [name for name, *_ in parts]


@given(queued())
@examples(100)
def test_a_call_has_one_kind_one_out_id_and_at_most_100_entries(parts: Parts) -> None:
    by_name = {name: (kind, out_id, size) for name, kind, out_id, size in parts}
    for kind, call in push_batches.calls(parts):
        assert {by_name[name][0] for name in call} == {kind}
        assert len({by_name[name][1] for name in call}) == 1
        assert sum(by_name[name][2] for name in call) <= 100


@given(queued())
@examples(50)
def test_messages_of_one_out_id_keep_their_order(parts: Parts) -> None:
    for _, call in push_batches.calls(parts):
        assert call == sorted(call)


@given(st.integers(0, 450), kinds)
@examples(40)
def test_batches_hold_every_entry_exactly_once(count: int, kind: PushKind) -> None:
    entries = [Entry({"number": number}) for number in range(count)]
    packed = list(batching.of_entries(kind, "out", entries))
    assert [entry for body in packed for entry in body.entries] == entries
    assert all(1 <= len(body.entries) <= 100 for body in packed)
    assert all((body.kind, body.out_id) == (kind, "out") for body in packed)


@given(st.lists(st.integers(0, 250), max_size=5))
@examples(40)
def test_entries_are_unchanged_by_batching_and_joining(counts: list[int]) -> None:
    entries = [[f"{out}:{n}" for n in range(count)] for out, count in enumerate(counts)]
    packed = [
        body
        for out, group in enumerate(entries)
        for body in batching.of_entries("details", str(out), [Entry({"n": n}) for n in group])
    ]
    calls = push_batches.calls(
        (number, body.kind, body.out_id, len(body.entries)) for number, body in enumerate(packed)
    )
    joined = [
        entry.fields["n"]
        for _, call in calls
        for number in call
        for entry in packed[number].entries
    ]
    assert sorted(joined) == sorted(n for group in entries for n in group)


@pytest.mark.parametrize(
    ("sizes", "calls"),
    [
        ([100], [1]),
        ([60, 60, 40], [1, 2]),
        ([50, 50], [2]),
        ([50, 51], [1, 1]),
        ([1] * 100, [100]),
        ([1] * 101, [100, 1]),
    ],
)
def test_messages_are_joined_until_a_call_is_full(sizes: list[int], calls: list[int]) -> None:
    parts: Parts = [(number, "details", "out", size) for number, size in enumerate(sizes)]
    assert [len(call) for _, call in push_batches.calls(parts)] == calls


def test_no_messages_make_no_call() -> None:
    assert list(push_batches.calls([])) == []
    assert list(batching.of_entries("reply", "out", [])) == []
