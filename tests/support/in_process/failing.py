"""Campaigns whose recipients fail."""

import json

import pytest

from chalicelib.store import halts
from tests.support.in_process import tencent
from tests.support.in_process.bridge import Answer, Bridge

PHONES = [f"139{number:08d}" for number in range(40)]


def accept(
    bridge: Bridge, count: int = 10, *, first: int = 0, out_id: str = "task-1", times: int = 1
) -> list[Answer]:
    """Accept requests of recipients with texts of their own."""
    found = []
    for start in range(first, first + times * count, count):
        phones = PHONES[start : start + count]
        params = [{"name": phone} for phone in phones]
        code = "7000" if bridge.tencent.templates else bridge.template()
        answer = bridge.campaign(phones, params, code=code, out_id=out_id)
        assert answer.code == "OK"
        found.append(answer)
    return found


def report(bridge: Bridge, *, failed: int, delivered: int = 0, since: int = 0) -> None:
    """Let Tencent report the messages that it sent, from the number `since` on, in one call; settle them."""
    sent = bridge.tencent.sent[since:]
    found = tencent.statuses(sent[:failed], "FAIL")
    found += tencent.statuses(sent[failed : failed + delivered])
    bridge.callback(found)
    bridge.pump.drain("settle")


def state(answer: Answer, out_id: str = "task-1") -> str:
    """Return the state of a request's halt; "" if it has none."""
    halt = halts.get(out_id, answer["bizId"])
    return halt.state if halt else ""


class Alarms:
    """How often the alarm's metric was counted since the last call."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self) -> int:
        lines = [line for line in self._capsys.readouterr().out.splitlines() if '"_aws"' in line]
        return sum(int(json.loads(line).get("CampaignsFailing", [0])[0]) for line in lines)
