"""Sends that API 3.0 leaves without an answer, on a stack of its own: its records settle all, and each is sent once."""

import os
from pathlib import Path
from typing import Any

from local.ports import free_port
from local.stack import Stack
from tests.support.local_stack.running_stack import RunningStack, for_ci
from tests.support.waiting import wait_for

ADOPT_AFTER = 20
FAULTS: dict[str, dict[str, Any]] = {
    "13500000001": {"answer": "hang", "seconds": 40},
    "13500000002": {"answer": "reset"},
    "13500000003": {"answer": "http", "status": 502},
    "13500000004": {"answer": "error", "code": "InternalError.Timeout"},
    "13500000005": {"answer": "garbage"},
}
"""What becomes of the answer to the send to each number. All are executed."""
# Their rows are missing from the answer: one row of two, and all of them.
MISSING = ("13500000006", "13500000007")
# A number whose message fails.
FAILING = "13500000008"


@for_ci
def test_records_settle_every_send_without_an_answer(tmp_path: Path) -> None:
    """Tencent pushes nothing, so that only its records show what became of the messages."""
    environ = {
        "PATH": os.environ["PATH"],
        "TENCENT_API": "3.0",
        "BRIDGE_ADOPT_AFTER": str(ADOPT_AFTER),
    }
    with Stack(port=free_port(), state=tmp_path, environ=environ) as stack:
        running = RunningStack(stack)
        code = running.template("尊敬的${name}，您的包裹已经到达。")

        def switch(**switches: Any) -> None:
            running.post(running.tencent, "/_sim/behaviour", switches)

        def send(phone: str, out_id: str = "") -> None:
            params = [{"name": "李雷"}]
            running.campaign(
                out_id or phone, templateCode=code, phones=[phone], params=params, wait=False
            )
            wait_for(lambda: len(running.messages(phone)) == 1, 40)

        switch(callback_url=None, magic=False, report_delay=[0, 0.1])
        for number, (phone, fault) in enumerate(FAULTS.items()):
            switch(faults=[fault | {"accept": True, "times": 1, "endpoints": ["SendSms"]}])
            send(phone)
            # An answered send keeps the breaker closed.
            send(f"1360000000{number}", f"answered {number}")
        switch(api3={"omitted_rows": 1})
        for phone in MISSING:
            send(phone)
        switch(fail_share=1, api3={"sub_errors": True})
        send(FAILING)
        switch(fail_share=0, api3={"omitted_rows": 0})

        unknown = (*FAULTS, *MISSING, FAILING)
        for phone in unknown:
            account = running.complete(phone, 100)
            assert account["told"] == 1, phone
            assert account["delivered"] == (phone != FAILING), phone
            assert len(running.messages(phone)) == 1, phone
        calls = running.calls()

    assert calls["SendSms"] == len(unknown) + len(FAULTS)
    assert calls["DescribeSendRecordList"] == len(unknown)
