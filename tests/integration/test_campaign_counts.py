"""`campaign show` and `campaign list`: the stored sums agree with a count of all items, and cost little to read."""

import random
import time
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

import app
from bench.item_size import size
from chalicelib import dates
from chalicelib.domain.tally import Tally
from chalicelib.store import (
    breakers,
    campaign_list,
    files,
    final_state_log,
    messages,
    refused_pushes,
    send_chain,
    table,
)
from chalicelib.store.files import File
from chalicelib.store.refused_pushes import RefusedPush
from ops import campaign, campaign_days, not_taken
from tests.support.adopting import ADOPT_AFTER_SECONDS
from tests.support.in_process import tencent, web
from tests.support.in_process.bridge import SIGN, Bridge
from tests.support.in_process.campaign_counts import check_counts
from tests.support.in_process.events import Context
from tests.support.in_process.file_campaigns import FileCampaigns
from tests.support.in_process.final_state_logs import stored_items
from tests.support.in_process.meter import Meter
from tests.support.in_process.operator import answer, ops
from tests.support.in_process.outside import Fault
from tests.support.in_process.sends import A, B, C, D
from tests.support.in_process.snapshot import snapshot
from tests.support.in_process.sweeping import pass_72_hours
from tests.support.in_process.tencent import lost, refused

PHONES = [f"139{number:08d}" for number in range(1000)]


@pytest.fixture
def meter(linked: Bridge) -> Meter:
    meter = Meter()
    linked.outside.observers.append(meter)
    return meter


def today() -> date:
    return date.fromisoformat(dates.to_beijing(time.time())[:10])


# --- exactness -----------------------------------------------------------------------------------


def test_segments_are_those_that_tencent_bills(linked: Bridge) -> None:
    code = linked.template("您好${name}")
    linked.tencent.fees["86" + B] = 2
    linked.campaign([A, B], {"name": "您"}, code=code)
    linked.pump.drain("deliver")
    billed = check_counts("task-1")["segments"]
    assert billed == sum(message.fee for message in stored(linked)) == 3


def stored(bridge: Bridge) -> list[Any]:
    return [one for sms in bridge.tencent.sent for one in messages.of_phone(sms.phone)]


def test_an_unknown_send_that_a_status_adopts_is_sent_and_not_priced(linked: Bridge) -> None:
    linked.tencent.next("86" + A, lost(web.read_timeout, sent=True))
    linked.campaign([A], {"name": "您"}, code=linked.template())
    linked.pump.drain("deliver")
    shown = check_counts("task-1")
    assert (shown["unknown"], shown["sent"], shown["segments"]) == (1, 0, 0)
    linked.clock.advance(seconds=ADOPT_AFTER_SECONDS + 1)
    linked.deliver_all()
    linked.pump.run("settle", "push", hours=1)
    shown = check_counts("task-1")
    assert (shown["unknown"], shown["sent"], shown["delivered"]) == (0, 1, 1)
    assert (shown["segments"], shown["unpriced"]) == (0, 1)
    assert shown["state"] == "done"


def test_a_status_before_the_slot_of_its_send_is_no_contradiction(linked: Bridge) -> None:
    """The function that sent has not ended yet."""
    linked.campaign([A, B], {"name": "您"}, code=linked.template())
    linked.pump.drain("deliver")
    [slot] = [one for one in table.query("OUT#task-1") if str(one["sk"]).startswith("SENT#")]
    table.delete(slot["pk"], slot["sk"])
    shown = campaign.show("task-1")
    assert (shown["unsent"], shown["sent"], shown["unreported"]) == (2, 0, 0)
    linked.callback([tencent.status(linked.tencent.sent[0])])
    linked.pump.drain("settle")
    shown = campaign.show("task-1")
    assert (shown["unsent"], shown["sent"], shown["delivered"]) == (1, 1, 1)
    assert shown["recipients"] == 2
    table.put(slot)
    check_counts("task-1")


def test_the_sweep_appends_an_attempt_that_nobody_appended(linked: Bridge) -> None:
    linked.campaign([A, B], {"name": "您"}, code=linked.template())
    linked.pump.drain("deliver")
    [slot] = [one for one in table.query("OUT#task-1") if str(one["sk"]).startswith("SENT#")]
    table.delete(slot["pk"], slot["sk"])
    pass_72_hours(linked)
    linked.pump.sweep()
    linked.pump.run("push", hours=1)
    shown = check_counts("task-1")
    assert (shown["sent"], shown["failed"], shown["segments"]) == (2, 2, 2)


