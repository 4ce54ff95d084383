"""A running local stack and its two simulators' control APIs."""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import requests

from local.configuration import TENCENT_API
from local.stack import Stack
from tests.support import thoroughness
from tests.support.local_stack import forked_ops
from tests.support.waiting import wait_for

SIGN, SIGN_ID = "测试签名", "1001"


for_ci = thoroughness.for_ci("shows on a real stack what tests/integration shows in process")


class RunningStack:
    """A client of a running stack."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.prefix = stack.addresses.prefix
        self.callback = stack.addresses.callback
        self.quick_audience = stack.addresses.quickaudience
        self.tencent = stack.addresses.tencent.removesuffix(TENCENT_API)

    def get(self, base: str, path: str) -> dict[str, Any]:
        response = requests.get(base + path, timeout=60)
        response.raise_for_status()
        answer: dict[str, Any] = response.json()
        return answer

    def post(self, base: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        response = requests.post(base + path, json=body, timeout=60)
        assert response.ok, response.text
        answer: dict[str, Any] = response.json()
        return answer

    def ask(self, path: str, **more: Any) -> dict[str, Any]:
        """Send a request of Quick Audience to the bridge; the simulator checks the answer against the document."""
        answer = self.post(self.quick_audience, "/_sim/request", {"path": path, **more})
        assert answer["violations"] == []
        return answer

    def campaign(self, out_id: str, **more: Any) -> dict[str, Any]:
        campaign = {"outId": out_id, "signName": SIGN, "batch": 100_000, **more}
        return self.post(self.quick_audience, "/_sim/campaigns", campaign)

    def account(self, out_id: str) -> dict[str, Any]:
        return self.get(self.quick_audience, f"/_sim/campaigns/{out_id}")

    def complete(self, out_id: str, seconds: float = 60) -> dict[str, Any]:
        """Return the account of a campaign once every accepted recipient has a receipt."""
        wait_for(lambda: self.account(out_id)["complete"], seconds, lambda: self.account(out_id))
        return self.account(out_id)

    def messages(self, mobile: str) -> list[dict[str, Any]]:
        """Return the messages that Tencent sent to a number."""
        found: list[dict[str, Any]] = self.get(self.tencent, f"/_sim/messages?mobile={mobile}")[
            "messages"
        ]
        return found

    def calls(self) -> dict[str, int]:
        calls: dict[str, int] = self.get(self.tencent, "/_sim/state")["calls"]
        return calls

    def accepted(self) -> int:
        """Return the number of all messages that Tencent has accepted."""
        numbers: dict[str, int] = self.get(self.tencent, "/_sim/state")["numbers"]
        return numbers["accepted"]

    @contextmanager
    def slow_sends(self, seconds: float) -> Iterator[None]:
        """Let each call that sends take so long, so that a campaign is still under way when it is halted."""
        calls = ["sendsms", "sendmultisms2", "SendSms"]
        slow = {"answer": "normal", "seconds": seconds, "endpoints": calls}
        self.post(self.tencent, "/_sim/behaviour", {"faults": [slow]})
        try:
            yield
        finally:
            self.post(self.tencent, "/_sim/behaviour", {"faults": []})

    def template(self, content: str, kind: int = 1) -> str:
        """Create a template and wait for its approval."""
        asked = {"name": "测试", "content": content, "type": kind}
        code = str(self.post(self.quick_audience, "/_sim/templates", asked)["templateCode"])
        wait_for(lambda: self.get(self.quick_audience, f"/_sim/templates/{code}")["approved"], 20)
        return code

    def ops(self, *words: str) -> Any:
        """Run an operator's command with --json, and return its output."""
        done = forked_ops.run((*words, "--json"), {**os.environ, **self.stack.environment})
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def shown(
        self, out_id: str, condition: Callable[[dict[str, Any]], bool], seconds: float = 60
    ) -> dict[str, Any]:
        """Return what `ops campaign show` prints, once it meets a condition."""
        found: dict[str, Any] = {}

        def met() -> bool:
            found.update(self.ops("campaign", "show", out_id))
            return condition(found)

        # A look costs as much as sending to a hundred recipients.
        wait_for(met, seconds, lambda: found, pauses=(1, 2))
        return found
