"""Callbacks that are settled, and events at the same moment."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from chalicelib.domain.messages import Message
from chalicelib.store import messages, table
from tests.support.in_process.bridge import Bridge


def settle(bridge: Bridge, *events: Any) -> None:
    assert bridge.callback(list(events))[0] == 200
    bridge.pump.drain("settle", "push")


def parked() -> list[table.Item]:
    return [item for day in range(1, 10) for item in table.query(f"PARKED#2026-03-0{day}")]


def meanwhile(monkeypatch: pytest.MonkeyPatch, happens: Callable[[], Any]) -> None:
    """Let something happen after receipts are known and before they are written."""
    settle, pending = messages.settle, [happens]

    def late(settled: Sequence[Message]) -> messages.Settled:
        if pending:
            pending.pop()()
        return settle(settled)

    monkeypatch.setattr(messages, "settle", late)
