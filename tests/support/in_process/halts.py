"""A campaign that is paused or stopped."""

from typing import Any

import pytest

from chalicelib.domain.halts import Halt, HaltState
from chalicelib.store import halts
from tests.support.in_process.bridge import Answer, Bridge
from tests.support.in_process.tencent import Call, FakeTencent, obeyed

PHONES = [f"139{number:08d}" for number in range(6)]
STOPPED = {(1, "STOPPED")}
DELIVERED = {(2, "DELIVERED")}
NOT_SENT = {(1, "NOT_SENT")}


def accept(bridge: Bridge, out_id: str = "task-1") -> Answer:
    """Accept a campaign of six different messages, which are six calls of one chunk."""
    params = [{"name": phone} for phone in PHONES]
    answer = bridge.campaign(PHONES, params, code=bridge.template(), out_id=out_id)
    assert answer.code == "OK"
    return answer


def halt_after(
    bridge: Bridge, monkeypatch: pytest.MonkeyPatch, answer: Answer, state: HaltState, calls: int
) -> None:
    """Let a function read this halt after a number of calls to Tencent, and the clock go on by two seconds."""
    read = halts.get
    moved = False

    def get(out_id: str, biz_id: str) -> Halt | None:
        found = read(out_id, biz_id)
        if len(bridge.tencent.send_calls) < calls:
            return found
        return Halt(out_id=out_id, biz_id=answer["bizId"], state=state, at=0, token="t")

    def advance(tencent: FakeTencent, call: Call) -> Any:
        nonlocal moved
        if len(tencent.send_calls) >= calls and not moved:
            moved = True
            bridge.clock.advance(seconds=2)
        return obeyed(tencent, call)

    monkeypatch.setattr(halts, "get", get)
    bridge.tencent.next("send", *[advance] * calls)
