"""Tencent's events that are pulled, from its two queues or by phone, and runs of the functions that pull them."""

from collections.abc import Callable
from typing import Any

import app
from tests.support.in_process.bridge import Bridge
from tests.support.in_process.events import Context, scheduled
from tests.support.in_process.tencent import Answer, Call, FakeTencent

_FUNCTIONS: dict[str, Callable[..., Any]] = {"pull": app.pull, "inquire": app.inquire}
Event = dict[str, Any]


class Pulls:
    """The events at Tencent: `pullstatus` returns each once, a query by phone all of them again."""

    def __init__(self, bridge: Bridge) -> None:
        self.waiting: dict[int, list[Event]] = {0: [], 1: []}
        self.history: list[Event] = []
        bridge.tencent.always("pullstatus", self._pull)
        bridge.tencent.always("pullstatus4mobile", self.pull_of_phone)

    def add(self, *events: Event) -> None:
        """Add statuses and replies at Tencent."""
        for event in events:
            self.waiting[1 if "text" in event else 0].append(event)
            self.history.append(event)

    def _pull(self, _: FakeTencent, call: Call) -> Answer:
        kind, limit = call.body["type"], call.body["max"]
        assert 1 <= limit <= 100
        pulled, self.waiting[kind] = self.waiting[kind][:limit], self.waiting[kind][limit:]
        return {"result": 0, "errmsg": "ok", "count": len(pulled), "data": pulled}

    def pull_of_phone(self, _: FakeTencent, call: Call) -> Answer:
        wanted = call.body["nationcode"], call.body["mobile"]
        found = [
            event
            for event in self.history
            if (event["nationcode"], event["mobile"]) == wanted
            and ("text" in event) == (call.body["type"] == 1)
        ]
        return {"result": 0, "errmsg": "ok", "count": len(found), "data": found}


def run(function: str, seconds: float | None = None) -> None:
    """Run a function as its schedule does."""
    _FUNCTIONS[function](scheduled(), Context(function, seconds))
