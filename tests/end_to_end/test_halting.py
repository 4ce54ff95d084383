"""`ops campaign pause`, `resume` and `stop` while Tencent answers slowly: no call begins afterwards, nobody is lost."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.support.local_stack.running_stack import RunningStack, for_ci
from tests.support.waiting import wait_for

OUT_ID = "halted"
# Messages of their own, so each is a call.
RECIPIENTS = 300
SECONDS_OF_A_CALL = 0.5
# A call may begin up to this long after a command has returned.
MAX_SECONDS = 5


@dataclass
class Slow:
    """A stack whose simulator of Tencent takes its time."""

    running: RunningStack
    began: float

    def sends(self) -> list[float]:
        """Return the epochs at which calls that send have begun."""
        found = self.running.get(self.running.tencent, "/_sim/calls?limit=1000")["calls"]
        times = [call["time"] for call in found if call["endpoint"].startswith("send")]
        return [at for at in times if at > self.began]

    def wait_for_sends(self, count: int) -> None:
        wait_for(lambda: len(self.sends()) >= count, 20, lambda: len(self.sends()))

    def halt(self, command: str, state: str) -> int:
        """Give a command; return the number of calls, of which none began too late."""
        self.running.ops("campaign", command, OUT_ID, "--yes")
        returned = time.time()
        assert self.running.ops("campaign", "show", OUT_ID)["state"] == state
        time.sleep(max(0.0, returned + MAX_SECONDS + 1 - time.time()))
        sends = self.sends()
        assert max(sends) < returned + MAX_SECONDS
        assert len(sends) < RECIPIENTS
        return len(sends)


@pytest.fixture
def slow(running: RunningStack) -> Iterator[Slow]:
    with running.slow_sends(SECONDS_OF_A_CALL):
        yield Slow(running, time.time())


@for_ci
def test_a_campaign_is_paused_resumed_and_stopped(slow: Slow) -> None:
    running = slow.running
    running.campaign(
        OUT_ID,
        templateCode=running.template("${name}您好，包裹已到。"),
        phones={"count": RECIPIENTS, "start": "13712000000"},
        params={"generate": {"name": "客户{index}"}},
        wait=False,
    )
    slow.wait_for_sends(20)
    paused = slow.halt("pause", "paused")
    running.ops("campaign", "resume", OUT_ID, "--yes")
    slow.wait_for_sends(paused + 20)
    sent = slow.halt("stop", "stopped")
    account = running.complete(OUT_ID)
    assert account["repeated"] == 0
    assert (account["delivered"], account["failed"]) == (sent, RECIPIENTS - sent)
    assert account["failureReasons"] == {"STOPPED": RECIPIENTS - sent}
    assert len(slow.sends()) == sent
