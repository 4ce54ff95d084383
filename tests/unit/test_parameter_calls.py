"""The switch on calls of the parameter store: throttled, or silent."""

from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from tests.support.hostile_calls import Calls

TURNS = 300


@pytest.fixture(autouse=True)
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    made: list[float] = []
    monkeypatch.setattr("time.sleep", made.append)
    return made


def made(switches: str = "secrets", **more: Any) -> Calls:
    return Calls("ssm", lambda *_: {"Parameter": {"Value": "x"}}, switches, **more)


def results(calls: Calls, count: int = TURNS) -> list[Any]:
    return [calls.result("GetParameter", Name="/a") for _ in range(count)]


def test_reads_are_throttled_or_get_no_answer(slept: list[float]) -> None:
    found = results(made())
    assert {str(one) for one in found if isinstance(one, str)} == {"ThrottlingException"}
    assert any(isinstance(one, ReadTimeoutError) for one in found)
    assert any(isinstance(one, dict) for one in found)
    assert set(slept) == {60 * 5}


def test_where_it_is_lenient_the_first_read_succeeds_and_nothing_takes_time(
    slept: list[float],
) -> None:
    for seed in range(50):
        calls = made(lenient=True, seed=str(seed))
        assert isinstance(calls.result("GetParameter", Name="/a"), dict)
        assert not all(isinstance(one, dict) for one in results(calls))
    assert slept == []


def test_nothing_happens_while_it_is_off() -> None:
    assert all(isinstance(one, dict) for one in results(made("chain")))


def test_the_seed_repeats() -> None:
    def some(seed: str) -> list[str]:
        return [str(one) for one in results(made(seed=seed))]

    assert some("7") == some("7")
    assert some("7") != some("8")