def puts(bridge: Bridge) -> list[int]:
    """Return at which calls of the next invocation of `deliver` it writes the claim, the result and the slot."""
    restore = snapshot(bridge)
    calls = bridge.pump.watch("deliver")
    restore()
    found = [at for at, name in enumerate(calls) if name == "dynamodb PutItem"]
    assert len(found) == 3
    return found


@pytest.mark.parametrize("how", ["killed before", "killed after", "failed before", "failed after"])
def test_what_a_function_sent_that_died_before_its_slot_is_appended_by_the_next(
    linked: Bridge, how: Fault
) -> None:
    linked.campaign([A, B], {"name": "您"}, code=linked.template())
    slot = puts(linked)[-1]
    linked.pump.watch("deliver", slot, how)
    linked.pump.run("deliver", hours=1)
    assert check_counts("task-1")["sent"] == 2
    assert not linked.pump.count("sends")


@pytest.mark.parametrize("how", ["killed before", "killed after", "failed before", "failed after"])
def test_the_attempts_of_a_function_that_probed_and_died_are_appended_by_the_next(
    linked: Bridge, how: Fault
) -> None:
    """The invocation made two attempts, the probe and the one after it; only the probe is named in its message."""
    linked.campaign([A, B, C], {"name": "您"}, code=linked.template())
    breakers.trip("tencent-account", "no money", int(time.time()), 1001)
    linked.pump.drain("deliver")
    linked.clock.advance(seconds=61)
    linked.pump.release()
    restore = snapshot(linked)
    calls = linked.pump.watch("deliver")
    restore()
    slot = max(at for at, name in enumerate(calls) if name == "dynamodb PutItem")
    linked.pump.watch("deliver", slot, how)
    linked.pump.run("deliver", hours=1)
    assert [len(call.phones) for call in linked.tencent.send_calls] == [1, 2]
    assert check_counts("task-1")["sent"] == 3


def test_a_send_of_a_dead_function_that_a_status_adopted_counts_once(linked: Bridge) -> None:
    linked.tencent.next("86" + A, lost(web.read_timeout, sent=True))
    linked.campaign([A], {"name": "您"}, code=linked.template())
    result = puts(linked)[1]
    linked.tencent.next("86" + A, lost(web.read_timeout, sent=True))
    linked.pump.watch("deliver", result, "killed before")
    [message] = messages.of_phone("86" + A)
    assert message.unknown
    linked.deliver_all()
    linked.pump.run("settle", "push", hours=1)
    [message] = messages.of_phone("86" + A)
    assert message.adopted
    linked.pump.run("deliver", hours=1)
    shown = check_counts("task-1")
    assert (shown["sent"], shown["unknown"], shown["delivered"]) == (1, 0, 1)


def test_a_message_of_the_queue_that_comes_twice_counts_once(linked: Bridge) -> None:
    linked.campaign([A, B], {"name": "您"}, code=linked.template())
    event = linked.pump.receive("deliver")
    assert event
    for _ in range(2):
        app.deliver(event, Context("deliver"))
    assert check_counts("task-1")["sent"] == 2
    assert send_chain.sums("task-1", biz_id()) == (2, 0, 2)


def biz_id() -> str:
    [request] = campaign.accepted("task-1")
    return request.biz_id


def test_a_file_is_counted_while_it_is_read_and_afterwards(
    linked: Bridge, monkeypatch: pytest.MonkeyPatch, meter: Meter
) -> None:
    campaigns = FileCampaigns(linked, monkeypatch)
    code = linked.template()
    phones = [f"1390000{number:04d}" for number in range(7)]
    lines = [f'{phone},{{"name":"您"}}' for phone in phones]
    campaigns.send("\n".join([*lines, "没有号码"]), code)
    [line] = campaign_days.listed(today(), today())
    assert (line["recipients"], line["state"]) == (0, "sending")
    linked.pump.drain("read")
    assert check_counts("task-1")["unsent"] == 7
    linked.pump.drain("deliver")
    linked.deliver_all()
    linked.pump.run("settle", "push", hours=1)
    shown = check_counts("task-1")
    assert (shown["delivered"], shown["failed"], shown["recipients"]) == (7, 1, 8)
    meter.reads = Decimal(0)
    with linked.outside.watched():
        [line] = campaign_days.listed(today(), today())
    assert (line["delivered"], line["failed"], line["state"]) == (7, 1, "done")
    # The query of the day and the breakers cost one each, for the whole page.
    assert meter.reads <= 2 + 2


# --- older releases ------------------------------------------------------------------------------


