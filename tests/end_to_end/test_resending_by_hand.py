"""A campaign that is stopped in the middle and sent again, by the operator's commands, on a whole stack."""

import os
from collections.abc import Iterator

import pytest

from local.ports import free_port
from local.stack import Stack
from tests.support.local_stack.running_stack import SIGN, SIGN_ID, RunningStack, for_ci
from tests.support.waiting import wait_for

pytestmark = for_ci

PHONES = [f"1360000{number:04d}" for number in range(600)]


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    """A stack that makes few calls a second."""
    state = tmp_path_factory.mktemp("slow")
    environ = {"PATH": os.environ["PATH"], "TENCENT_CALLS_PER_SECOND": "40"}
    with Stack(port=free_port(), state=state, environ=environ) as stack:
        running = RunningStack(stack)
        running.ops("sign", "link", SIGN, SIGN_ID)
        yield running


def test_a_stopped_campaign_is_sent_again_to_the_rest(slow: RunningStack) -> None:
    code = slow.template("您好${name}，您的包裹已经到达。")
    params = [{"name": phone} for phone in PHONES]
    slow.campaign("task", templateCode=code, phones=PHONES, params=params)
    wait_for(lambda: slow.accepted() > 20, 60)
    slow.ops("campaign", "stop", "task", "--yes")
    wait_for(lambda: slow.ops("campaign", "show", "task")["unsent"] == 0, 60)
    stopped = slow.ops("campaign", "show", "task")["failureReasons"]["STOPPED"]
    before = slow.accepted()
    assert before + stopped == len(PHONES)

    planned = slow.ops("campaign", "resend", "task", "--code", "STOPPED", "--dry-run")
    assert (planned["recipients"], planned["segments"]) == (stopped, stopped)
    sent = slow.ops("campaign", "resend", "task", "--yes")
    assert sent["recipients"] == stopped
    assert slow.ops("campaign", "resend", "task", "--yes")["recipients"] == 0

    wait_for(lambda: slow.ops("campaign", "show", "task")["delivered"] == len(PHONES), 120)
    shown = slow.ops("campaign", "show", "task")
    assert (shown["recipients"], shown["resent"]) == (len(PHONES) + stopped, stopped)
    assert slow.accepted() == len(PHONES)
    wait_for(lambda: slow.ops("campaign", "show", "task")["pushed"] == shown["recipients"], 60)
    assert slow.account("task")["delivered"] == len(PHONES)
