"""How long chaos waits for final states, by a clock of its own."""

from types import SimpleNamespace
from typing import Any

import pytest

from local.chaos import rest
from local.chaos.audit import Facts

LOST = ("task", "13700000000")


@pytest.fixture
def seconds(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that were made."""
    made: list[float] = []
    clock = SimpleNamespace(monotonic=lambda: sum(made), sleep=made.append)
    monkeypatch.setattr(rest, "time", clock)
    return made


def waited(seconds: list[float], queued: Any) -> float:
    """Return how long the wait for a recipient without a state takes while `queued` messages are in the queues."""
    sides = SimpleNamespace(
        facts=lambda recipients, **_: Facts(recipients=frozenset(recipients)),
        queued=lambda: queued(sum(seconds)),
    )
    campaigns: Any = SimpleNamespace(sides=sides, recipients=[LOST])
    _, problems = rest.come_to_rest(campaigns, 100)
    assert len(problems) == 1
    return sum(seconds)


def test_it_ends_at_its_time_if_nothing_is_queued(seconds: list[float]) -> None:
    assert waited(seconds, lambda _: 0) == pytest.approx(100, abs=4)


def test_it_is_longer_while_a_message_waits_in_a_queue(seconds: list[float]) -> None:
    assert waited(seconds, lambda now: int(now < 500)) == pytest.approx(500, abs=4)


def test_it_ends_at_last(seconds: list[float]) -> None:
    assert waited(seconds, lambda _: 1) == pytest.approx(100 + 960, abs=4)