def test_a_request_of_an_older_release_is_counted_item_by_item(linked: Bridge) -> None:
    linked.campaign([A, B], {"name": "您"}, code=linked.template())
    linked.pump.drain("deliver")
    request = table.get("OUT#task-1", f"REQUEST#{biz_id()}")
    assert request
    table.put({name: value for name, value in request.items() if name != "listed"})
    shown = campaign.show("task-1")
    assert (shown["counted"], shown["sent"], shown["waiting"]) == ("items", 2, 2)


def test_a_head_that_an_older_release_moved_is_not_relied_upon(linked: Bridge) -> None:
    linked.campaign([A, B, C], {"name": "您"}, code=linked.template())
    linked.pump.drain("deliver")
    linked.callback([tencent.status(linked.tencent.sent[0])])
    linked.pump.drain("settle")
    head = table.get("OUT#task-1", f"DETAILS#{biz_id()}")
    assert head
    del head["tally"]
    table.put(head)
    linked.callback([tencent.status(linked.tencent.sent[1])])
    linked.pump.drain("settle")
    assert final_state_log.head("task-1", biz_id()) == (2, None)
    shown = campaign.show("task-1")
    assert (shown["counted"], shown["delivered"], shown["unreported"]) == ("items", 2, 1)
    [line] = campaign_days.listed(today(), today())
    assert (line["delivered"], line["waiting"], line["state"]) == (2, 1, "waiting")
    linked.logs_are_complete = False


def test_a_message_that_an_older_release_sent_makes_everything_be_counted(linked: Bridge) -> None:
    linked.campaign([A], {"name": "您"}, code=linked.template())
    linked.pump.drain("deliver")
    [message] = table.query("PHONE#86" + A)
    del message["fee"]
    table.put(message)
    linked.deliver_all()
    linked.pump.drain("settle", "push")
    shown = campaign.show("task-1")
    assert (shown["counted"], shown["delivered"], shown["unpriced"]) == ("items", 1, 1)
    linked.logs_are_complete = False


def test_pushes_that_an_older_release_recorded_are_counted(linked: Bridge) -> None:
    linked.campaign([A, B, C], {"name": "您"}, code=linked.template())
    linked.pump.drain("deliver")
    linked.deliver_all()
    linked.pump.drain("settle", "push")
    assert check_counts("task-1")["pushed"] == 3
    older = {"positions": "1,7", "expires": int(time.time()) + 3600}
    table.put(table.key("OUT#task-1", f"PUSHED#{biz_id()}#{'0' * 16}") | older)
    shown = campaign.show("task-1")
    assert (shown["counted"], shown["pushed"], shown["delivered"]) == ("items", 4, 3)


def test_replies_that_an_older_release_stored_are_counted(linked: Bridge) -> None:
    linked.campaign([A], {"name": "您"}, code=linked.template())
    linked.pump.drain("deliver")
    older = {"phoneNum": A, "content": "T", "by": "x", "arrived": 1, "sendTime": ""}
    table.put(table.key("OUT#task-1", f"REPLY#{'0' * 24}") | older)
    shown = campaign.show("task-1")
    assert (shown["counted"], shown["replies"]) == ("items", 1)
    for day in range(2):
        for _ in range(2):
            linked.clock.advance(seconds=600)
            linked.callback(tencent.reply("86" + A, "好的", SIGN, time=int(time.time())))
            linked.pump.drain("settle", "push")
        shown = campaign.show("task-1")
        assert (shown["counted"], shown["replies"]) == ("items", 1 + 2 * (day + 1))
        linked.clock.advance(hours=24)
    # The oldest replies expire, and with them the counter of the day on which counting began.
    table.delete("OUT#task-1", f"REPLY#{'0' * 24}")
    counters = list(table.query("OUT#task-1", "REPLIES#"))
    assert [one.get("partial") for one in counters] == [True, None]


# --- the list ------------------------------------------------------------------------------------


