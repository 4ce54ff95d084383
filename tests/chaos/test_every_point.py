"""Nothing is lost and nothing sent twice wherever a function dies, on a whole stack in real time.

Each function is killed before and after every call that it makes, while campaigns arrive one after another.
Every campaign has to reach the same end as without deaths. The test takes two minutes, nearly all of which it
waits for the time-out of `deliver`.
"""

import os
import random
import time
from pathlib import Path

import pytest

from local.chaos import audit
from local.chaos.arena import Arena
from local.chaos.campaigns import CONTENT, Campaigns
from local.chaos.deaths import ACCEPT, CALLBACK, FUNCTIONS, Deaths, die_pulling
from local.chaos.orders import Faults
from local.chaos.patience import wait_for
from local.chaos.rest import come_to_rest
from local.faults import RETURNED
from local.ports import free_port
from tests.support.local_stack.running_stack import for_ci

# Decides the order of the points. To repeat it: FAULTS_SEED=… pytest tests/chaos
SEED = os.environ.get("FAULTS_SEED") or str(time.time_ns() % 10**6)
# A status adopts a mark only some time after it arrived.
_RARE = frozenset({("settle", "dynamodb TransactWriteItems")})
# Each API's calls that send, and the one that pulls statuses.
_CALLS = {
    "v5": ({"sendsms", "sendmultisms2"}, "pullstatus"),
    "3.0": ({"SendSms"}, "PullSmsSendStatus"),
}


def calls_of(faults: Faults, function: str) -> set[str]:
    return {point.call for point in faults.seen() if point.function == function}


@for_ci
@pytest.mark.timeout(900)
@pytest.mark.parametrize("api", _CALLS)
def test_killed_before_and_after_every_call_every_recipient_reaches_one_final_state(
    tmp_path: Path, api: str
) -> None:
    print(f"FAULTS_SEED={SEED}")  # noqa: T201 - pytest shows it where the test fails
    sends, pull = _CALLS[api]
    environ = {"TENCENT_API": api}
    with Arena(tmp_path, port=free_port(), timeouts={"settle": 5}, environ=environ) as arena:
        campaigns = Campaigns(arena.sides, arena.sides.template(CONTENT))
        first = campaigns.small(unanswered=True)
        campaigns.send(first)
        # All recipients except the one whose call was not answered, which takes longer.
        wait_for(lambda: reported(arena, first.out_id) == len(first.phones) - 1, 30, "receipts")
        wait_for(lambda: "quickaudience reply" in calls_of(arena.faults, "push"), 30, "the reply")

        deaths = Deaths(arena.faults, campaigns, random.Random(SEED), arena.renew, _RARE)
        deaths.learn(first=True)
        deaths.run(seconds=120)
        # Meanwhile the deaths of `deliver` wait for their time-out.
        pulled = die_pulling(arena.faults, campaigns)
        facts, problems = come_to_rest(campaigns, seconds=200)
        given_up = arena.sides.count_replies_given_up()

    summary = audit.summary(facts)
    print(f"{len(deaths.executed)} deaths, {campaigns.cut_off} cut off: {summary}")  # noqa: T201
    assert not problems, f"FAULTS_SEED={SEED}\n" + audit.shortened(problems)
    assert deaths.left == []
    # Otherwise the audit does not know which replies had to be reported.
    assert given_up == 0
    assert {"sqs SendMessageBatch", f"tencent {pull}"} <= {order.point.call for order in pulled}
    # The points existed: the test did not pass because there were none.
    assert {(function, RETURNED) for function in FUNCTIONS} <= deaths.died_of
    assert {
        (ACCEPT, "sqs SendMessageBatch"),
        (CALLBACK, "sqs SendMessageBatch"),
        *(("deliver", f"tencent {name}") for name in sends),
        ("push", "quickaudience details"),
        ("push", "quickaudience reply"),
        *_RARE,
    } <= deaths.died_of
    # Some recipients got a message from a function that died, and some did not: both cases occurred.
    assert summary["unknown outcome"] > 0
    assert summary["delivered"] > summary["recipients"] / 3
    assert campaigns.cut_off > 0


def reported(arena: Arena, out_id: str) -> int:
    sides = arena.sides
    receipts = sides.get(sides.quick_audience, f"/_sim/receipts?outId={out_id}")["receipts"]
    return len({receipt["phoneNum"] for receipt in receipts})
