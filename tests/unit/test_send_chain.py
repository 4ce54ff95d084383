"""The chain of sends, while several functions append, die, are repeated and get the same work."""

import random
import threading
from contextlib import suppress
from queue import Empty, SimpleQueue

import pytest

from chalicelib.delivery.send_tallies import SendTallies
from chalicelib.domain.chunks import ChunkKey, SendSums
from chalicelib.store.send_chain import SendChain
from tests.support.dying_table import Death, Table, run_functions
from tests.support.settings import Configure

OUT_ID, BIZ_ID = "task-1", "b1"
CHUNKS = 30
_DEATH = 0.04


@pytest.fixture
def items(monkeypatch: pytest.MonkeyPatch, configure: Configure) -> Table:
    configure()
    return Table(0).install(monkeypatch)


def chain() -> SendChain:
    return SendChain(OUT_ID, BIZ_ID)


def one(segments: int = 1) -> SendSums:
    return SendSums(sent=1, segments=segments)


def attempts(*starts: int) -> dict[tuple[int, int], SendSums]:
    return {(start, 0): one() for start in starts}


def test_the_newest_slot_has_the_sums_of_all(items: Table) -> None:
    assert chain().sums == SendSums()
    chain().append({(0, 0): SendSums(3, 1, 5), (200, 0): SendSums(1, 0, 1)}, repeated=False)
    chain().append({(0, 1): SendSums(1, 0, 2)}, repeated=False)
    assert chain().sums == SendSums(5, 1, 8)
    assert len(items.items) == 2
    assert chain().attempts() == {(0, 0), (200, 0), (0, 1)}


def test_appending_writes_once_and_reads_what_was_added_since(items: Table) -> None:
    mine = chain()
    others = chain()
    others.append(attempts(0), repeated=False)
    others.append(attempts(50), repeated=False)
    mine.append(attempts(100), repeated=False)
    assert items.failed_writes == 0
    assert mine.sums == SendSums(3, 0, 3)
    assert len(items.items) == 3


def test_an_attempt_that_another_function_appended_since_is_not_appended_again(
    items: Table,
) -> None:
    mine = chain()
    chain().append(attempts(0), repeated=True)
    mine.append(attempts(0, 50), repeated=False)
    assert chain().sums == SendSums(2, 0, 2)


def test_a_repetition_looks_at_the_whole_chain_once(items: Table) -> None:
    for start in (0, 50, 100):
        chain().append(attempts(start), repeated=False)
    mine = chain()
    items.reads.clear()
    for start in (0, 50, 100):
        mine.append(attempts(start), repeated=True)
    assert len(items.reads) == 1
    mine.append(attempts(150), repeated=True)
    assert chain().sums == SendSums(4, 0, 4)


def test_what_a_newer_release_adds_to_the_sums_is_ignored(items: Table) -> None:
    chain().append(attempts(0), repeated=False)
    [slot] = items.items.values()
    slot["sums"].append(7)
    assert chain().sums == one()


def test_a_slot_stays_below_one_kilobyte(items: Table) -> None:
    """An invocation has 20 chunks at most, each perhaps with several attempts."""
    some = {(9_999_000 + 50 * number, number % 60): one() for number in range(40)}
    chain().append(some, repeated=False)
    [slot] = items.items.values()
    assert len(slot["attempts"]) < 700


@pytest.mark.parametrize("seed", range(20))
def test_functions_that_die_and_get_the_same_work_count_each_attempt_once(
    monkeypatch: pytest.MonkeyPatch, configure: Configure, seed: int
) -> None:
    """Each message of the queue is repeated until it is done; some are delivered twice."""
    configure()
    chance = random.Random(seed)
    stored = Table(seed, _DEATH).install(monkeypatch)
    results: set[int] = set()
    lock = threading.Lock()
    starts = list(range(0, CHUNKS * 50, 50))
    todo: SimpleQueue[int] = SimpleQueue()
    for start in chance.sample(starts * 2, len(starts * 2)):
        todo.put(start)
    errors: list[BaseException] = []

    def function() -> None:
        with suppress(Empty):
            while True:
                event = [todo.get_nowait()]
                with suppress(Empty):
                    event += [todo.get_nowait() for _ in range(2)]
                finish(event)

    def finish(event: list[int]) -> None:
        while True:
            try:
                deliver(event)
            except Death:
                continue
            except Exception as error:
                errors.append(error)
            return

    def deliver(event: list[int]) -> None:
        tallies = SendTallies()
        for start in event:
            key = ChunkKey(OUT_ID, BIZ_ID, start)
            tallies.begin(key)
            with lock:
                done = start in results
                results.add(start)
            tallies.add(key, 0, one(start), repeated=done)
        tallies.append()

    run_functions(function)
    assert not errors
    stored.death = 0
    assert chain().sums == SendSums(CHUNKS, 0, sum(starts))
    assert chain().attempts() == {(start, 0) for start in starts}
