from collections import Counter
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain import phones
from chalicelib.domain.planning import Call, Chunk, Failure
from chalicelib.domain.recipients import Recipients
from tests.support.planning import calls_of
from tests.support.property_tests import examples

Pair = tuple[str, tuple[str, ...]]
BAD = Failure("isv.MOBILE_NUMBER_ILLEGAL", "手机号格式错误")


def mainland(number: int) -> str:
    return f"861390000{number:04d}" if number < 10_000 else f"86138{number:08d}"


def foreign(number: int) -> str:
    return f"8525123{number:04d}"


def collect(pairs: list[Pair], refused: list[str] | None = None) -> Recipients:
    recipients = Recipients()
    for phone, params in pairs:
        recipients.add(phone, params, phones.to_quick_audience(phone))
    for phone in refused or []:
        recipients.refuse(phone, BAD)
    return recipients


@st.composite
def plans(draw: st.DrawFn) -> tuple[list[Pair], list[str]]:
    """Return recipients with their parameters, in any order and with repetitions, and refused recipients."""
    pairs: list[Pair] = []
    for params in draw(st.lists(st.lists(st.sampled_from("abc"), max_size=2), max_size=4)):
        first = draw(st.integers(0, 50))
        many = draw(st.sampled_from([0, 1, 2, 3, 50, 199, 200, 201, 401]))
        pairs += [(mainland(first + n), tuple(params)) for n in range(many)]
        pairs += [(foreign(n), tuple(params)) for n in range(draw(st.sampled_from([0, 1, 60])))]
    pairs += [(mainland(n), (str(n),)) for n in range(draw(st.sampled_from([0, 1, 49, 50, 120])))]
    pairs += draw(st.lists(st.sampled_from(pairs), max_size=5)) if pairs else []
    draw(st.randoms(use_true_random=False)).shuffle(pairs)
    refused = [f"bad{n}" for n in range(draw(st.sampled_from([0, 1, 200, 201])))]
    return pairs, refused


@given(plans())
@examples(40)
def test_every_distinct_pair_is_in_exactly_one_call(
    plan: tuple[list[Pair], list[str]],
) -> None:
    pairs, refused = plan
    chunks = list(collect(pairs, refused).chunks())
    planned = [
        (phone, call.params) for chunk in chunks for call in chunk.calls for phone in call.phones
    ]
    assert Counter(planned) == Counter(set(pairs))
    assert [phone for chunk in chunks for phone, _ in chunk.refused] == sorted(refused)


@given(plans())
@examples(40)
def test_no_call_and_no_chunk_is_over_its_limits(plan: tuple[list[Pair], list[str]]) -> None:
    for chunk in collect(*plan).chunks():
        assert 1 <= len(chunk.phones) <= 200
        assert len(chunk.calls) <= 50
        assert all(1 <= len(call.phones) <= 200 for call in chunk.calls)


@given(plans())
@examples(40)
def test_bulk_calls_have_mainland_numbers_only(plan: tuple[list[Pair], list[str]]) -> None:
    for call in calls_of(collect(*plan)):
        assert len(call.phones) == 1 or all(map(phones.is_mainland, call.phones))


@given(plans())
@examples(40)
def test_no_call_repeats_a_number(plan: tuple[list[Pair], list[str]]) -> None:
    for call in calls_of(collect(*plan)):
        assert len(set(call.phones)) == len(call.phones)


@given(plans())
@examples(40)
def test_positions_run_from_zero_without_gaps(plan: tuple[list[Pair], list[str]]) -> None:
    recipients = collect(*plan)
    position = 0
    for chunk in recipients.chunks():
        assert chunk.start == position
        for start, call in chunk.call_starts():
            assert start == position
            position += len(call.phones)
        position += len(chunk.refused)
    assert position == recipients.total


@given(plans())
@examples(20)
def test_the_same_input_makes_the_same_plan(plan: tuple[list[Pair], list[str]]) -> None:
    recipients = collect(*plan)
    assert list(recipients.chunks()) == list(recipients.chunks())
    assert list(recipients.chunks()) == list(collect(*plan).chunks())


@given(plans())
@examples(20)
def test_counts_agree_with_the_plan(plan: tuple[list[Pair], list[str]]) -> None:
    pairs, refused = plan
    recipients = collect(pairs, refused)
    assert recipients.accepted == len(set(pairs))
    assert recipients.total == len(set(pairs)) + len(refused)


@pytest.mark.parametrize(
    ("recipients", "sizes"),
    [(0, []), (1, [1]), (2, [2]), (200, [200]), (201, [200, 1]), (401, [200, 200, 1])],
)
def test_equal_parameters_share_calls_of_200(recipients: int, sizes: list[int]) -> None:
    made = collect([(mainland(n), ("x",)) for n in range(recipients)])
    assert [len(call.phones) for call in calls_of(made)] == sizes


@pytest.mark.parametrize(
    ("groups", "sizes"),
    [
        ([100, 1, 1], [102]),
        ([199, 1, 1], [200, 1]),
        ([2] * 60, [100, 20]),
        ([2] * 49 + [1] * 3, [99, 2]),
        ([100, 100], [200]),
        ([100, 101], [100, 101]),
        ([200, 2], [200, 2]),
        ([50, 50, 100], [200]),
    ],
)
def test_chunks_are_as_full_as_their_limits_allow(groups: list[int], sizes: list[int]) -> None:
    pairs: list[Pair] = [
        (mainland(n), (str(group),)) for group, count in enumerate(groups) for n in range(count)
    ]
    assert [len(chunk.phones) for chunk in collect(pairs).chunks()] == sizes


