from collections.abc import Callable
from itertools import pairwise

import pytest

from chalicelib.domain import retries


@pytest.fixture
def jitter(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Put the jitter at a place of its range: 0 is the least, 1 the most."""

    def put(place: float) -> None:
        monkeypatch.setattr("random.uniform", lambda low, high: low + (high - low) * place)

    return put


def test_with_the_least_jitter_the_queues_tries_span_72_hours(
    jitter: Callable[[float], None],
) -> None:
    jitter(0)
    # The hundredth failure is the last: between a hundred tries lie 99 delays.
    assert sum(map(retries.push_delay, range(1, retries.MAX_PUSH_TRIES))) > 72 * 3600


def test_even_all_tries_end_before_sqs_forgets_the_message(jitter: Callable[[float], None]) -> None:
    jitter(1)
    assert sum(map(retries.push_delay, range(1, retries.MAX_PUSH_TRIES + 1))) < 14 * 24 * 3600


def test_delays_double_from_seconds_to_an_hour(jitter: Callable[[float], None]) -> None:
    jitter(0.5)
    delays = [retries.push_delay(tries) for tries in range(1, 30)]
    assert 1 <= delays[0] <= 10
    assert all(after == min(2 * before, 3600) for before, after in pairwise(delays))
    assert delays[-1] == 3600


@pytest.mark.parametrize("tries", [1, 2, 9, 10, 11, 100, 10**9])
@pytest.mark.parametrize("place", [0, 0.3, 1])
def test_a_delay_is_a_whole_number_of_seconds_that_sqs_takes(
    jitter: Callable[[float], None], tries: int, place: float
) -> None:
    jitter(place)
    delay = retries.push_delay(tries)
    assert isinstance(delay, int)
    assert 1 <= delay <= 4320 < 12 * 3600


@pytest.mark.parametrize(("place", "share"), [(0, 0.8), (1, 1.2)])
def test_jitter_is_a_fifth_in_either_direction(
    jitter: Callable[[float], None], place: float, share: float
) -> None:
    jitter(place)
    assert retries.push_delay(100) == 3600 * share


def test_delays_are_spread() -> None:
    assert len({retries.push_delay(20) for _ in range(50)}) > 5


def test_looking_for_a_message_ends() -> None:
    looks = 0
    while (seconds := retries.settle_delay(looks)) is not None:
        assert 0 < seconds <= 900
        looks += 1
    assert looks == len(retries.SETTLE_DELAYS)
    assert retries.settle_delay(10**9) is None


def test_waiting_outlasts_a_killed_function_and_its_chunk_coming_again() -> None:
    # Half an hour of invisibility, then the function's own time and as much again for the queue.
    assert sum(retries.SETTLE_DELAYS) >= 90 * 60


def test_waits_never_get_shorter() -> None:
    assert list(retries.SETTLE_DELAYS) == sorted(retries.SETTLE_DELAYS)
