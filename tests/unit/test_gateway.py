"""API Gateway's own answers."""

import threading
from collections import Counter

import pytest

from local.hostile.gateway import LATE, MAX_BYTES, TOO_LARGE, Gateway
from local.hostile.switches import Switches

TURNS = 1000


def made(switches: str = "gateway", seed: str = "1") -> Gateway:
    return Gateway(Switches.parse(switches, seed), "http")


def test_an_event_or_an_answer_above_six_megabytes_is_refused() -> None:
    gateway = made()
    assert gateway.before(MAX_BYTES + 1) == TOO_LARGE
    found = gateway.after(MAX_BYTES + 1)
    assert found
    assert found.status == 502


def test_requests_and_answers_get_lost_at_random() -> None:
    gateway = made()
    before = Counter(
        answer and answer.status for answer in (gateway.before(1) for _ in range(TURNS))
    )
    after = Counter(answer and answer.status for answer in (gateway.after(1) for _ in range(TURNS)))
    assert before.keys() == {None, 429, 500}
    assert after.keys() == {None, 502, 504}
    assert min(before[None], after[None]) > TURNS * 0.8


def test_a_function_that_takes_too_long_goes_on_unheard() -> None:
    release, ended = threading.Event(), threading.Event()

    def function() -> str:
        release.wait(60)
        ended.set()
        return "too late"

    assert made().call(function, seconds=0.05) is LATE
    release.set()
    assert ended.wait(60)


def test_a_function_in_time_is_heard() -> None:
    assert made().call(lambda: "in time") == "in time"


def test_an_error_is_passed_on() -> None:
    def function() -> None:
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        made().call(function)


def test_nothing_happens_while_it_is_off() -> None:
    gateway = made("chain")
    assert not gateway.on
    assert not any(
        gateway.before(MAX_BYTES * 2) or gateway.after(MAX_BYTES * 2) for _ in range(TURNS)
    )


def test_the_seed_repeats() -> None:
    def some(seed: str) -> list[object]:
        gateway = made(seed=seed)
        return [gateway.before(1) for _ in range(TURNS)]

    assert some("1") == some("1")
    assert some("1") != some("2")
