"""A stack that is stopped during a campaign and started again with its data."""

import os
from pathlib import Path

from local.ports import free_port
from local.stack import Stack
from tests.support.local_stack.running_stack import SIGN, SIGN_ID, RunningStack, for_ci
from tests.support.waiting import wait_for


@for_ci
def test_a_campaign_continues_after_a_restart(tmp_path: Path) -> None:
    environ = {"PATH": os.environ["PATH"]}
    with Stack(port=free_port(), state=tmp_path, environ=environ) as stack:
        running = RunningStack(stack)
        running.ops("sign", "link", SIGN, SIGN_ID)
        code = running.template("您的包裹已经到达，请及时领取。")
        phones = {"count": 2_000, "start": "13500000000"}
        running.campaign("restart", templateCode=code, phones=phones)
        wait_for(lambda: running.get(running.tencent, "/_sim/state")["numbers"]["accepted"] > 0, 20)

    with Stack(port=free_port(), state=tmp_path, environ=environ) as stack:
        running = RunningStack(stack)
        account = running.complete("restart", 90)
        state = running.get(running.tencent, "/_sim/state")
        shown = running.ops("campaign", "show", "restart")

    assert account["told"] == 2_000
    assert account["contradictory"] == 0
    assert state["numbers"]["accepted"] == 2_000
    assert (shown["delivered"], shown["failed"]) == (account["delivered"], account["failed"])
