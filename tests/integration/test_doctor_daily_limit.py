"""`ops doctor` compares what was accepted today with DAILY_LIMIT."""

import json
from typing import Any

import pytest

from tests.support.in_process.bridge import SIGN, Bridge
from tests.support.in_process.operator import ops

PHONES = [f"1390000{number:04d}" for number in range(10)]


@pytest.fixture
def bridge(local: Bridge) -> Bridge:
    local.link(SIGN)
    return local


def accept(bridge: Bridge, first: int, end: int) -> None:
    code = "7000" if bridge.tencent.templates else bridge.template("您好")
    answer = bridge.campaign(PHONES[first:end], code=code, out_id=f"task-{first}")
    assert answer.code == "OK"


def finding() -> dict[str, Any]:
    rows = json.loads(ops("doctor", "--json").stdout)
    [found] = [row for row in rows if row["check"] == "daily limit"]
    return dict(found)


def test_without_a_limit_nothing_is_counted(bridge: Bridge) -> None:
    accept(bridge, 0, 2)
    found = finding()
    assert found == {
        "check": "daily limit",
        "state": "ok",
        "found": "none: DAILY_LIMIT is not set",
    }


@pytest.mark.parametrize(("accepted", "state"), [(7, "ok"), (8, "warning"), (10, "warning")])
def test_a_warning_comes_from_four_fifths_of_the_limit_on(
    bridge: Bridge, accepted: int, state: str
) -> None:
    bridge.configure(DAILY_LIMIT="10")
    accept(bridge, 0, 3)
    accept(bridge, 3, accepted)
    found = finding()
    assert (found["state"], found["accepted"], found["limit"]) == (state, accepted, 10)
    words = f"{accepted} of 10 recipients accepted today (Beijing time), {accepted}0 %"
    assert found["found"].startswith(words)
    assert ("isv.DAY_LIMIT_CONTROL" in found["found"]) == (state == "warning")
    if state == "warning":
        assert f"a request of more than {10 - accepted} recipients is refused" in found["found"]


def test_the_count_begins_anew_at_midnight_in_beijing(bridge: Bridge) -> None:
    bridge.configure(DAILY_LIMIT="10")
    accept(bridge, 0, 10)
    bridge.clock.advance(hours=24)
    found = finding()
    assert (found["state"], found["accepted"]) == ("ok", 0)


def test_a_limit_that_was_lowered_since_leaves_nothing(bridge: Bridge) -> None:
    bridge.configure(DAILY_LIMIT="10")
    accept(bridge, 0, 8)
    bridge.configure(DAILY_LIMIT="5")
    assert "more than 0 recipients" in finding()["found"]
