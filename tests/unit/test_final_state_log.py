"""The log of final states, while several functions append, die, are repeated and get the same work."""

import random
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from queue import Empty, SimpleQueue

import pytest

from bench.item_size import size
from chalicelib.delivery import final_states
from chalicelib.domain import tally
from chalicelib.domain.messages import DELIVERED, Message, Origin, Receipt
from chalicelib.domain.tally import Tally
from chalicelib.store import final_state_log, messages, table
from chalicelib.store.final_state_log import Head
from tests.support.dying_table import Death, Table, run_functions
from tests.support.settings import Configure

OUT_ID, BIZ_ID = "task-1", "b1"
WORKS = 24
_DEATH = 0.03


def message(number: int, by: str = "") -> Message:
    origin = Origin(out_id=OUT_ID, biz_id=BIZ_ID, sign="s", template_code="7000", sent_at=1)
    receipt = Receipt(state="delivered", code=DELIVERED, reason="", received="", by=by)
    phone = f"86139{number:08d}"
    return Message(
        phone=phone, position=number, origin=origin, sid=f"sid {number}", receipt=receipt
    )


def rows() -> list[final_state_log.Row]:
    count = final_state_log.length(OUT_ID, BIZ_ID)
    return list(final_state_log.rows(OUT_ID, BIZ_ID, 0, count)) if count else []


def append(*numbers: int, since: int, repeated: bool = False) -> None:
    """Append messages. The tally at row `since` counts one message for each row."""
    known = Tally()
    known.delivered = since
    head = Head(since, known)
    final_state_log.append(list(map(message, numbers)), head, repeated=repeated)


def summed() -> Tally:
    """Return the tally at the log's head."""
    found = final_state_log.head(OUT_ID, BIZ_ID).tally
    assert found
    return found


def expect(*numbers: int) -> None:
    assert rows() == [messages.key(message(number)) for number in numbers]
    assert summed().delivered == len(numbers)


@pytest.fixture
def items(monkeypatch: pytest.MonkeyPatch, configure: Configure) -> Table:
    configure(QA_RECEIPTS="poll")
    return Table(0).install(monkeypatch)


def test_rows_are_appended_in_order(items: Table) -> None:
    append(1, 2, since=0)
    append(3, since=2)
    expect(1, 2, 3)
    assert items.failed_writes == 0


def test_appending_reads_nothing_and_writes_a_slot_and_the_counter(items: Table) -> None:
    append(1, since=0)
    append(2, 3, since=1)
    assert not items.reads
    assert items.failed_writes == 0
    assert len(items.items) == 3


def test_slots_that_others_added_are_passed(items: Table) -> None:
    append(1, since=0)
    append(2, since=1)
    append(3, since=0)
    expect(1, 2, 3)
    assert items.failed_writes == 2, "one at the slot, one at the counter"


def test_a_row_that_was_added_since_is_not_added_again(items: Table) -> None:
    append(1, since=0)
    append(2, 3, since=1)
    append(3, 4, since=1)
    expect(1, 2, 3, 4)


def test_a_repetition_looks_at_the_whole_log(items: Table) -> None:
    append(1, 2, since=0)
    append(2, 3, since=2, repeated=True)
    expect(1, 2, 3)
    append(1, 2, 3, since=3, repeated=True)
    expect(1, 2, 3)


def test_a_counter_that_a_dead_function_left_behind_is_moved(items: Table) -> None:
    append(1, since=0)
    before = items.items["OUT#task-1", "DETAILS#b1"]
    append(2, since=1)
    items.items["OUT#task-1", "DETAILS#b1"] = before
    # Its repetition finds its own slot; another function finds another's.
    append(2, since=1, repeated=True)
    expect(1, 2)
    items.items["OUT#task-1", "DETAILS#b1"] = before
    append(3, since=1)
    expect(1, 2, 3)


def test_a_slot_that_a_dead_function_left_is_counted_by_whoever_moves_the_head(
    items: Table,
) -> None:
    append(1, since=0)
    before = items.items["OUT#task-1", "DETAILS#b1"]
    append(2, 3, since=1)
    items.items["OUT#task-1", "DETAILS#b1"] = before
    assert summed().delivered == 1
    append(4, since=1)
    assert summed().delivered == 4


def test_a_head_that_was_moved_meanwhile_is_moved_on_from_there(items: Table) -> None:
    append(1, since=0)
    append(2, since=1)
    append(3, since=2)
    # This one still knows the empty log: it passes three slots, and the head is at the third.
    append(4, since=0)
    assert summed().delivered == 4


