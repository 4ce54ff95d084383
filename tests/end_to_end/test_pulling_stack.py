"""A stack that pulls: Tencent pushes nothing to it, and every receipt and reply still arrives."""

import os
import subprocess
import sys
from pathlib import Path

from local.ports import free_port
from local.stack import Stack
from tests.support.local_stack.running_stack import SIGN, SIGN_ID, RunningStack, for_ci
from tests.support.waiting import wait_for

pytestmark = for_ci


def once(stack: Stack, function: str) -> str:
    """Run a scheduled function now, and return its log."""
    done = subprocess.run(
        [sys.executable, "-m", "local.scheduler", "--once", function],
        env={**os.environ, **stack.environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_every_receipt_and_reply_arrives_by_pulling(tmp_path: Path) -> None:
    environ = {"PATH": os.environ["PATH"], "TENCENT_RECEIPTS": "pull"}
    with Stack(port=free_port(), state=tmp_path, environ=environ) as stack:
        running = RunningStack(stack)
        running.ops("sign", "link", SIGN, SIGN_ID)
        code = running.template("您的包裹已经到达，请及时领取。")
        switches = {"callback_url": None, "magic": False, "reply_share": 0.1, "fail_share": 0.1}
        running.post(running.tencent, "/_sim/behaviour", switches)
        phones = {"count": 250, "start": "13500000000"}
        running.campaign("pulled", templateCode=code, phones=phones)

        # Tencent enables pulling on request: until then a log line says so, and nothing else happens.
        assert "not enabled" in once(stack, "pull")

        running.post(running.tencent, "/_sim/behaviour", {"pull_enabled": True})
        wait_for(lambda: running.get(running.tencent, "/_sim/state")["receipts"]["made"] == 250, 30)
        wait_for(lambda: once(stack, "pull") and running.account("pulled")["complete"], 60)
        account = running.account("pulled")
        replies = running.get(running.tencent, "/_sim/state")["replies"]["made"]
        wait_for(
            lambda: once(stack, "pull") and running.account("pulled")["replies"] == replies, 60
        )
        stats = running.ops("stats", "--from", "2026-01-01", "--to", "2099-12-31")["counts"]

    assert (account["told"], account["contradictory"]) == (250, 0)
    assert 0 < account["failed"] < 250
    assert replies > 0
    tencents = {row["count"]: row["tencent"] for row in stats}
    assert (tencents["accepted"], tencents["reported"]) == (250, 250)
    assert tencents["failed"] == account["failed"]