def test_the_list_has_each_campaign_of_the_days_once_newest_first(local: Bridge) -> None:
    local.link()
    code = local.template()
    for out_id, phones in (("first", [A, B]), ("second", [C]), ("first", [D])):
        local.campaign(phones, {"name": "您"}, code=code, out_id=out_id)
        local.clock.advance(seconds=60)
    local.pump.drain("deliver")
    found = answer("campaign", "list")
    assert [one["outId"] for one in found] == ["first", "second"]
    assert {
        "outId",
        "accepted",
        "sign",
        "templateCode",
        "recipients",
        "delivered",
        "failed",
    } <= set(found[0])
    assert (found[0]["recipients"], found[0]["requests"], found[0]["state"]) == (3, 2, "waiting")
    assert (found[0]["sign"], found[0]["templateCode"]) == (SIGN, code)
    local.clock.advance(hours=24)
    local.campaign([A], {"name": "您"}, code=code, out_id="third")
    assert [one["outId"] for one in answer("campaign", "list")] == ["third"]
    yesterday = date.fromordinal(today().toordinal() - 1).isoformat()
    both = answer("campaign", "list", "--from", yesterday, "--to", today().isoformat())
    assert [one["outId"] for one in both] == ["third", "first", "second"]
    assert [one["outId"] for one in answer("campaign", "list", "--to", yesterday)] == [
        "first",
        "second",
    ]
    assert (
        "--from is after --to"
        in ops("campaign", "list", "--from", today().isoformat(), "--to", yesterday).output
    )
    assert "No campaign was accepted" in ops("campaign", "list", "--from", "2025-01-01").stdout


def test_the_states_of_campaigns(local: Bridge) -> None:
    local.link()
    code = local.template()
    local.campaign([A], {"name": "您"}, code=code, out_id="done")
    local.pump.drain("deliver")
    local.deliver_all()
    local.pump.drain("settle")
    local.campaign([B], {"name": "您"}, code=code, out_id="waiting")
    local.pump.drain("deliver")
    local.campaign([C], {"name": "您"}, code=code, out_id="sending")
    states = {one["outId"]: one["state"] for one in answer("campaign", "list")}
    assert states == {"done": "done", "waiting": "waiting", "sending": "sending"}
    local.tencent.always("send", refused(1031))
    local.pump.drain("deliver")
    states = {one["outId"]: one["state"] for one in answer("campaign", "list")}
    assert states == {"done": "done", "waiting": "waiting", "sending": "held"}
    assert answer("campaign", "show", "sending")["state"] == "held"


# --- cost ----------------------------------------------------------------------------------------


def test_a_request_of_one_recipient_costs_two_write_units_more(
    linked: Bridge, meter: Meter
) -> None:
    code = linked.template()
    linked.restart()
    with linked.outside.watched():
        assert linked.campaign([A], {"name": "您"}, code=code).code == "OK"
        linked.pump.drain("deliver")
        linked.deliver_all()
        linked.pump.drain("settle", "push")
    new = [
        item
        for item in stored_items()
        if item["pk"].startswith("CAMPAIGNS#") or str(item["sk"]).startswith("SENT#")
    ]
    assert len(new) == 2
    for item in stored_items():
        if item["pk"].startswith(("CAMPAIGNS#", "OUT#", "PHONE#")):
            assert units(item) == 1, item


def test_a_reply_is_counted_once_and_costs_three_write_units_more(
    linked: Bridge, meter: Meter
) -> None:
    linked.campaign([A, B], {"name": "您"}, code=linked.template())
    linked.pump.drain("deliver")
    one = tencent.reply("86" + A, "T", SIGN, time=int(time.time()))
    meter.writes = 0
    with linked.outside.watched():
        linked.callback(one)
        linked.pump.drain("settle")
    assert meter.writes == 4
    linked.callback(one)
    linked.callback(tencent.reply("86" + B, "T", SIGN, time=int(time.time())))
    linked.pump.drain("settle", "push")
    assert check_counts("task-1")["replies"] == 2
    assert len(linked.quick_audience.replies) == 2
    # None of them failed, to be tried again.
    assert not linked.pump.count("callbacks")


@pytest.mark.parametrize("personalised", [False, True])
def test_a_thousand_recipients_cost_ten_write_units_more_at_most(
    linked: Bridge, meter: Meter, personalised: bool
) -> None:
    code = linked.template()
    linked.restart()
    params: Any = [{"name": phone} for phone in PHONES] if personalised else {"name": "您"}
    with linked.outside.watched():
        assert linked.campaign(PHONES, params, code=code).code == "OK"
        while linked.pump.invoke_once("deliver", batch=5):
            pass
        for first in range(0, len(PHONES), 100):
            linked.callback(tencent.statuses(linked.tencent.sent[first : first + 100]))
        linked.pump.drain("settle", "push")
    found = list(stored_items())
    more = sum(
        units(item)
        for item in found
        if item["pk"].startswith("CAMPAIGNS#") or str(item["sk"]).startswith("SENT#")
    )
    # What the tallies make of items that were there before.
    for item in found:
        kept = {name: value for name, value in item.items() if name not in KEPT}
        more += units(item) - units(kept)
    assert more <= 10
    check_counts("task-1")
    meter.reads = Decimal(0)
    with linked.outside.watched():
        shown = campaign.show("task-1")
    assert (shown["delivered"], shown["segments"], shown["pushed"]) == (1000, 1000, 1000)
    assert meter.reads <= 10


