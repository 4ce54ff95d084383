"""Tencent's two queues that are emptied by reading, its answers by phone, and runs of what asks for them."""

from collections.abc import Callable
from typing import Any

import app
from tests.support.in_process import aws
from tests.support.in_process.bridge import Bridge
from tests.support.in_process.pump import Context
from tests.support.in_process.tencent import Answer, Call, FakeTencent

_FUNCTIONS: dict[str, Callable[..., Any]] = {"pull": app.pull, "inquire": app.inquire}
Event = dict[str, Any]


class Pulls:
    """What Tencent has to be pulled: nothing is given twice by `pullstatus`, everything by phone."""

    def __init__(self, bridge: Bridge) -> None:
        self.waiting: dict[int, list[Event]] = {0: [], 1: []}
        self.history: list[Event] = []
        bridge.tencent.always("pullstatus", self._pull)
        bridge.tencent.always("pullstatus4mobile", self._pull_of_phone)

    def add(self, *events: Event) -> None:
        """Let statuses and replies come in at Tencent."""
        for event in events:
            self.waiting[1 if "text" in event else 0].append(event)
            self.history.append(event)

    def _pull(self, _: FakeTencent, call: Call) -> Answer:
        kind, most = call.body["type"], call.body["max"]
        assert 1 <= most <= 100
        taken, self.waiting[kind] = self.waiting[kind][:most], self.waiting[kind][most:]
        return {"result": 0, "errmsg": "ok", "count": len(taken), "data": taken}

    def _pull_of_phone(self, _: FakeTencent, call: Call) -> Answer:
        wanted = call.body["nationcode"], call.body["mobile"]
        found = [
            event
            for event in self.history
            if (event["nationcode"], event["mobile"]) == wanted
            and ("text" in event) == (call.body["type"] == 1)
        ]
        return {"result": 0, "errmsg": "ok", "count": len(found), "data": found}


def run(function: str, seconds: float | None = None) -> None:
    """One scheduled run."""
    _FUNCTIONS[function](
        {
            "version": "0",
            "account": aws.ACCOUNT,
            "region": aws.REGION,
            "detail": {},
            "detail-type": "Scheduled Event",
            "source": "aws.events",
            "time": "2026-03-02T02:00:00Z",
            "id": "7bf73129",
            "resources": [],
        },
        Context(function, seconds),
    )
