"""The chain of pushed receipts, while functions push at the same time, die, and push the same receipts again."""

import random
from collections.abc import Iterable
from contextlib import suppress
from queue import Empty, SimpleQueue

import pytest

from chalicelib.store import pushed, table
from chalicelib.store.table import Item
from tests.support.dying_table import Death, Table, run_functions
from tests.support.settings import Configure

OUT_ID, BIZ_ID = "task-1", "b1"
_DEATH = 0.04


class PushTable(Table):
    """The saved set may be an older one, so it is not read consistently."""

    def get(self, pk: str, sk: str, *, consistent: bool = False) -> Item | None:
        assert sk.startswith("PUSHED_SET#")
        return super().get(pk, sk, consistent=True)

    def put(self, item: Item) -> None:
        self._call(lambda: self.items.update({(item["pk"], item["sk"]): item}))

    def install(self, monkeypatch: pytest.MonkeyPatch) -> "Table":
        monkeypatch.setattr(table, "put", self.put)
        return super().install(monkeypatch)

    def slots(self) -> list[Item]:
        found = [item for (_, sk), item in self.items.items() if sk.startswith("PUSHED#")]
        return sorted(found, key=lambda slot: str(slot["sk"]))


@pytest.fixture
def items(monkeypatch: pytest.MonkeyPatch, configure: Configure) -> PushTable:
    configure()
    monkeypatch.setattr(pushed, "_chain", pushed._Chain)
    stored = PushTable(0)
    stored.install(monkeypatch)
    return stored


def chain() -> pushed._Chain:
    """Return the chain as a new process knows it."""
    return pushed._Chain(OUT_ID, BIZ_ID)


def totals(stored: PushTable) -> list[int]:
    return [slot["total"] for slot in stored.slots()]


def numbers(slot: Item) -> list[int]:
    return [int(one) for one in slot["positions"].split(",")]


def test_each_position_counts_once(items: PushTable) -> None:
    pushed.record_pushed(OUT_ID, {BIZ_ID: [3, 1, 2, 3]})
    pushed.record_pushed(OUT_ID, {BIZ_ID: [2, 4]})
    pushed.record_pushed(OUT_ID, {BIZ_ID: [1, 4]})
    assert [slot["positions"] for slot in items.slots()] == ["1,2,3", "4"]
    assert totals(items) == [3, 4]


def test_a_process_reads_only_what_was_added_since(items: PushTable) -> None:
    mine = chain()
    mine.append(range(10))
    for number in range(10, 20):
        chain().append([number])
    items.reads.clear()
    mine.append([5, 15, 25])
    assert items.reads == [f"PUSHED#{BIZ_ID}#!00000000 to PUSHED#{BIZ_ID}#!~"]
    assert items.slots()[-1]["positions"] == "25"
    assert (totals(items)[-1], items.failed_writes) == (21, 0)


def test_a_process_without_others_appends_without_reading(items: PushTable) -> None:
    mine = chain()
    for number in range(3):
        mine.append([number])
    items.reads.clear()
    mine.append([3])
    assert items.reads == []
    chain().append([4])
    # Once, its write fails; then it reads before it writes.
    mine.append([4, 5])
    assert items.failed_writes == 1
    for number in range(6, 12):
        chain().append([number])
        mine.append([number, number + 100])
    assert items.failed_writes == 1
    assert totals(items)[-1] == 18


