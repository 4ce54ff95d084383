"""Campaigns that are paused, stopped, held by SEND_HOURS or paused by their failures, during outages of hours and days.

The outages are those of test_long_outages.py, under the same detection of recursive loops. Afterwards every recipient
was sent to at most once and reported once, no queue has a dead letter, and nothing spun.
"""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
import requests

from local.hostile.chain import Recursion
from ops import halting
from tests.support import thoroughness
from tests.support.in_process import hostile
from tests.support.in_process.bridge import Bridge
from tests.support.in_process.campaign_counts import check_counts
from tests.support.in_process.halts import DELIVERED, NOT_SENT, STOPPED
from tests.support.in_process.outages import (
    HOURS,
    UNREACHABLE,
    WEEK,
    Moves,
    Outage,
    check_nothing_spun,
)
from tests.support.in_process.quickaudience import by_phone, ok, respond, unauthorized
from tests.support.in_process.sends import times_sent
from tests.support.in_process.tencent import coded, refused

SIZE = 12
FAILING = 10
"""How many recipients of the failing campaign are tried before it is paused: the minimum of FAILURE_ALARM."""
REFUSED = {(1, "isv.MOBILE_NUMBER_ILLEGAL")}
PROMOTION = "您好${name}, 新品上市, 回T退订"


@dataclass
class Halted:
    """Seven campaigns, each with its phones, of which six are held in some way when the outage begins."""

    bridge: Bridge
    phones: dict[str, list[str]] = field(default_factory=dict)

    def accept(self, out_id: str, code: str, *, requests: int = 1) -> None:
        """Accept a campaign, the recipients of its first request first."""
        first = len(self.phones) * SIZE
        phones = [f"139{number:08d}" for number in range(first, first + SIZE)]
        self.phones[out_id] = phones
        for some in (phones[:FAILING], phones[FAILING:]) if requests == 2 else (phones,):
            names = [{"name": phone} for phone in some]
            assert self.bridge.campaign(some, names, code=code, out_id=out_id).code == "OK"

    def reported(self, out_id: str) -> list[set[tuple[int, str]]]:
        reports = by_phone(self.bridge.quick_audience.receipts)
        return [reports.get(phone, set()) for phone in self.phones[out_id]]

    def sent(self, out_id: str) -> int:
        times = times_sent(self.bridge)
        return sum(times[phone] for phone in self.phones[out_id])


@pytest.fixture
def halted(local: Bridge, moves: Moves, monkeypatch: pytest.MonkeyPatch) -> Halted:
    """All campaigns are accepted at 20:00, outside SEND_HOURS. The failing one was paused by its failures."""
    hostile.use("chain").recursion = Recursion("Terminate")
    local.link()
    local.configure(
        SEND_HOURS="08:00-18:00",
        FAILURE_ALARM=f"50% of {FAILING}",
        PAUSE_ON_FAILURES="on",
        TENCENT_PARALLEL_CALLS="4",
    )
    codes = [local.template("您好${name}"), local.template(PROMOTION, 2)]
    local.clock.advance(hours=10)
    made = Halted(local)
    made.accept("failing", codes[0], requests=2)
    for phone in made.phones["failing"]:
        local.tencent.always("86" + phone, refused(coded(1016)))
    local.pump.drain("deliver")
    for phone in made.phones["failing"]:
        local.tencent.always("86" + phone, None)
    assert len(local.tencent.send_calls) == FAILING
    for out_id in ("plain", "resumed", "forgotten", "stopped", "stopped-later"):
        made.accept(out_id, codes[0])
    made.accept("hours", codes[1])
    for out_id in ("resumed", "forgotten", "stopped-later"):
        halting.pause(out_id)
    halting.stop("stopped")
    return made


def check(halted: Halted, moves: Moves) -> None:
    """End the outage: let everybody be sent to, reported and swept, and look at the end of each campaign."""
    bridge = halted.bridge
    bridge.pump.run(hours=30)
    bridge.deliver_all()
    bridge.pump.run("settle", "push", hours=24)
    for _ in range(2):
        bridge.clock.advance(hours=80)
        bridge.pump.release()
        bridge.pump.sweep()
        bridge.pump.run(hours=200)
    assert halted.reported("plain") == [DELIVERED] * SIZE
    assert halted.reported("hours") == [DELIVERED] * SIZE
    assert halted.reported("resumed") == [DELIVERED] * SIZE
    assert halted.reported("forgotten") == [NOT_SENT] * SIZE
    assert halted.reported("stopped") == [STOPPED] * SIZE
    assert halted.reported("stopped-later") == [STOPPED] * SIZE
    assert halted.reported("failing") == [REFUSED] * FAILING + [NOT_SENT] * (SIZE - FAILING)
    assert set(times_sent(bridge).values()) == {1}
    reports = Counter(receipt["phoneNum"] for receipt in bridge.quick_audience.receipts)
    assert reports == dict.fromkeys((one for some in halted.phones.values() for one in some), 1)
    for out_id in halted.phones:
        check_counts(out_id)
    check_nothing_spun(bridge, moves)


def outage(halted: Halted, hours: float) -> None:
    """Let a part of an outage pass, resume and stop, and let the rest pass. Nothing can be resumed after 72 hours."""
    bridge = halted.bridge
    end = time.time() + hours * 3600
    run_until(bridge, min(end - hours * 1800, time.time() + 60 * 3600))
    halting.resume("resumed")
    halting.stop("stopped-later")
    run_until(bridge, end)


def run_until(bridge: Bridge, moment: float) -> None:
    bridge.pump.run(hours=(moment - time.time()) / 3600)
    bridge.clock.move_to(max(time.time(), moment))


@pytest.mark.parametrize(
    ("answer", "hours"),
    thoroughness.some(
        [
            pytest.param(unauthorized, WEEK, id="401 for a week"),
            pytest.param(
                lambda: respond(500, {"code": "500", "message": "no"}), HOURS, id="500 for 70 hours"
            ),
        ],
        2,
    ),
)
def test_quick_audience_fails(
    halted: Halted, moves: Moves, answer: Callable[[], requests.Response], hours: int
) -> None:
    """Receipts of stopped and paused recipients wait like all others."""
    bridge = halted.bridge
    bridge.quick_audience.always(answer)
    outage(halted, hours)
    assert bridge.quick_audience.receipts == []
    assert halted.sent("stopped") == halted.sent("forgotten") == 0
    bridge.quick_audience.always(ok)
    check(halted, moves)


@pytest.mark.skipif(not thoroughness.ALL, reason="takes ten seconds: BREAKS=all runs it")
def test_tencent_can_not_be_reached(halted: Halted, moves: Moves) -> None:
    """Who is stopped needs no call, so that the outage does not delay those receipts."""
    bridge = halted.bridge
    for name in ("send", "get_template"):
        bridge.tencent.always(name, UNREACHABLE)
    outage(halted, HOURS)
    assert halted.reported("stopped") == halted.reported("stopped-later") == [STOPPED] * SIZE
    assert bridge.tencent.sent == []
    for name in ("send", "get_template"):
        bridge.tencent.always(name, None)
    check(halted, moves)


def test_dynamodb_fails_for_six_hours(
    halted: Halted, moves: Moves, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the table, nobody knows whether a campaign is paused: no call begins."""
    bridge = halted.bridge
    dynamodb = Outage("dynamodb")
    dynamodb.install(monkeypatch)
    bridge.restart()
    dynamodb.lasts = True
    bridge.pump.run(hours=6)
    assert bridge.tencent.sent == []
    dynamodb.lasts = False
    outage(halted, 2)
    check(halted, moves)