def test_ten_thousand_equal_messages_are_exactly_fifty_calls() -> None:
    made = collect([(mainland(n), ()) for n in range(10_000)])
    assert len(calls_of(made)) == 50
    assert [len(chunk.calls) for chunk in made.chunks()] == [1] * 50


def test_ten_thousand_different_messages_are_chunks_of_fifty_calls() -> None:
    made = collect([(mainland(n), (str(n),)) for n in range(10_000)])
    assert [len(chunk.calls) for chunk in made.chunks()] == [50] * 200


def test_foreign_numbers_get_single_calls_even_with_equal_parameters() -> None:
    pairs: list[Pair] = [(make(n), ()) for make in (foreign, mainland) for n in range(3)]
    made = collect(pairs)
    assert [len(call.phones) for call in calls_of(made)] == [3, 1, 1, 1]


def test_a_number_with_two_messages_gets_both() -> None:
    made = collect([(mainland(1), ("a",)), (mainland(1), ("b",))])
    assert calls_of(made) == [Call((mainland(1),), ("a",)), Call((mainland(1),), ("b",))]


def test_parameters_that_join_to_equal_texts_are_not_equal() -> None:
    made = collect([(mainland(1), ("a", "")), (mainland(2), ("", "a")), (mainland(3), ("a",))])
    assert len(calls_of(made)) == 3


@given(plans(), st.randoms(use_true_random=False))
@examples(20)
def test_the_plan_does_not_depend_on_the_order_of_recipients(
    plan: tuple[list[Pair], list[str]], random: Random
) -> None:
    pairs, refused = plan
    chunks = list(collect(pairs, refused).chunks())
    random.shuffle(pairs)
    random.shuffle(refused)
    assert list(collect(pairs, refused).chunks()) == chunks


def test_a_number_that_is_refused_twice_is_kept_once_with_its_first_reason() -> None:
    recipients = Recipients()
    recipients.refuse("bad", BAD)
    recipients.refuse("bad", Failure("other", "later"))
    assert recipients.total == 1
    assert recipients.first_failure == BAD


def test_without_a_refusal_there_is_no_first_failure() -> None:
    assert collect([(mainland(1), ())]).first_failure is None


def test_an_empty_request_has_no_chunks() -> None:
    assert list(Recipients().chunks()) == []


def test_a_chunk_lists_refused_recipients_after_its_calls() -> None:
    chunk = Chunk(7, (Call(("a", "b"), ()), Call(("c",), ())), (("d", BAD),))
    assert chunk.phones == ["a", "b", "c", "d"]
    assert [start for start, _ in chunk.call_starts()] == [7, 9]


def test_a_number_that_was_written_in_another_form_is_reported_in_that_form() -> None:
    recipients = Recipients()
    recipients.add(mainland(1), ("x",), "13900000001")
    recipients.add(mainland(2), ("x",), "+86 139-0000-0002")
    recipients.add(foreign(3), ("x",), "+85251230003")
    recipients.add(foreign(4), ("x",), "85251230004")
    [chunk] = recipients.chunks()
    assert {chunk.phones[position]: given for position, given in chunk.original_forms.items()} == {
        mainland(2): "+86 139-0000-0002",
        foreign(3): "+85251230003",
    }


def test_original_forms_are_kept_by_position_in_every_chunk() -> None:
    recipients = Recipients()
    for number in range(450):
        recipients.add(mainland(number), (), "+" + mainland(number))
    for chunk in recipients.chunks():
        positions = range(chunk.start, chunk.start + len(chunk.phones))
        assert chunk.original_forms == {
            position: "+" + phone for position, phone in zip(positions, chunk.phones, strict=True)
        }


def test_two_messages_to_one_number_are_reported_each_in_its_own_form() -> None:
    recipients = Recipients()
    recipients.add(mainland(1), ("x",), "13900000001")
    recipients.add(mainland(1), ("y",), "+8613900000001")
    [chunk] = recipients.chunks()
    assert chunk.original_forms == {1: "+8613900000001"}


@given(plans())
@examples(20)
def test_refused_recipients_are_at_the_positions_after_the_calls(
    plan: tuple[list[Pair], list[str]],
) -> None:
    for chunk in collect(*plan).chunks():
        refused = chunk.phones[chunk.first_refused - chunk.start :]
        assert refused == [phone for phone, _ in chunk.refused]


@given(
    st.lists(st.builds(mainland, st.integers(0, 20)) | st.builds(foreign, st.integers(0, 20))),
    st.lists(st.builds(mainland, st.integers(0, 20)) | st.builds(foreign, st.integers(0, 20))),
    st.lists(st.builds(mainland, st.integers(0, 20))),
    st.tuples() | st.tuples(st.just("值")),
)
@examples(80)
def test_recipients_added_together_are_planned_like_those_added_one_by_one(
    before: list[str], together: list[str], after: list[str], params: tuple[str, ...]
) -> None:
    at_once = collect([(phone, params) for phone in before])
    at_once.add_all(together, params)
    for phone in after:
        at_once.add(phone, params, phones.to_quick_audience(phone))
    one_by_one = collect([(phone, params) for phone in [*before, *together, *after]])
    assert list(at_once.chunks()) == list(one_by_one.chunks())
    assert at_once.accepted == one_by_one.accepted == len({*before, *together, *after})


def test_a_number_that_was_written_in_two_forms_is_reported_in_the_one_that_is_not_plain() -> None:
    for forms in (["13900000001", "+8613900000001"], ["+8613900000001", "13900000001"]):
        recipients = Recipients()
        for form in forms:
            recipients.add(mainland(1), ("x",), form)
        [chunk] = recipients.chunks()
        assert chunk.original_forms == {0: "+8613900000001"}
