"""`ops breaker`: showing and closing breakers."""

import time
from typing import Any

import pytest

from chalicelib.domain import breaker
from chalicelib.store import breakers
from tests.support.in_process.bridge import Bridge
from tests.support.in_process.operator import answer, ops
from tests.support.in_process.pushes import queue
from tests.support.in_process.quickaudience import respond


def shown() -> dict[str, dict[str, Any]]:
    return {row["breaker"]: row for row in answer("breaker", "show")}


@pytest.fixture
def locked_out(local: Bridge) -> Bridge:
    """A bridge whose push was answered with 401."""
    local.quick_audience.next(lambda: respond(401, {"code": "401", "message": "unauthorized"}))
    queue(local, "x", range(1))
    local.pump.drain("push")
    return local


def test_a_breaker_that_never_opened_is_shown_as_closed(local: Bridge) -> None:
    assert shown() == {
        name: {"breaker": name, "state": "closed", "since": None} for name in breaker.NAMES
    }
    assert "closed" in ops("breaker", "show").stdout


def test_an_open_breaker_is_shown_with_its_reason_and_next_probe(locked_out: Bridge) -> None:
    row = shown()["quickaudience"]
    assert "401" in row.pop("why")
    assert row == {
        "breaker": "quickaudience",
        "state": "open",
        "since": "2026-03-02 10:00:00",
        "tries": 0,
        "nextTry": "2026-03-02 10:00:10",
    }
    assert shown()["tencent"]["state"] == "closed"
    locked_out.quick_audience.always(lambda: respond(401, {"code": "401"}))
    locked_out.pump.run("push", hours=0.01)
    row = shown()["quickaudience"]
    assert (row["state"], row["tries"], row["since"]) == ("open", 1, "2026-03-02 10:00:00")
    assert row["nextTry"] > "2026-03-02 10:00:30"


def test_closing_lets_all_functions_push_again(locked_out: Bridge) -> None:
    locked_out.clock.advance(seconds=5)
    closed = answer("breaker", "close", "quickaudience")
    assert (closed["state"], closed["since"]) == ("closed", "2026-03-02 10:00:05")
    assert closed["opened"] == "2026-03-02 10:00:00"
    queue(locked_out, "y", range(1))
    locked_out.pump.drain("push")
    # Messages that were set aside are queued again in the next minute.
    assert sorted(one["outId"] for one in locked_out.quick_audience.receipts) == ["x", "y"]


def test_the_output_for_people_states_when_waiting_messages_are_queued(locked_out: Bridge) -> None:
    result = ops("breaker", "close", "quickaudience")
    assert result.exit_code == 0
    assert "within a minute" in result.stdout


@pytest.mark.parametrize("name", breaker.NAMES)
def test_closing_a_closed_breaker_is_an_error(local: Bridge, name: str) -> None:
    result = ops("breaker", "close", name)
    assert result.exit_code == 1
    assert f"{name} is not open" in result.output


def test_each_breaker_is_closed_separately(local: Bridge) -> None:
    for name in breaker.NAMES:
        breakers.trip(name, "no", int(time.time()))
    answer("breaker", "close", "tencent")
    assert {name: row["state"] for name, row in shown().items()} == {
        "quickaudience": "open",
        "tencent": "closed",
        "tencent-account": "open",
        "tencent-mainland": "open",
        "tencent-foreign": "open",
    }


def test_a_breaker_that_opens_again_at_the_same_moment_is_shown_as_open(
    locked_out: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    close = breakers.close

    def late(name: breaker.BreakerName, now: int) -> None:
        close(name, now)
        breakers.trip(name, "401 again", now)

    monkeypatch.setattr(breakers, "close", late)
    result = ops("breaker", "close", "quickaudience")
    assert result.exit_code == 1
    assert "401 again" in result.output


def test_another_name_is_an_error(local: Bridge) -> None:
    assert ops("breaker", "close", "everything").exit_code == 2