@pytest.mark.parametrize(
    ("sort", "name"), [("DETAILS#b1", "tally"), ("DETAIL#b1#00000001", "delta")]
)
def test_what_an_older_release_has_written_ends_the_tally(
    items: Table, sort: str, name: str
) -> None:
    append(1, since=0)
    append(2, since=1)
    del items.items["OUT#task-1", sort][name]
    for number in (3, 4):
        append_to_head(number, since=items.items["OUT#task-1", "DETAILS#b1"]["rows"])
        if name == "delta":
            # It was passed before the older release could write it: the sum has it.
            assert summed().delivered == number
        else:
            assert final_state_log.head(OUT_ID, BIZ_ID).tally is None
    assert len(rows()) == 4


def test_a_slot_without_a_delta_that_is_passed_ends_the_tally(items: Table) -> None:
    append(1, since=0)
    before = items.items["OUT#task-1", "DETAILS#b1"]
    append(2, since=1)
    items.items["OUT#task-1", "DETAILS#b1"] = before
    del items.items["OUT#task-1", "DETAIL#b1#00000001"]["delta"]
    append_to_head(3, since=1)
    assert final_state_log.head(OUT_ID, BIZ_ID) == (3, None)
    append_to_head(4, since=3)
    assert final_state_log.head(OUT_ID, BIZ_ID) == (4, None)


def append_to_head(number: int, since: int) -> None:
    head = final_state_log.head(OUT_ID, BIZ_ID)
    assert head.rows == since
    final_state_log.append([message(number)], head, repeated=False)


def test_a_message_in_several_forms_counts_once(items: Table) -> None:
    several = replace(message(1), other_forms=("13900000001", "+8613900000001"))
    final_state_log.append([several], Head(0, Tally()), repeated=False)
    assert len(rows()) == 3
    assert summed().delivered == 1


def test_a_head_stays_below_one_kilobyte(items: Table) -> None:
    """Its reasons fold, however many there are, and the totals stay exact."""
    for number in range(60):
        failed = Receipt(
            state="failed", code=f"MK:{number:04d}" + "x" * 30, reason="短" * 100, received=""
        )
        head = final_state_log.head(OUT_ID, BIZ_ID)
        final_state_log.append([message(number).with_receipt(failed)], head, repeated=False)
        assert size(table.pack(items.items["OUT#task-1", "DETAILS#b1"])) <= 1024
        assert size(table.pack(items.items["OUT#task-1", f"DETAIL#b1#{number:08d}"])) <= 1024
    found = summed()
    assert found.failed == 60
    assert 4 <= len(found.reasons) <= tally.MAX_REASONS
    assert sum(count for count, _ in found.reasons.values()) + found.other_reasons == 60


def test_a_log_whose_first_slots_have_expired_is_read_from_what_is_left(items: Table) -> None:
    append(1, 2, since=0)
    append(3, since=2)
    del items.items["OUT#task-1", "DETAIL#b1#00000000"]
    assert list(final_state_log.rows(OUT_ID, BIZ_ID, 0, 3)) == [messages.key(message(3))]
    assert list(final_state_log.rows(OUT_ID, BIZ_ID, 1, 2)) == [messages.key(message(3))]


@pytest.mark.parametrize("seed", range(20))
def test_functions_that_die_and_get_the_same_work_leave_each_row_once(
    monkeypatch: pytest.MonkeyPatch, configure: Configure, seed: int
) -> None:
    """Each work is repeated until it ends; some works are done by two functions at the same time."""
    configure(QA_RECEIPTS="poll")
    chance = random.Random(seed)
    stored = Table(seed, _DEATH).install(monkeypatch)
    works: list[list[Message]] = []
    number = 0
    for by in range(WORKS):
        size = chance.randint(1, 4)
        works.append([message(at, f"work {by}") for at in range(number, number + size)])
        number += size
    for work in works:
        for one in work:
            key = f"PHONE#{one.phone}", messages.key(one)[1]
            stored.items[key] = {"pk": key[0], "sk": key[1], "receipt": ""}
    twice = [work for work in works if chance.random() < 0.3]
    todo: SimpleQueue[list[Message]] = SimpleQueue()
    for work in chance.sample(works + twice, len(works + twice)):
        todo.put(work)
    errors: list[BaseException] = []

    def function() -> None:
        with suppress(Empty):
            while work := todo.get_nowait():
                finish(work)

    def finish(work: list[Message]) -> None:
        while True:
            try:
                final_states.record_and_report(work)
            except Death:
                continue
            except Exception as error:
                errors.append(error)
            return

    run_functions(function)
    assert not errors
    stored.death = 0
    assert Counter(rows()) == Counter(messages.key(message(at)) for at in range(number))
    assert summed().delivered == sum(summed().periods[period][0] for period in summed().periods)
    assert summed().delivered == number
