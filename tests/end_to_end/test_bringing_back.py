"""Dead letters, unknown outcomes and open breakers, and the operator's commands for them, on a whole stack."""

import os
from collections.abc import Iterator

import pytest
import requests

from local.ports import free_port
from local.stack import Stack
from tests.support.local_stack.running_stack import SIGN, SIGN_ID, RunningStack, for_ci
from tests.support.waiting import wait_for

pytestmark = for_ci

PHONES = ["13600007001", "13600007002", "13600007003"]


@pytest.fixture(scope="module")
def impatient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    """A stack whose receipts become dead letters after a single try instead of after 72 hours."""
    state = tmp_path_factory.mktemp("impatient")
    environ = {"PATH": os.environ["PATH"]}
    with Stack(port=free_port(), state=state, environ=environ, receives={"receipts": 1}) as stack:
        running = RunningStack(stack)
        running.ops("sign", "link", SIGN, SIGN_ID)
        yield running


@pytest.fixture(scope="module")
def template(impatient: RunningStack) -> str:
    return impatient.template("您的包裹已经到达，请及时领取。")


def dead(running: RunningStack) -> list[dict[str, object]]:
    found: list[dict[str, object]] = running.ops("deadletters", "list")["messages"]
    return found


def entries(running: RunningStack) -> int:
    return sum(int(str(one["entries"])) for one in dead(running))


def test_dead_receipts_are_listed_without_effect_and_reported_once_they_are_replayed(
    impatient: RunningStack, template: str
) -> None:
    running = impatient
    running.post(running.quick_audience, "/_sim/behaviour", {"kind": "status", "status": 500})
    running.campaign("dead", templateCode=template, phones=PHONES)
    wait_for(lambda: entries(running) == 3, 60, lambda: dead(running))
    assert {one["outId"] for one in dead(running)} == {"dead"}
    assert entries(running) == 3
    requests.delete(running.quick_audience + "/_sim/behaviour", timeout=60).raise_for_status()

    none = running.ops("deadletters", "replay", "--out-id", "another")
    assert sum(row["replayed"] for row in none) == 0
    rows = running.ops("deadletters", "replay", "--queue", "receipts", "--out-id", "dead")

    assert [row["queue"] for row in rows] == ["receipts"]
    account = running.complete("dead", 30)
    assert (account["told"], account["contradictory"], account["repeated"]) == (3, 0, 0)
    assert dead(running) == []
    wait_for(lambda: running.ops("campaign", "show", "dead")["pushed"] == 3, 10)


def test_receipts_are_replayed(impatient: RunningStack, template: str) -> None:
    running = impatient
    running.campaign("again", templateCode=template, phones=PHONES)
    running.complete("again", 30)
    wait_for(lambda: running.ops("campaign", "show", "again")["pushed"] == 3, 10)

    assert running.ops("receipts", "replay", "--out-id", "again")["queued"] == 0
    assert running.ops("receipts", "replay", "--out-id", "again", "--all")["queued"] == 3

    wait_for(lambda: running.account("again")["repeated"] == 3, 30)
    assert running.account("again")["contradictory"] == 0


def test_an_unknown_outcome_is_settled_by_hand(impatient: RunningStack, template: str) -> None:
    running = impatient
    lost = {"faults": [{"answer": "reset", "accept": True, "times": 1}], "drop_receipts": 1}
    running.post(running.tencent, "/_sim/behaviour", lost)
    running.campaign("unknown", templateCode=template, phones=PHONES[:1])
    wait_for(lambda: running.ops("unknown", "list"), 30)
    (row,) = running.ops("unknown", "list", "--out-id", "unknown")
    assert (row["phone"], row["outId"]) == (PHONES[0], "unknown")

    by_hand = ["--out-id", "unknown", "--phone", row["phone"], "--as", "delivered", "--yes"]
    assert running.ops("unknown", "settle", *by_hand)["settled"] == 1

    account = running.complete("unknown", 30)
    assert (account["delivered"], account["repeated"]) == (1, 0)
    assert running.ops("unknown", "list") == []
    assert len(running.messages(PHONES[0])) == 3, "one for each campaign, none for the operator"


def test_a_breaker_is_shown_and_closed(impatient: RunningStack, template: str) -> None:
    running = impatient
    locked = {"kind": "status", "status": 401, "times": 1}
    running.post(running.quick_audience, "/_sim/behaviour", locked)
    running.campaign("locked", templateCode=template, phones=PHONES[:1])

    def state() -> str:
        return str(running.ops("breaker", "show")[0]["state"])

    wait_for(lambda: state() == "open", 30)
    assert "401" in running.ops("breaker", "show")[0]["why"]
    assert running.ops("breaker", "close", "quickaudience")["state"] == "closed"
    running.complete("locked", 60)
    assert state() == "closed"
