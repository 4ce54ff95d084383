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
    """A clock that `sleep` moves."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def time(self) -> float:
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
def own_throttle(configure: Configure) -> Iterator[Callable[..., Throttle]]:
    """Return a function that makes the throttle of a new process."""
    throttle._throttle.cache_clear()

    def begin(*, cautious: bool = False, **settings: str) -> Throttle:
        configure(**settings)
        return throttle.throttle(4, cautious=cautious)

    yield begin
    throttle._throttle.cache_clear()


# --- how fast ------------------------------------------------------------------------------------


def test_calls_are_spread_evenly(clock: Time) -> None:
    pace = Pace(4)
    starts = [pace.wait(FOREVER) and clock.now for _ in range(9)]
    assert starts == [1000 + number / 4 for number in range(9)]


def test_unused_time_is_not_made_up_for(clock: Time) -> None:
    pace = Pace(4)
    pace.wait(FOREVER)
    clock.now += 100
    starts = [pace.wait(FOREVER) and clock.now for _ in range(3)]
    assert starts == [1100, 1100.25, 1100.5]


def test_a_call_that_would_come_too_late_is_neither_waited_for_nor_counted(clock: Time) -> None:
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
def test_no_second_has_more_calls_than_allowed(
    per_second: float, steps: list[tuple[float, float]]
) -> None:
    clock = Time()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(throttle, "time", clock)
        pace = Pace(per_second)
        starts = []
        for idle, within in steps:
            clock.now += idle
            before = clock.now
            if pace.wait(within):
                starts.append(clock.now)
                assert clock.now - before <= max(within, 0) + 1e-6
            else:
                assert clock.now == before
    assert all(later - earlier >= 1 / per_second - 1e-6 for earlier, later in pairwise(starts))


def test_threads_share_the_pace() -> None:
    pace, starts, lock = Pace(200), list[float](), threading.Lock()

    def start_call(_: int) -> None:
        pace.wait(FOREVER)
        with lock:
            starts.append(time.monotonic())

    start = time.monotonic()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(start_call, range(40)))
    for number, started in enumerate(sorted(starts)):
        # No call is early; on a busy machine some are late.
        assert started - start >= number / 200 - 1e-3


# --- how many ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("parallel", "share"), [("4", 1), ("7", 1), ("8", 2), ("64", 16)])
def test_the_ceiling_of_parallel_calls_is_shared_by_the_functions(
    own_throttle: Callable[..., Throttle], parallel: str, share: int
) -> None:
    assert own_throttle(TENCENT_PARALLEL_CALLS=parallel).parallel == share


def test_the_ceiling_of_calls_per_second_is_shared_by_the_functions(
    own_throttle: Callable[..., Throttle], clock: Time
) -> None:
    made = own_throttle(TENCENT_CALLS_PER_SECOND="2")
    for _ in range(3):
        made.acquire(FOREVER)
    assert clock.slept == [2, 2]


def test_events_of_one_process_share_its_throttle(own_throttle: Callable[..., Throttle]) -> None:
    assert own_throttle() is own_throttle()


# --- how many at once, by the answers ------------------------------------------------------------


def places(made: Throttle) -> int:
    """Take all places among the calls at once; return their number."""
    taken = 0
    while made.enter(0):
        taken += 1
    return taken


def grow(made: Throttle, rounds: int) -> None:
    """Answer as many calls as are allowed at once, in each round."""
    for _ in range(rounds):
        taken = places(made)
        for _ in range(taken):
            made.answered()
            made.leave()


def test_the_calls_at_once_follow_the_answers(clock: Time) -> None:
    made = Throttle(16, 1e9)
    grow(made, 1)
    assert places(made) == 8
    assert not made.refused(acquire(made), "1013", 0)
    for _ in range(8):
        made.leave()
    assert places(made) == 4


def test_a_call_waits_for_a_place() -> None:
    made = Throttle(4, 1e9)
    taken = places(made)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(made.enter, 10)
        time.sleep(0.05)
        assert not waiting.done()
        made.leave()
        assert waiting.result(60)
    assert not made.enter(0.01)
    assert taken == 4


def test_calls_that_wait_for_a_place_give_up_when_tencent_goes_down() -> None:
    made = Throttle(4, 1e9)
    places(made)
    with ThreadPoolExecutor(3) as pool:
        waiting = [pool.submit(made.enter, 60) for _ in range(3)]
        time.sleep(0.05)
        made.unanswered(0, "x")
        made.unanswered(0, "x")
        assert [one.result(60) for one in waiting] == [False] * 3


def test_there_are_never_more_calls_at_once_than_allowed() -> None:
    made, lock = Throttle(16, 1e9), threading.Lock()
    under_way, most = 0, 0

    def call(number: int) -> None:
        nonlocal under_way, most
        assert made.enter(10)
        with lock:
            under_way += 1
            most = max(most, under_way)
        if number % 50 == 49:
            token = acquire(made)
            made.answered()
            made.refused(token, "1013", 1)
        else:
            made.answered()
        with lock:
            under_way -= 1
        made.leave()

    with ThreadPoolExecutor(32) as pool:
        list(pool.map(call, range(2000)))
    assert most <= 16
    assert not made.down_reason


def test_a_burst_of_refusals_counts_once(clock: Time) -> None:
    made = Throttle(16, 1e9)
    grow(made, 2)
    burst = [acquire(made) for _ in range(16)]
    assert not any(made.refused(one, "1013", 0) for one in burst)
    assert places(made) == 8
    assert not made.down_reason


def test_refusals_alone_mean_that_tencent_is_down(clock: Time) -> None:
    made = Throttle(16, 1e9)
    burst = [acquire(made) for _ in range(4)]
    for one in burst:
        assert not made.refused(one, "1013", 0)
    assert made.refused(acquire(made), "1013 again", 0)
    assert made.down_reason == "1013 again"


def test_refusals_among_answers_never_mean_that_tencent_is_down(clock: Time) -> None:
    made = Throttle(16, 1e9)
    for _ in range(100):
        refused, answered = acquire(made), acquire(made)
        assert not made.refused(refused, "1013", 0)
        assert not made.refused(answered, "1013", 0)
        made.answered()


def test_after_a_refusal_no_call_starts_until_its_second_is_over(clock: Time) -> None:
    made = Throttle(16, 1e9)
    token = acquire(made)
    made.answered()
    clock.now += 0.25
    made.refused(token, "1013", 0.25)
    assert made.acquire(0.5) is None, "it does not wait"
    acquire(made)
    assert clock.now == pytest.approx(1001)


def test_after_a_refusal_without_answers_the_next_call_starts_at_another_time_of_a_second() -> None:
    phases = set()
    for _ in range(20):
        clock = Time()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(throttle, "time", clock)
            made = Throttle(16, 1e9)
            made.refused(acquire(made), "1013", 0)
            acquire(made)
        assert 1001 <= clock.now <= 1002
        phases.add(round(clock.now, 1))
    assert len(phases) > 3


def test_a_call_that_waits_for_its_turn_waits_for_the_end_of_that_second_too(
    clock: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Throttle(16, 10)
    token = acquire(made)
    made.answered()
    sleep = clock.sleep

    def meanwhile(seconds: float) -> None:
        monkeypatch.setattr(clock, "sleep", sleep)
        made.refused(token, "1013", 0)
        sleep(seconds)

    monkeypatch.setattr(clock, "sleep", meanwhile)
    acquire(made)
    assert clock.now == pytest.approx(1001)


def test_the_next_event_goes_on_at_the_same_rate(
    own_throttle: Callable[..., Throttle], clock: Time
) -> None:
    grow(own_throttle(), 2)
    clock.now += 1
    assert places(own_throttle()) == 16


@pytest.mark.parametrize("why", ["down", "probe", "pause"])
def test_the_rate_starts_low_after_a_breaker_and_after_a_pause(
    own_throttle: Callable[..., Throttle], clock: Time, why: str
) -> None:
    made = own_throttle()
    grow(made, 2)
    if why == "down":
        made.unanswered(acquire(made), "x")
        made.unanswered(acquire(made), "x")
    # Another function may have opened and closed a breaker within the pause.
    clock.now += 10 if why == "pause" else 1
    assert places(own_throttle(cautious=why == "probe")) == 4


def test_a_function_never_makes_more_calls_at_once_than_lambda_allows(
    own_throttle: Callable[..., Throttle],
) -> None:
    assert own_throttle(TENCENT_PARALLEL_CALLS="100000").parallel == throttle.MAX_PARALLEL


# --- whether tencent answers ---------------------------------------------------------------------


def test_two_unanswered_calls_in_a_row_mean_that_tencent_is_down() -> None:
    made = Throttle(4, 1e9)
    assert not made.unanswered(acquire(made), "first")
    before = made.down_reason
    assert made.unanswered(acquire(made), "second")
    assert not made.unanswered(0, "third"), "reported once"
    assert (before, made.down_reason) == ("", "second")


def acquire(made: Throttle) -> int:
    token = made.acquire(FOREVER)
    assert token is not None
    return token


def test_no_call_is_allowed_while_tencent_is_down(clock: Time) -> None:
    made = Throttle(4, 0.1)
    made.unanswered(0, "x")
    made.unanswered(0, "x")
    assert made.acquire(FOREVER) is None
    assert clock.now == 1000, "it does not wait either"


def test_a_call_that_waited_while_tencent_went_down_is_not_allowed(
    clock: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Throttle(4, 0.1)
    acquire(made)

    def meanwhile(_: float) -> None:
        made.unanswered(0, "x")
        made.unanswered(0, "x")

    monkeypatch.setattr(clock, "sleep", meanwhile)
    assert made.acquire(FOREVER) is None


def test_unanswered_calls_that_began_before_an_answer_do_not_count() -> None:
    made = Throttle(4, 1e9)
    early = [acquire(made) for _ in range(10)]
    made.answered()
    assert not any(made.unanswered(one, "slow number") for one in early)
    assert not made.down_reason


def test_a_number_that_is_never_answered_does_not_stop_the_others() -> None:
    made = Throttle(4, 1e9)
    for _ in range(1000):
        call = acquire(made)
        made.answered()
        assert not made.unanswered(call, "x")
        assert not made.unanswered(acquire(made), "x")
        made.answered()


def test_after_tencent_was_down_the_next_event_allows_one_unanswered_call(
    own_throttle: Callable[..., Throttle],
) -> None:
    made = own_throttle()
    made.unanswered(acquire(made), "x")
    made.unanswered(acquire(made), "x")
    assert own_throttle() is made
    assert not made.down_reason
    assert made.unanswered(acquire(made), "again")


def test_the_next_event_remembers_a_single_unanswered_call(
    own_throttle: Callable[..., Throttle],
) -> None:
    own_throttle().unanswered(0, "x")
    assert own_throttle().unanswered(0, "in another event")


def test_a_probe_needs_one_unanswered_call(
    own_throttle: Callable[..., Throttle],
) -> None:
    made = own_throttle(cautious=True)
    assert made.unanswered(acquire(made), "x")


def test_a_probe_that_is_answered_allows_one_unanswered_call_again(
    own_throttle: Callable[..., Throttle],
) -> None:
    made = own_throttle(cautious=True)
    acquire(made)
    made.answered()
    assert not made.unanswered(acquire(made), "x")


@given(
    st.lists(
        st.tuples(st.sampled_from(["call", "answered", "unanswered", "open"]), st.integers(0, 9))
    )
)
@examples(500)
def test_tencent_is_down_after_two_unanswered_calls_without_an_answer_since_they_began(
    events: list[tuple[str, int]],
) -> None:
    """Compare with a model that remembers every call that is in progress and the number of answers before it."""
    made = Throttle(4, 1e9)
    answers, unanswered_calls, down = 0, 0, False
    under_way: list[tuple[int | None, int]] = []
    for kind, which in events:
        if kind == "call":
            token = made.acquire(FOREVER)
            assert (token is None) == down
            if token is not None:
                under_way.append((token, answers))
        elif kind == "open":
            made.open(cautious=False)
            down, unanswered_calls = False, min(unanswered_calls, 1)
        elif under_way:
            token, began = under_way.pop(which % len(under_way))
            assert token is not None
            if kind == "answered":
                made.answered()
                answers, unanswered_calls = answers + 1, 0
            else:
                unanswered_calls += began == answers
                goes_down = unanswered_calls >= 2 and not down
                assert made.unanswered(token, "x") == goes_down
                down = down or goes_down
        assert bool(made.down_reason) == down


def test_many_threads_report_once_that_tencent_is_down() -> None:
    made = Throttle(16, 1e9)
    barrier = threading.Barrier(16)

    def call(number: int) -> bool:
        token = acquire(made)
        barrier.wait()
        return made.unanswered(token, str(number))

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(call, range(16))) == 1
