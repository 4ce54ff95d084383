"""What a refresh of a campaign's page reads, for a million recipients; and the timeline that it shows."""

import time
from collections import Counter

import pytest

from chalicelib.domain.chunks import SendSums
from chalicelib.domain.periods import RETENTION_SECONDS
from chalicelib.domain.tally import PERIOD_SECONDS
from chalicelib.store import breakers, send_chain, table
from chalicelib.store.send_chain import Sample
from ops import campaign, timelines
from tests.support.console import Visitor
from tests.support.in_process.bridge import Bridge
from tests.support.in_process.meter import Meter
from tests.support.in_process.sends import A

SLOTS = 500


@pytest.fixture
def large(local: Bridge) -> Bridge:
    """A campaign of a million, of which half was sent, within two hours."""
    local.link()
    local.campaign([A], {"name": "您"}, code=local.template())
    local.logs_are_complete = False
    [request] = campaign.accepted("task-1")
    item = table.get("OUT#task-1", f"REQUEST#{request.biz_id}")
    assert item
    table.put(item | {"recipients": 1_000_000})
    began = int(time.time())
    for number in range(SLOTS):
        at = began + number * 7200 // SLOTS
        sums = [(number + 1) * 1000, 0, (number + 1) * 1000]
        slot = {"attempts": b"", "sums": sums, "expires": at + RETENTION_SECONDS}
        table.put(table.key("OUT#task-1", f"SENT#{request.biz_id}#{number:08d}") | slot)
    local.clock.advance(hours=2)
    return local


def test_a_refresh_costs_thirty_read_units_at_most(large: Bridge, visitor: Visitor) -> None:
    meter = Meter()
    large.outside.observers.append(meter)
    with large.outside.watched():
        # Of the navigation, what it reads from the table.
        breakers.all_open()
        for part in ("account", "timeline"):
            answer = visitor.part("campaign", part, "?outId=task-1")
            assert answer.status == 200
    assert "500,000" in visitor.part("campaign", "account", "?outId=task-1").text
    assert 0 < meter.reads <= 30, meter.calls


@pytest.mark.parametrize("state", ["sending", "done"])
def test_ten_requests_cost_thirty_read_units_at_most(
    local: Bridge, visitor: Visitor, state: str
) -> None:
    """A million recipients in lists of 100,000, as Quick Audience sends them without a file."""
    local.link()
    code = local.template()
    for number in range(10):
        phones = [f"139{number:04d}{one:04d}" for one in range(3)]
        local.campaign(phones, {"name": str(number)}, code=code)
    if state == "done":
        local.pump.run(hours=1)
        local.deliver_all()
        local.pump.run(hours=1)
    meter = Meter()
    local.outside.observers.append(meter)
    with local.outside.watched():
        breakers.all_open(consistent=False)
        for part in ("account", "timeline"):
            assert visitor.part("campaign", part, "?outId=task-1").status == 200
    account = campaign.show("task-1", from_sums=True)
    assert (account["requests"], account["state"]) == (10, state)
    assert account["recipients"] == 30
    exact = campaign.show("task-1", exact=True)
    assert {name: account[name] for name in exact if name != "counted"} == {
        name: exact[name] for name in exact if name != "counted"
    }
    assert 0 < meter.reads <= 30, meter.calls


def test_the_sends_of_a_large_campaign_are_spread_over_their_time(large: Bridge) -> None:
    timeline = timelines.of(campaign.accepted("task-1"))
    assert sum(column.sent for column in timeline.columns) == 500_000
    assert timeline.seconds == PERIOD_SECONDS
    assert len(timeline.columns) == 24
    assert all(column.sent > 0 for column in timeline.columns)
    assert max(column.sent for column in timeline.columns) < 50_000


def test_a_chain_is_sampled_with_its_newest_slot(large: Bridge) -> None:
    [request] = campaign.accepted("task-1")
    found = send_chain.sampled("task-1", request.biz_id, 8)
    assert len(found) == 8
    assert found == sorted(found)
    assert (found[0].number, found[-1].number) == (0, SLOTS - 1)
    assert found[-1].sums.sent == 500_000
    assert send_chain.sampled("task-1", "none", 8) == []


def test_a_pause_between_neighbouring_slots_is_seen() -> None:
    sent = Counter[int]()
    samples = [Sample(0, 0, SendSums(10)), Sample(1, 9000, SendSums(25))]
    timelines._add_sends(sent, samples)
    assert +sent == {0: 10, 30: 15}


def test_a_newest_slot_alone_is_spread_since_the_request_was_accepted() -> None:
    sent = Counter[int]()
    timelines._add_sends(sent, [Sample(9, 900, SendSums(40))], accepted_at=0)
    assert +sent == {0: 10, 1: 10, 2: 10, 3: 10}


def test_a_campaign_that_was_not_sent_yet_has_no_timeline(local: Bridge, visitor: Visitor) -> None:
    local.link()
    local.campaign([A], {"name": "您"}, code=local.template())
    assert timelines.of(campaign.accepted("task-1")).columns == []
    assert "还没有发送" in visitor.part("campaign", "timeline", "?outId=task-1").text
