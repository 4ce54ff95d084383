import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain import retries
from chalicelib.domain.periods import CLOSED_AFTER_SECONDS
from chalicelib.domain.retries import CALLBACK, CHUNK, FILE, PUSH, Retry
from tests.support.adopting import ADOPT_AFTER_SECONDS
from tests.support.property_tests import examples

RULES = [PUSH, CHUNK, CALLBACK, FILE]
Jitter = Callable[[float], None]


@pytest.fixture
def jitter(monkeypatch: pytest.MonkeyPatch) -> Jitter:
    """Return a function that fixes the jitter within its range: 0 is the minimum, 1 the maximum."""

    def put(place: float) -> None:
        monkeypatch.setattr("random.uniform", lambda low, high: low + (high - low) * place)

    return put


def pauses(rule: Retry) -> list[int]:
    """Return every pause of a message whose work always fails."""
    found: list[int] = []
    while (pause := rule.pause(len(found) + 1, sum(found))) is not None:
        found.append(pause)
    return found


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("place", [0, 0.5, 1])
def test_a_message_is_tried_until_its_rule_ends_and_no_longer(
    jitter: Jitter, rule: Retry, place: float
) -> None:
    jitter(place)
    found = pauses(rule)
    assert rule.end <= sum(found) <= rule.end + 1.2 * rule.longest
    assert rule.end == CLOSED_AFTER_SECONDS


@pytest.mark.parametrize("rule", RULES)
def test_every_try_fits_into_the_receives_that_sqs_allows(jitter: Jitter, rule: Retry) -> None:
    jitter(0)
    assert len(pauses(rule)) < 400


@pytest.mark.parametrize("rule", RULES)
def test_pauses_double_up_to_the_longest(jitter: Jitter, rule: Retry) -> None:
    jitter(0.5)
    found = pauses(rule)
    assert found[0] == rule.first
    assert all(after == min(2 * before, rule.longest) for before, after in pairwise(found))
    assert found[-1] == rule.longest


@pytest.mark.parametrize(("place", "share"), [(0, 0.8), (1, 1.2)])
def test_jitter_is_a_fifth_in_either_direction(jitter: Jitter, place: float, share: float) -> None:
    jitter(place)
    assert PUSH.pause(100, 24 * 3600) == 3600 * share


def test_pauses_are_spread() -> None:
    assert len({PUSH.pause(20, 24 * 3600) for _ in range(50)}) > 5


@pytest.mark.parametrize("receives", [2, 10, 1000])
def test_receives_without_a_try_do_not_lengthen_the_pause(jitter: Jitter, receives: int) -> None:
    jitter(0.5)
    # SQS counts every receive, also those of a throttled function: the age bounds the pause.
    assert PUSH.pause(receives, 5) == 10


def test_a_long_wait_before_the_first_try_does_not_lengthen_the_pause(jitter: Jitter) -> None:
    jitter(0.5)
    assert PUSH.pause(1, 10 * 3600) == 5


@examples(200)
@given(st.sampled_from(RULES), st.integers(0, 10**6), st.floats(0, 10**6))
def test_a_pause_is_a_whole_number_of_seconds_that_sqs_accepts(
    rule: Retry, tries: int, age: float
) -> None:
    pause = rule.pause(tries, age)
    assert (pause is None) == (age >= rule.end)
    assert pause is None or 1 <= pause <= 4320 < 12 * 3600


def test_looking_for_a_message_ends() -> None:
    looks = 0
    while (seconds := retries.settle_delay(looks)) is not None:
        assert 0 < seconds <= 900
        looks += 1
    assert looks == len(retries.SETTLE_DELAYS)
    assert retries.settle_delay(10**9) is None


def test_looking_outlasts_a_killed_function_and_its_chunk_coming_again() -> None:
    # Half an hour of invisibility, then the time-out of the function and the same again for the queue.
    assert sum(retries.SETTLE_DELAYS) >= 90 * 60


def test_the_pauses_between_looks_never_get_shorter() -> None:
    assert list(retries.SETTLE_DELAYS) == sorted(retries.SETTLE_DELAYS)


@given(adopt_in=st.integers(1, 1000), looks=st.integers(0, len(retries.SETTLE_DELAYS) - 1))
def test_no_pause_passes_the_time_at_which_a_status_may_adopt_a_mark(
    adopt_in: int, looks: int
) -> None:
    delay = retries.settle_delay(looks, adopt_in=adopt_in)
    assert delay == min(retries.SETTLE_DELAYS[looks], adopt_in)
    assert retries.settle_delay(looks, adopt_in=-adopt_in) == retries.SETTLE_DELAYS[looks]


def test_a_status_adopts_a_mark_only_after_the_time_out_of_the_sending_function() -> None:
    config = json.loads(Path(".chalice/config.json").read_text())
    assert config["lambda_functions"]["deliver"]["lambda_timeout"] <= ADOPT_AFTER_SECONDS
    assert sum(retries.SETTLE_DELAYS) > 2 * ADOPT_AFTER_SECONDS


@pytest.mark.parametrize(
    ("rounds", "after", "expected"),
    [
        (0, 400, (1, 600)),
        (0, 600, (2, 3600)),
        (1, 610, (2, 3600)),
        (0, 50 * 3600, (6, 71 * 3600)),
        (5, 50 * 3600, (6, 71 * 3600)),
        (6, 71 * 3600 + 30, None),
        (0, 80 * 3600, None),
    ],
)
def test_rounds_about_a_send_follow_its_age(
    rounds: int, after: int, expected: tuple[int, int] | None
) -> None:
    found = retries.next_round(1000, rounds, 1000 + after)
    assert found == (expected and (expected[0], 1000 + expected[1]))


def test_a_call_refused_for_now_waits_longer_with_each_attempt_up_to_a_quarter_of_an_hour() -> None:
    found = [retries.refused_pause(attempts) for attempts in range(1, 40)]
    assert found[:3] == [30, 60, 90]
    assert found == sorted(found)
    assert found[-1] == 900
