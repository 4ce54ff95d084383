"""Entries on the queue of receipts."""

import json
from typing import Any

from tests.support.in_process.bridge import Bridge

BIZ = "b" * 32


def entry(out_id: str, position: int, **fields: Any) -> dict[str, Any]:
    return {
        "outId": out_id,
        "phoneNum": f"139{position:08d}",
        "sendStatus": 2,
        "sendDate": "2026-03-02 10:00:00",
        "receiveDate": "2026-03-02 10:00:07",
        "errCode": "DELIVERED",
        "message": "",
        "at": [BIZ, position],
    } | fields


def queue(bridge: Bridge, out_id: str, positions: range) -> None:
    """Queue entries as `settle` does."""
    entries = [entry(out_id, position) for position in positions]
    body = {"kind": "details", "outId": out_id, "entries": entries}
    bridge.pump.put("receipts", json.dumps(body))


def queue_many(bridge: Bridge, count: int, start: int = 0) -> None:
    """Queue a number of messages, each with its own outId, so that each becomes a call of its own."""
    for number in range(start, start + count):
        queue(bridge, f"task-{number}", range(2))
