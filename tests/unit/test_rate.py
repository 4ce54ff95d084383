"""The calls at once of a function: they grow with Tencent's answers, halve at a refusal, and stay below a ceiling."""

import heapq
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.tencent.rate import SECOND, START, Rate
from tests.support.property_tests import examples


def round_trip(rate: Rate, now: float, calls: int = 10_000) -> None:
    """Begin as many calls as the rate allows, at most `calls`, and answer them all."""
    begun = min(calls, rate.free)
    for _ in range(begun):
        rate.begin()
    for _ in range(begun):
        rate.answered(now)
        rate.end()


def limits(rate: Rate, rounds: int, *, start: float = 0, seconds: float = 1) -> list[int]:
    """Return the limit after each round trip. One takes `seconds`."""
    found = []
    for number in range(rounds):
        round_trip(rate, start + (number + 1) * seconds)
        found.append(rate.limit)
    return found


def test_it_doubles_with_each_round_trip_up_to_the_ceiling() -> None:
    rate = Rate(100)
    assert rate.limit == START == 4
    assert limits(rate, 6, seconds=0.05) == [8, 16, 32, 64, 100, 100]


def test_a_ceiling_below_the_start_is_kept() -> None:
    rate = Rate(3)
    assert rate.limit == 3
    assert limits(rate, 3) == [3, 3, 3]


def test_answers_to_fewer_calls_than_allowed_show_nothing() -> None:
    rate = Rate(100)
    for number in range(50):
        round_trip(rate, number, calls=START - 1)
    assert rate.limit == START


def test_a_refusal_halves_it_and_it_comes_back_below_what_was_refused() -> None:
    rate = Rate(200)
    limits(rate, 5)
    assert rate.limit == 128
    assert rate.refused(rate.token, 10)
    assert rate.limit == 64
    assert limits(rate, 8, start=10) == [89, 102, 108, 111, 113, 114, 115, 116]


def test_after_a_refusal_it_grows_once_a_second_however_short_a_round_trip_is() -> None:
    rate = Rate(16)
    limits(rate, 2)
    assert rate.refused(rate.token, 10)
    after = limits(rate, 40, start=10, seconds=0.05)
    assert after[:19] == [8] * 19
    assert after[20:39] == [11] * 19


def test_the_refusals_of_one_burst_halve_it_once() -> None:
    rate = Rate(64)
    limits(rate, 4)
    tokens = [rate.token for _ in range(64)]
    assert [rate.refused(token, 10) for token in tokens] == [True] + [False] * 63
    assert rate.limit == 32
    assert rate.refused(rate.token, 11), "a call that began after the halving"
    assert rate.limit == 16


def test_a_refusal_on_the_way_back_lowers_the_target_only_a_little() -> None:
    rate = Rate(128)
    limits(rate, 5)
    rate.refused(rate.token, 10)
    rate.refused(rate.token, 11)
    assert rate.limit == 32
    # Nine tenths of 128 are 115, and of these 103.
    assert limits(rate, 9, start=11)[-2:] == [103, 104]


def test_after_a_restart_it_starts_low_and_forgets_what_was_refused() -> None:
    rate = Rate(64)
    limits(rate, 4)
    rate.refused(rate.token, 10)
    rate.restart()
    assert rate.limit == START
    assert limits(rate, 4, start=11, seconds=0.05) == [8, 16, 32, 64]


def test_a_token_shows_whether_another_call_was_answered_since() -> None:
    rate = Rate(4)
    before = rate.token
    rate.refused(before, 1)
    assert not rate.answered_since(before)
    rate.answered(2)
    assert rate.answered_since(before)
    assert not rate.answered_since(rate.token)


