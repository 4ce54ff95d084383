"""One pool of concurrent executions for several processes."""

import multiprocessing
import os
import threading
from contextlib import ExitStack
from pathlib import Path

from local.hostile.slots import COUNT, Slots


def test_there_are_ten(tmp_path: Path) -> None:
    with ExitStack() as held:
        taken = [held.enter_context(Slots(tmp_path).take()) for _ in range(COUNT + 2)]
    assert taken == [True] * COUNT + [False] * 2


def test_a_slot_that_is_given_back_is_taken_again(tmp_path: Path) -> None:
    slots = Slots(tmp_path, 1)
    for _ in range(3):
        with slots.take() as slot, slots.take() as none:
            assert (slot, none) == (True, False)


def test_who_waits_gets_the_next_one(tmp_path: Path) -> None:
    slots = Slots(tmp_path, 1)
    with ExitStack() as held:
        held.enter_context(slots.take())
        timer = threading.Timer(0.2, held.close)
        timer.start()
        with slots.take(patience=10) as slot:
            assert slot
    timer.join()


def test_a_process_that_dies_gives_its_slots_back(tmp_path: Path) -> None:
    process = multiprocessing.get_context("fork").Process(target=_die_with_a_slot, args=(tmp_path,))
    process.start()
    process.join()
    assert process.exitcode == 7
    with Slots(tmp_path, 1).take() as slot:
        assert slot


def _die_with_a_slot(folder: Path) -> None:
    with Slots(folder, 1).take() as slot:
        os._exit(7 if slot else 1)


def test_without_the_switch_there_is_no_limit(tmp_path: Path) -> None:
    slots = Slots(tmp_path / "none", 0)
    with ExitStack() as held:
        assert all(held.enter_context(slots.take()) for _ in range(100))
    assert not (tmp_path / "none").exists()
