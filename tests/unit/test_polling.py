"""What the pollers of a mapping do: fewer of them after errors, long windows, lost and repeated messages."""

from pathlib import Path

import pytest
import time_machine

from local.hostile.polling import LONGEST_WINDOW, Polling
from local.hostile.switches import Switches

START = 1_772_416_800
TURNS = 500


def made(folder: Path, switches: str, number: int = 1, seed: str = "1") -> Polling:
    return Polling(Switches.parse(switches, seed), folder, "deliver", number, f"deliver-{number}")


def polling(folder: Path) -> int:
    return sum(made(folder, "backoff", number).may_poll() for number in range(1, 5))


def test_after_an_error_one_polls_and_one_more_each_minute(tmp_path: Path) -> None:
    assert polling(tmp_path) == 4
    with time_machine.travel(START, tick=False) as clock:
        made(tmp_path, "backoff", 3).failed()
        # The file's time is the real one.
        clock.move_to((tmp_path / "deliver.failed").stat().st_mtime)
        counts = []
        for _ in range(5):
            counts.append(polling(tmp_path))
            clock.shift(61)
    assert counts == [1, 2, 3, 4, 4]


def test_only_batches_with_a_window_wait_and_only_sometimes(tmp_path: Path) -> None:
    poller = made(tmp_path, "window")
    assert {poller.window(0) for _ in range(TURNS)} == {0}
    assert {poller.window(1) for _ in range(TURNS)} == {1, LONGEST_WINDOW}


def test_batches_are_lost_now_and_then(tmp_path: Path) -> None:
    poller = made(tmp_path, "lost-receive")
    assert 0 < sum(poller.loses() for _ in range(TURNS)) < TURNS / 5


def test_a_message_is_delivered_again_to_another_poller_once(tmp_path: Path) -> None:
    one, other = made(tmp_path, "again"), made(tmp_path, "again", 2)
    records = [{"messageId": str(number), "body": "你好"} for number in range(TURNS)]
    with time_machine.travel(START, tick=False) as clock:
        one.offer(records)
        at_once = [other.take() for _ in range(TURNS)]
        clock.shift(7)
        later = [one.take() for _ in range(TURNS)]
    assert 0 < sum(map(len, at_once)) < TURNS / 5
    assert 0 < sum(map(len, later)) < TURNS / 5
    again = [record["messageId"] for batch in at_once + later for record in batch]
    assert len(again) == len(set(again))
    assert all(record in records for batch in at_once + later for record in batch)


def test_nothing_happens_while_they_are_off(tmp_path: Path) -> None:
    poller = made(tmp_path, "chain", 4)
    poller.failed()
    poller.offer([{"messageId": str(number)} for number in range(TURNS)])
    assert poller.may_poll()
    assert not any(poller.loses() or poller.take() for _ in range(TURNS))
    assert {poller.window(1) for _ in range(TURNS)} == {1}


@pytest.mark.parametrize(("seed", "equal"), [("1", True), ("2", False)])
def test_the_seed_repeats(tmp_path: Path, seed: str, *, equal: bool) -> None:
    one, other = made(tmp_path, "all"), made(tmp_path, "all", seed=seed)
    draws = [[poller.loses() for _ in range(TURNS)] for poller in (one, other)]
    assert (draws[0] == draws[1]) is equal