def record_refused_pushes(count: int) -> None:
    """Record pushes of a hundred receipts each, and of a reply each, that were refused."""
    draw = random.Random("positions")
    for number in range(count):
        receipts = RefusedPush(
            out_id="task-1",
            kind="details",
            name=f"{number:036d}",
            positions={biz_id(): sorted(draw.sample(range(1_000_000), 100))},
            others=0,
            answer="HTTP 200, code isv.INVALID_PARAMETERS: 收件人不存在",
            tries=7,
            tried_at=int(time.time()),
            next_try=int(time.time()) + 60,
            place="queue",
        )
        reply = replace(receipts, kind="reply", positions={}, others=1)
        refused_pushes.record([receipts, reply])


KEPT = {"delta", "tally", "fee", "adopted", "listed", "sent"}


def test_showing_a_million_recipients_costs_thirty_read_units(linked: Bridge, meter: Meter) -> None:
    """In the most expensive state: full tallies, counters of replies for each day, and more refused than is counted.

    That costs ten read units, beside the receipts and replies that are not taken.
    """
    linked.campaign([A], {"name": "您"}, code=linked.template())
    linked.pump.drain("deliver")
    pk, expires = "OUT#task-1", int(time.time()) + 3600
    request = table.get(pk, f"REQUEST#{biz_id()}")
    assert request
    table.put(request | {"recipients": 1_000_000})
    file = File(
        out_id="task-1",
        biz_id=biz_id(),
        url="https://oss/a.txt",
        digest="d",
        expires=expires,
        position=1_000_000,
    )
    files.record(replace(file, state="done", bad=tuple((n, "手机号格式错误") for n in range(100))))
    full = Tally()
    for number in range(20):
        failed = Tally()
        failed.failed = 30_000
        failed.reasons[f"MK:{number:04d}"] = 30_000, "用户关机, 或不在服务区" * 2
        failed.periods[5_908_056 + number] = 0, 30_000
        full.add(failed, 900)
    head = {"rows": 600_000, "tally": full.encode(), "expires": expires}
    table.put(table.key(pk, f"DETAILS#{biz_id()}") | head)
    positions = ",".join(str(999_900 + at) for at in range(100))
    slot = {"positions": positions, "total": 600_000, "saved": 5_500, "expires": expires}
    table.put(table.key(pk, f"PUSHED#{biz_id()}#!00005999") | slot)
    for day in range(34):
        counter = {"count": 300, "expires": expires}
        table.put(table.key(pk, f"REPLIES#2026-01-{day:02d}") | counter)
    for day in range(20):
        slot = {"positions": positions, "total": 500_000, "expires": expires}
        table.put(table.key(pk, f"PUSHED#{biz_id()}#!000050{day:02d}") | slot)
    record_refused_pushes(150)
    linked.logs_are_complete = False
    with linked.outside.watched():
        shown = campaign.show("task-1")
    assert (shown["recipients"], shown["failed"]) == (1_000_000, 600_000)
    assert (shown["pushed"], shown["replies"]) == (600_000, 10_200)
    assert shown["notTaken"]["atLeast"]
    assert shown["repliesNotTaken"]["atLeast"]
    refused = Meter()
    linked.outside.observers[:] = [refused]
    with linked.outside.watched():
        not_taken.of_campaign("task-1")
        not_taken.of_campaign("task-1", "reply")
    assert refused.reads <= 7
    assert meter.reads - refused.reads <= 10


def test_a_page_of_the_list_costs_two_read_units_a_campaign(linked: Bridge, meter: Meter) -> None:
    code = linked.template()
    for number in range(60):
        linked.campaign([A], {"name": str(number)}, code=code, out_id=f"task-{number}")
        linked.clock.advance(seconds=1)
    linked.pump.drain("deliver")
    first = campaign_list.page(today().isoformat())
    second = campaign_list.page(today().isoformat(), first.before)
    assert (len(first.requests), len(second.requests), second.before) == (50, 10, "")
    out_ids = [one.out_id for one in (*first.requests, *second.requests)]
    assert out_ids == [f"task-{number}" for number in range(59, -1, -1)]
    meter.reads = Decimal(0)
    with linked.outside.watched():
        found = list(campaign_days.listed(today(), today()))
    assert [one["outId"] for one in found] == out_ids
    assert {one["state"] for one in found} == {"waiting"}
    assert meter.reads <= 2 * 60


def units(item: table.Item) -> int:
    return max(1, -(-size(table.pack(item)) // 1024))