def test_a_race_is_lost_once(items: PushTable, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = chain()
    read_on = mine._read_on

    def read_too_early() -> None:
        read_on()
        chain().append([1, 2])

    monkeypatch.setattr(mine, "_read_on", read_too_early)
    mine.append([2, 3])
    assert [slot["positions"] for slot in items.slots()] == ["1,2", "3"]
    assert (totals(items), items.failed_writes) == ([2, 3], 1)


def test_a_new_process_reads_the_saved_set_and_the_slots_after_it(items: PushTable) -> None:
    for number in range(70):
        chain().append([number])
    assert items.items["OUT#task-1", f"PUSHED_SET#{BIZ_ID}"]["slots"] == 64
    items.reads.clear()
    chain().append(range(80))
    assert items.reads == [
        f"PUSHED#{BIZ_ID}#! to ",
        f"PUSHED_SET#{BIZ_ID}",
        f"PUSHED#{BIZ_ID}#!00000064 to PUSHED#{BIZ_ID}#!00000068",
    ]
    assert (numbers(items.slots()[-1]), totals(items)[-1]) == (list(range(70, 80)), 80)


def test_an_error_while_the_set_is_saved_is_logged(
    items: PushTable, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(item: Item) -> None:
        raise OSError(item["sk"])

    monkeypatch.setattr(table, "put", fail)
    mine = chain()
    for number in range(70):
        mine.append([number])
    assert totals(items)[-1] == 70
    assert [record.message for record in caplog.records] == [
        "the set of pushed positions was not saved"
    ]


def test_a_set_that_was_not_saved_is_not_missed(items: PushTable) -> None:
    for number in range(70):
        chain().append([number])
    del items.items["OUT#task-1", f"PUSHED_SET#{BIZ_ID}"]
    chain().append(range(80))
    assert totals(items)[-1] == 80


def test_a_saved_set_may_be_newer_than_the_slots_that_were_read(items: PushTable) -> None:
    for number in range(64):
        chain().append([number])
    last = items.items.pop(("OUT#task-1", f"PUSHED#{BIZ_ID}#!00000063"))
    early = items.items["OUT#task-1", f"PUSHED#{BIZ_ID}#!00000062"]
    early["saved"] = 1
    mine = chain()
    mine._read_on()
    items.items["OUT#task-1", last["sk"]] = last
    mine.append([62, 63, 64])
    assert (items.slots()[-1]["positions"], totals(items)[-1]) == ("64", 65)


def test_saving_sets_costs_a_quarter_of_a_unit_a_slot_at_most(items: PushTable) -> None:
    chance = random.Random(3)
    positions = chance.sample(range(200_000), 40_000)
    mine = chain()
    saved: dict[int, int] = {}
    for first in range(0, len(positions), 20):
        mine.append(positions[first : first + 20])
        if kept := items.items.get(("OUT#task-1", f"PUSHED_SET#{BIZ_ID}")):
            saved[kept["slots"]] = -(-(len(kept["set"]) + 100) // 1024)
    assert len(saved) > 5
    assert sum(saved.values()) <= 0.3 * len(items.slots())
    assert all(len(slot["positions"]) < 900 for slot in items.slots())


def test_a_set_that_does_not_fit_into_an_item_is_not_saved(
    items: PushTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pushed, "_MAX_KILOBYTES", 0)
    for number in range(70):
        chain().append([number])
    assert not any("SET" in sort for _, sort in items.items)
    assert totals(items)[-1] == 70


def test_a_table_that_was_restored_to_an_earlier_state_is_read_again(items: PushTable) -> None:
    mine = chain()
    mine.append([1, 2])
    earlier = dict(items.items)
    mine.append([3, 4])
    items.items = earlier
    mine.append([4, 5])
    assert ([slot["positions"] for slot in items.slots()], totals(items)) == (
        ["1,2", "4,5"],
        [2, 4],
    )


@pytest.mark.parametrize("seed", range(20))
def test_functions_that_die_and_push_the_same_receipts_count_each_once(
    monkeypatch: pytest.MonkeyPatch, configure: Configure, seed: int
) -> None:
    """Each push is repeated until it is recorded. Some are made twice, and grouped in another way."""
    configure()
    monkeypatch.setattr(pushed, "_MIN_SLOTS", 5)
    monkeypatch.setattr(pushed, "_SLOTS_PER_KILOBYTE", 1)
    chance = random.Random(seed)
    stored = PushTable(seed, _DEATH)
    stored.install(monkeypatch)
    every = range(300)
    todo: SimpleQueue[list[int]] = SimpleQueue()
    pushes = [group for _ in range(2) for group in groups(chance, every)]
    for push in chance.sample(pushes, len(pushes)):
        todo.put(push)
    errors: list[BaseException] = []

    def function() -> None:
        mine = chain()
        with suppress(Empty):
            while True:
                push = todo.get_nowait()
                while True:
                    try:
                        mine.append(push)
                    except Death:
                        # Half of them are errors of a call, after which the process goes on.
                        mine = mine if len(push) % 2 else chain()
                        continue
                    except Exception as error:
                        errors.append(error)
                    break

    run_functions(function)
    assert not errors
    slots = stored.slots()
    assert [slot["sk"] for slot in slots] == [
        f"PUSHED#{BIZ_ID}#!{number:08d}" for number in range(len(slots))
    ]
    found = [number for slot in slots for number in numbers(slot)]
    assert sorted(found) == list(every)
    assert totals(stored)[-1] == len(every)
    assert any("SET" in sort for _, sort in stored.items)


def groups(chance: random.Random, every: Iterable[int]) -> list[list[int]]:
    """Divide positions into pushes, at random."""
    left = chance.sample(list(every), len(list(every)))
    divided = []
    while left:
        size = chance.randint(1, 20)
        divided.append(left[:size])
        left = left[size:]
    return divided
