"""A stack that is stopped in the middle of a campaign, and started again with its data."""

import os
from pathlib import Path

from local.ports import free_port
from local.stack import Stack
from tests.support.local_stack.running_stack import SIGN, SIGN_ID, Bench
from tests.support.waiting import wait_for


def test_a_campaign_goes_on_where_it_was(tmp_path: Path) -> None:
    environ = {"PATH": os.environ["PATH"]}
    with Stack(port=free_port(), state=tmp_path, environ=environ) as stack:
        bench = Bench(stack)
        bench.ops("sign", "link", SIGN, SIGN_ID)
        code = bench.template("您的包裹已经到达，请及时领取。")
        phones = {"count": 2_000, "start": "13500000000"}
        bench.campaign("restart", templateCode=code, phones=phones)
        wait_for(lambda: bench.get(bench.tencent, "/_sim/state")["numbers"]["accepted"] > 0, 20)

    with Stack(port=free_port(), state=tmp_path, environ=environ) as stack:
        bench = Bench(stack)
        account = bench.complete("restart", 90)
        state = bench.get(bench.tencent, "/_sim/state")
        shown = bench.ops("campaign", "show", "restart")

    assert account["told"] == 2_000
    assert account["contradictory"] == 0
    assert state["numbers"]["accepted"] == 2_000
    assert (shown["delivered"], shown["failed"]) == (account["delivered"], account["failed"])
