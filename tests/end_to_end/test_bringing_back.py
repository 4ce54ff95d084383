"""What failed for good, and what an operator's commands make of it: on the whole stack, with real queues."""

import os
from collections.abc import Iterator

import pytest
import requests

from local.ports import free_port
from local.stack import Stack
from tests.support.local_stack.running_stack import SIGN, SIGN_ID, Bench, for_ci
from tests.support.waiting import wait_for

pytestmark = for_ci

PHONES = ["13600007001", "13600007002", "13600007003"]


@pytest.fixture(scope="module")
def impatient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """A stack whose receipts are dead letters after a single try, rather than after 72 hours."""
    state = tmp_path_factory.mktemp("impatient")
    environ = {"PATH": os.environ["PATH"]}
    with Stack(port=free_port(), state=state, environ=environ, receives={"receipts": 1}) as stack:
        bench = Bench(stack)
        bench.ops("sign", "link", SIGN, SIGN_ID)
        yield bench


@pytest.fixture(scope="module")
def template(impatient: Bench) -> str:
    return impatient.template("您的包裹已经到达，请及时领取。")


def dead(bench: Bench) -> list[dict[str, object]]:
    found: list[dict[str, object]] = bench.ops("deadletters", "list")["messages"]
    return found


def entries(bench: Bench) -> int:
    return sum(int(str(one["entries"])) for one in dead(bench))


def test_dead_receipts_are_listed_as_often_as_one_likes_and_told_once_they_are_replayed(
    impatient: Bench, template: str
) -> None:
    bench = impatient
    bench.post(bench.quick_audience, "/_sim/behaviour", {"kind": "status", "status": 500})
    bench.campaign("dead", templateCode=template, phones=PHONES)
    wait_for(lambda: entries(bench) == 3, 60, lambda: dead(bench))
    assert {one["outId"] for one in dead(bench)} == {"dead"}
    assert entries(bench) == 3
    requests.delete(bench.quick_audience + "/_sim/behaviour", timeout=10).raise_for_status()

    none = bench.ops("deadletters", "replay", "--out-id", "another")
    assert sum(row["replayed"] for row in none) == 0
    rows = bench.ops("deadletters", "replay", "--queue", "receipts", "--out-id", "dead")

    assert [row["queue"] for row in rows] == ["receipts"]
    account = bench.complete("dead", 30)
    assert (account["told"], account["contradictory"], account["repeated"]) == (3, 0, 0)
    assert dead(bench) == []
    wait_for(lambda: bench.ops("campaign", "show", "dead")["pushed"] == 3, 10)


def test_receipts_are_told_again(impatient: Bench, template: str) -> None:
    bench = impatient
    bench.campaign("again", templateCode=template, phones=PHONES)
    bench.complete("again", 30)
    wait_for(lambda: bench.ops("campaign", "show", "again")["pushed"] == 3, 10)

    assert bench.ops("receipts", "replay", "--out-id", "again")["queued"] == 0
    assert bench.ops("receipts", "replay", "--out-id", "again", "--all")["queued"] == 3

    wait_for(lambda: bench.account("again")["repeated"] == 3, 30)
    assert bench.account("again")["contradictory"] == 0


def test_an_outcome_that_nobody_tells_is_settled_by_hand(impatient: Bench, template: str) -> None:
    bench = impatient
    lost = {"faults": [{"answer": "reset", "accept": True, "times": 1}], "drop_receipts": 1}
    bench.post(bench.tencent, "/_sim/behaviour", lost)
    bench.campaign("unknown", templateCode=template, phones=PHONES[:1])
    wait_for(lambda: bench.ops("unknown", "list"), 30)
    (row,) = bench.ops("unknown", "list", "--out-id", "unknown")
    assert (row["phone"], row["outId"]) == (PHONES[0], "unknown")

    by_hand = ["--out-id", "unknown", "--phone", row["phone"], "--as", "delivered", "--yes"]
    assert bench.ops("unknown", "settle", *by_hand)["settled"] == 1

    account = bench.complete("unknown", 30)
    assert (account["delivered"], account["repeated"]) == (1, 0)
    assert bench.ops("unknown", "list") == []
    assert len(bench.messages(PHONES[0])) == 3, "one for each campaign, none for the operator"


def test_a_breaker_is_shown_and_closed(impatient: Bench, template: str) -> None:
    bench = impatient
    locked = {"kind": "status", "status": 401, "times": 1}
    bench.post(bench.quick_audience, "/_sim/behaviour", locked)
    bench.campaign("locked", templateCode=template, phones=PHONES[:1])

    def state() -> str:
        return str(bench.ops("breaker", "show")[0]["state"])

    wait_for(lambda: state() == "open", 30)
    assert "401" in bench.ops("breaker", "show")[0]["why"]
    assert bench.ops("breaker", "close", "quickaudience")["state"] == "closed"
    bench.complete("locked", 60)
    assert state() == "closed"
