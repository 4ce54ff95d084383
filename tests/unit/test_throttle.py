import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.tencent import throttle
from chalicelib.tencent.throttle import Pace, Throttle
from tests.support.property_tests import examples
from tests.support.settings import Configure

FOREVER = 1e9


class Time:
    """A clock that sleeping moves."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Time:
    made = Time()
    monkeypatch.setattr(throttle, "time", made)
    return made


@pytest.fixture
def own_line(configure: Configure) -> Iterator[Callable[..., Throttle]]:
    """The line of a process of its own."""
    throttle._throttle.cache_clear()

    def begin(*, cautious: bool = False, **settings: str) -> Throttle:
        configure(**settings)
        return throttle.throttle(4, cautious=cautious)

    yield begin
    throttle._throttle.cache_clear()


# --- how fast ------------------------------------------------------------------------------------


def test_turns_are_spread_evenly(clock: Time) -> None:
    pace = Pace(4)
    turns = [pace.wait(FOREVER) and clock.now for _ in range(9)]
    assert turns == [1000 + number / 4 for number in range(9)]


def test_what_was_not_used_is_not_made_up_for(clock: Time) -> None:
    pace = Pace(4)
    pace.wait(FOREVER)
    clock.now += 100
    turns = [pace.wait(FOREVER) and clock.now for _ in range(3)]
    assert turns == [1100, 1100.25, 1100.5]


def test_a_turn_that_comes_too_late_is_neither_waited_for_nor_taken(clock: Time) -> None:
    pace = Pace(0.25)
    assert pace.wait(0)
    assert not pace.wait(3.9)
    assert not pace.wait(-1)
    assert clock.now == 1000
    assert pace.wait(4.1)
    assert clock.now == 1004


@given(
    per_second=st.floats(0.1, 1000),
    steps=st.lists(st.tuples(st.floats(0, 30), st.floats(-1, 30)), max_size=30),
)
@examples(200)
def test_no_second_has_more_turns_than_allowed(
    per_second: float, steps: list[tuple[float, float]]
) -> None:
    clock = Time()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(throttle, "time", clock)
        pace = Pace(per_second)
        turns = []
        for idle, within in steps:
            clock.now += idle
            before = clock.now
            if pace.wait(within):
                turns.append(clock.now)
                assert clock.now - before <= max(within, 0) + 1e-6
            else:
                assert clock.now == before
    assert all(later - earlier >= 1 / per_second - 1e-6 for earlier, later in pairwise(turns))


def test_threads_share_the_pace() -> None:
    pace, turns, lock = Pace(200), list[float](), threading.Lock()

    def take(_: int) -> None:
        pace.wait(FOREVER)
        with lock:
            turns.append(time.monotonic())

    start = time.monotonic()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(take, range(40)))
    for number, turn in enumerate(sorted(turns)):
        # Nobody is early; on a busy machine some are late.
        assert turn - start >= number / 200 - 1e-3


# --- how many ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("parallel", "share"), [("4", 1), ("7", 1), ("8", 2), ("64", 16)])
def test_the_ceiling_of_parallel_calls_is_shared_by_the_functions(
    own_line: Callable[..., Throttle], parallel: str, share: int
) -> None:
    assert own_line(TENCENT_PARALLEL_CALLS=parallel).parallel == share


def test_the_ceiling_of_calls_per_second_is_shared_by_the_functions(
    own_line: Callable[..., Throttle], clock: Time
) -> None:
    line = own_line(TENCENT_CALLS_PER_SECOND="2")
    for _ in range(3):
        line.acquire(FOREVER)
    assert clock.slept == [2, 2]


def test_events_of_one_process_share_its_line(own_line: Callable[..., Throttle]) -> None:
    assert own_line() is own_line()


# --- whether anybody answers ---------------------------------------------------------------------


def test_one_silence_is_not_enough_and_two_are() -> None:
    line = Throttle(4, 1e9)
    assert not line.unanswered(turn(line), "first")
    before = line.down_reason
    assert line.unanswered(turn(line), "second")
    assert not line.unanswered(0, "third"), "said once"
    assert (before, line.down_reason) == ("", "second")


def turn(line: Throttle) -> int:
    taken = line.acquire(FOREVER)
    assert taken is not None
    return taken


def test_no_turn_is_given_while_tencent_is_away(clock: Time) -> None:
    line = Throttle(4, 0.1)
    line.unanswered(0, "x")
    line.unanswered(0, "x")
    assert line.acquire(FOREVER) is None
    assert clock.now == 1000, "nor waited for"


def test_who_waited_while_tencent_went_away_has_no_turn(
    clock: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = Throttle(4, 0.1)
    turn(line)

    def meanwhile(_: float) -> None:
        line.unanswered(0, "x")
        line.unanswered(0, "x")

    monkeypatch.setattr(clock, "sleep", meanwhile)
    assert line.acquire(FOREVER) is None


def test_silences_of_calls_that_began_before_an_answer_do_not_count() -> None:
    line = Throttle(4, 1e9)
    early = [turn(line) for _ in range(10)]
    line.answered()
    assert not any(line.unanswered(one, "slow number") for one in early)
    assert not line.down_reason


def test_a_number_that_is_always_silent_never_stops_the_others() -> None:
    line = Throttle(4, 1e9)
    for _ in range(1000):
        silent = turn(line)
        line.answered()
        assert not line.unanswered(silent, "x")
        assert not line.unanswered(turn(line), "x")
        line.answered()


def test_the_next_event_begins_with_less_patience(own_line: Callable[..., Throttle]) -> None:
    line = own_line()
    line.unanswered(turn(line), "x")
    line.unanswered(turn(line), "x")
    assert own_line() is line
    assert not line.down_reason
    assert line.unanswered(turn(line), "again")


def test_the_next_event_remembers_a_single_silence(own_line: Callable[..., Throttle]) -> None:
    own_line().unanswered(0, "x")
    assert own_line().unanswered(0, "in another event")


def test_who_tries_whether_tencent_is_there_needs_one_silence(
    own_line: Callable[..., Throttle],
) -> None:
    line = own_line(cautious=True)
    assert line.unanswered(turn(line), "x")


def test_who_tries_and_is_answered_is_as_patient_as_ever(own_line: Callable[..., Throttle]) -> None:
    line = own_line(cautious=True)
    turn(line)
    line.answered()
    assert not line.unanswered(turn(line), "x")


@given(st.lists(st.tuples(st.sampled_from(["call", "heard", "silent", "open"]), st.integers(0, 9))))
@examples(500)
def test_it_is_away_after_two_silences_without_an_answer_since_they_began(
    events: list[tuple[str, int]],
) -> None:
    """Against a model that remembers all: calls under way, and when answers came."""
    line = Throttle(4, 1e9)
    answers, silences, away = 0, 0, False
    under_way: list[tuple[int | None, int]] = []
    for kind, which in events:
        if kind == "call":
            given_turn = line.acquire(FOREVER)
            assert (given_turn is None) == away
            if given_turn is not None:
                under_way.append((given_turn, answers))
        elif kind == "open":
            line.open(cautious=False)
            away, silences = False, min(silences, 1)
        elif under_way:
            given_turn, began = under_way.pop(which % len(under_way))
            assert given_turn is not None
            if kind == "heard":
                line.answered()
                answers, silences = answers + 1, 0
            else:
                silences += began == answers
                goes_away = silences >= 2 and not away
                assert line.unanswered(given_turn, "x") == goes_away
                away = away or goes_away
        assert bool(line.down_reason) == away


def test_many_threads_say_once_that_tencent_is_away() -> None:
    line = Throttle(16, 1e9)
    barrier = threading.Barrier(16)

    def be_silent(number: int) -> bool:
        taken = turn(line)
        barrier.wait()
        return line.unanswered(taken, str(number))

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(be_silent, range(16))) == 1