@given(
    ceiling=st.integers(1, 300),
    steps=st.lists(
        st.tuples(
            st.sampled_from(["begin", "answered", "refused", "unanswered", "restart"]),
            st.integers(0, 300),
            st.floats(0, 3),
        ),
        max_size=200,
    ),
)
@examples(500)
def test_it_stays_between_one_and_the_ceiling_and_halves_once_for_the_calls_under_way(
    ceiling: int, steps: list[tuple[str, int, float]]
) -> None:
    rate, now = Rate(ceiling), 0.0
    under_way: list[tuple[int, int]] = []
    halvings = 0
    for kind, which, pause in steps:
        now += pause
        before = rate.limit
        if kind == "begin":
            for _ in range(rate.free):
                rate.begin()
                under_way.append((rate.token, halvings))
        elif kind == "restart":
            rate.restart()
        elif under_way:
            token, earlier = under_way.pop(which % len(under_way))
            if kind == "answered":
                rate.answered(now)
                assert before <= rate.limit <= 2 * before
            elif kind == "refused":
                halved = rate.refused(token, now)
                assert halved == (earlier == halvings)
                assert rate.limit == (max(1, before // 2) if halved else before)
                halvings += halved
            rate.end()
        assert 1 <= rate.limit <= ceiling
        assert rate.calls == len(under_way)


# --- simulated time ------------------------------------------------------------------------------

Allows = Callable[[float], bool]


def by_clock(per_second: int) -> Allows:
    """Allow the first calls of each second of the clock."""
    calls: dict[int, int] = {}

    def allows(now: float) -> bool:
        calls[int(now)] = calls.get(int(now), 0) + 1
        return calls[int(now)] <= per_second

    return allows


def by_last_second(per_second: int) -> Allows:
    """Allow a call if fewer than `per_second` were allowed within the last second."""
    allowed: deque[float] = deque()

    def allows(now: float) -> bool:
        while allowed and allowed[0] <= now - 1:
            allowed.popleft()
        if len(allowed) >= per_second:
            return False
        allowed.append(now)
        return True

    return allows


@dataclass
class Function:
    """One of the functions that send, with the calls of its event that have not begun."""

    rate: Rate
    waiting: int = 0
    left: int = 0
    next_turn: float = 0.0


@dataclass
class Simulation:
    """Functions that send events of `per_event` calls each, without threads and without waiting.

    As in `deliver`, the next event begins when the last call of the one before has ended. Refused calls are not
    repeated here.
    """

    allows: Allows
    seconds: float
    refusal_seconds: float
    calls: int
    ceiling: int
    per_event: int
    functions: int = 4
    per_second: float = 1000
    between_events: float = 0.15
    accepted: list[float] = field(default_factory=list)
    refused: int = 0
    # Events by time; the number keeps their order if the times are equal.
    _agenda: list[tuple[float, int, Callable[[float], None]]] = field(default_factory=list)
    _number: int = 0
    _random: random.Random = field(default_factory=lambda: random.Random(1))

    def run(self) -> "Simulation":
        for number in range(self.functions):
            function = Function(Rate(self.ceiling // self.functions))
            self._at(number * 0.3, self._starter(function))
        while self._agenda:
            now, _, step = heapq.heappop(self._agenda)
            step(now)
        return self

    def _at(self, time: float, step: Callable[[float], None]) -> None:
        self._number += 1
        heapq.heappush(self._agenda, (time, self._number, step))

    def _starter(self, function: Function) -> Callable[[float], None]:
        def start(now: float) -> None:
            function.waiting = function.left = min(self.per_event, self.calls)
            self.calls -= function.left
            if function.left:
                self._fill(function, now)

        return start

    def _fill(self, function: Function, now: float) -> None:
        """Begin the calls that may begin, each in its turn."""
        while function.waiting and function.rate.free > 0:
            function.waiting -= 1
            function.rate.begin()
            turn = max(now, function.next_turn)
            function.next_turn = turn + self.functions / self.per_second
            self._at(turn, self._caller(function))

    def _caller(self, function: Function) -> Callable[[float], None]:
        def call(now: float) -> None:
            token, allowed = function.rate.token, self.allows(now)
            seconds = self.seconds if allowed else self.refusal_seconds

            def end(then: float) -> None:
                if allowed:
                    self.accepted.append(then)
                    function.rate.answered(then)
                else:
                    self.refused += 1
                    function.next_turn = max(function.next_turn, now + SECOND)
                    function.rate.refused(token, then)
                function.rate.end()
                function.left -= 1
                if function.left:
                    self._fill(function, then)
                else:
                    self._at(then + self.between_events, self._starter(function))

            self._at(now + seconds * self._random.uniform(0.95, 1.05), end)

        return call

    @property
    def share_refused(self) -> float:
        return self.refused / (self.refused + len(self.accepted))

    def accepted_per_second(self, first: float, last: float) -> float:
        """Return the pace of a part of the campaign; 0 is its start and 1 its end."""
        part = self.accepted[int(first * len(self.accepted)) : int(last * len(self.accepted))]
        return len(part) / (part[-1] - part[0])


@pytest.mark.parametrize("allows", [by_clock, by_last_second])
@pytest.mark.parametrize("refusal_seconds", [1.0, 0.01], ids=["slow", "fast"])
def test_below_a_limit_of_tencent_it_sends_three_quarters_of_it_with_few_refusals(
    allows: Callable[[int], Allows], refusal_seconds: float
) -> None:
    done = Simulation(
        allows(400), 1.0, refusal_seconds, calls=30_000, ceiling=512, per_event=1000
    ).run()
    assert done.accepted_per_second(0.3, 0.95) >= 300
    assert done.share_refused < 0.02


def test_without_a_limit_of_tencent_it_is_as_fast_as_its_ceiling() -> None:
    def pace(start: int) -> float:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("chalicelib.tencent.rate.START", start)
            done = Simulation(lambda _: True, 0.05, 0.05, 10_000, ceiling=64, per_event=250).run()
            return done.accepted_per_second(0, 1)

    adapting, fixed = pace(START), pace(16)
    assert adapting >= 0.98 * fixed


def test_when_tencent_allows_less_it_finds_the_new_rate() -> None:
    full, low = by_clock(400), by_clock(100)
    done = Simulation(
        lambda now: (full if now < 60 else low)(now),
        1.0,
        1.0,
        calls=26_000,
        ceiling=512,
        per_event=1000,
    ).run()
    late = [time for time in done.accepted if time > 90]
    assert len(late) / (late[-1] - late[0]) >= 60
    assert done.share_refused < 0.05
