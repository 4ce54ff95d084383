"""`ops message erase`: number, texts and values are gone from the table, and rows and counts stay."""

import contextlib
import json
import time
from dataclasses import replace
from typing import Any

import pytest
from botocore.client import BaseClient

from chalicelib import aws
from chalicelib.domain import erased_numbers
from chalicelib.store import erasing, files, table, waiting
from chalicelib.store.packing import unpack
from ops import erasure
from tests.support.in_process import tencent
from tests.support.in_process.bridge import SIGN, Bridge
from tests.support.in_process.file_campaigns import FileCampaigns
from tests.support.in_process.operator import answer, counts, ops
from tests.support.in_process.sends import A, B, C, D, send, send_unanswered
from tests.support.in_process.settling import parked
from tests.support.in_process.tencent import numbers_refused

ERASE = ("message", "erase", A, "--yes")
FORM = "***********"


def readable(value: Any) -> str:
    """Return an attribute as text, with its packed content unpacked."""
    if isinstance(value, bytes):
        try:
            return json.dumps(unpack(value), ensure_ascii=False)
        except ValueError:
            return value.hex()
    return json.dumps(value, ensure_ascii=False, default=readable)


def traces(*texts: str) -> list[str]:
    """Return the items of the table that contain one of these texts."""
    found = []
    for raw in aws.dynamodb().scan(TableName=table.table_name())["Items"]:
        item = table.unpack(raw)
        text = " ".join(f"{name}={readable(value)}" for name, value in item.items())
        if any(one in text for one in texts):
            found.append(f"{item['pk']} {item['sk']}: {text}")
    return found


def details(bridge: Bridge) -> dict[str, Any]:
    body = {"outId": "task-1", "currentPage": 1, "pageSize": 200}
    return bridge.ask("POST", "/sms/sendDetails", body).body


@pytest.fixture
def campaign(local: Bridge) -> Bridge:
    """A campaign that is over: A and B in a call of their own, C and D in one together, and a reply of A."""
    local.link()
    params = [{"name": name} for name in ("张三丰", "李四", "同", "同")]
    assert local.campaign([A, B, C, D], params, code=local.template()).code == "OK"
    local.pump.run("deliver", hours=1)
    local.deliver_all()
    local.callback(tencent.reply("86" + A, "我的回复", SIGN))
    local.pump.run("settle", "push", hours=2)
    return local


def test_number_texts_and_values_are_gone_from_the_table(campaign: Bridge) -> None:
    assert traces(A)
    assert traces("张三丰")
    assert traces("我的回复")
    erased = answer(*ERASE)
    assert erased == {"phone": A, "messages": 1, "rows": 1, "replies": 1, "parked": 0}
    assert traces(A, "张三丰", "我的回复") == []
    assert answer("message", "find", A) == []
    assert f"Nothing is known about {A}" in ops("message", "find", A).stdout


def test_counts_and_rows_stay_as_they_were(campaign: Bridge) -> None:
    before, listed = answer("campaign", "show", "task-1"), details(campaign)
    rows = answer("campaign", "export", "task-1")
    answer(*ERASE)
    assert answer("campaign", "show", "task-1") == before
    after = details(campaign)
    assert after["totalCount"] == listed["totalCount"]
    for old, new in zip(listed["sendDetailDTOs"], after["sendDetailDTOs"], strict=True):
        if old["phoneNum"] == A:
            assert new == old | {
                "phoneNum": FORM,
                "content": f"【{SIGN}】您好{{1}}, 您的订单已发货",
            }
        else:
            assert new == old
    exported = answer("campaign", "export", "task-1")
    assert exported == [row | ({"phone": FORM} if row["phone"] == A else {}) for row in rows]


def test_others_keep_their_values(campaign: Bridge) -> None:
    answer(*ERASE)
    [row] = answer("message", "find", B)
    assert (row["state"], row["text"]) == ("delivered", f"【{SIGN}】您好李四, 您的订单已发货")


def test_a_shared_call_keeps_its_values_until_all_its_recipients_are_erased(
    campaign: Bridge,
) -> None:
    answer("message", "erase", C, "--yes")
    assert traces(C) == []
    [row] = answer("message", "find", D)
    assert "您好同" in row["text"]
    answer("message", "erase", D, "--yes")
    assert traces(C, D, '"同"') == []
    assert counts()["delivered"] == 4


def test_rows_of_one_person_can_not_be_linked(campaign: Bridge) -> None:
    campaign.clock.advance(hours=1)
    campaign.campaign([A], {"name": "又"}, code="7000", out_id="task-2")
    campaign.pump.run("deliver", hours=1)
    campaign.deliver_all()
    campaign.pump.run("settle", "push", hours=2)
    assert answer(*ERASE)["messages"] == 2
    items = aws.dynamodb().scan(TableName=table.table_name())["Items"]
    phones = [one["pk"]["S"] for one in items if one["pk"]["S"].startswith("PHONE#e")]
    assert len(set(phones)) == 2
    assert all(erased_numbers.is_erased(one.removeprefix("PHONE#")) for one in phones)


def test_erasing_again_finds_nothing(campaign: Bridge) -> None:
    answer(*ERASE)
    assert answer(*ERASE) == {"phone": A, "messages": 0, "rows": 0, "replies": 0, "parked": 0}
    assert "Nothing is kept" in ops(*ERASE).stdout


def test_two_at_once_erase_once(campaign: Bridge) -> None:
    before = answer("campaign", "show", "task-1")
    first, second = erasure.find(A), erasure.find(A)
    assert erasure.erase(first)["messages"] == 1
    assert erasure.erase(second)["messages"] == 0
    assert answer("campaign", "show", "task-1") == before
    items = aws.dynamodb().scan(TableName=table.table_name())["Items"]
    assert sum(one["pk"]["S"].startswith("PHONE#e") for one in items) == 1


@pytest.mark.parametrize("steps", range(1, 7))
def test_another_command_may_come_at_any_step(
    campaign: Bridge, monkeypatch: pytest.MonkeyPatch, steps: int
) -> None:
    before = answer("campaign", "show", "task-1")
    first, second = erasure.find(A), erasure.find(A)
    names = ("begin", "copy", "erase_from_chunk", "erase_from_log", "erase_reply", "finish")
    name = names[steps - 1]
    step: Any = getattr(erasing, name)

    def meanwhile(*arguments: Any) -> Any:
        monkeypatch.setattr(erasing, name, step)
        erasure.erase(second)
        return step(*arguments)

    monkeypatch.setattr(erasing, name, meanwhile)
    erasure.erase(first)
    assert answer("campaign", "show", "task-1") == before
    assert traces(A, "张三丰", "我的回复") == []
    items = aws.dynamodb().scan(TableName=table.table_name())["Items"]
    assert sum(one["pk"]["S"].startswith("PHONE#e") for one in items) == 1


def test_it_asks_first(campaign: Bridge) -> None:
    result = ops(*ERASE[:-1])
    assert result.exit_code == 1
    assert "1 messages under task-1, 1 replies" in result.stderr
    assert traces(A)


def test_it_is_recorded_without_the_number(campaign: Bridge) -> None:
    answer(*ERASE)
    [entry] = answer("audit", "list")
    assert entry["command"] == "message erase"
    assert entry["arguments"] == {"phone": "…1111", "outIds": ["task-1"]}
    assert entry["outcome"]["messages"] == 1
    assert traces(A) == []


def test_its_receipt_and_reply_are_not_queued_again(campaign: Bridge) -> None:
    answer(*ERASE)
    campaign.quick_audience.pushes.clear()
    replayed = answer("receipts", "replay", "--out-id", "task-1", "--all", "--replies")
    assert (replayed["settled"], replayed["queued"], replayed["repliesQueued"]) == (4, 3, 0)
    assert replayed["rowsAdded"] == 0
    campaign.pump.run("push", hours=1)
    assert {one["phoneNum"] for one in campaign.quick_audience.receipts} == {B, C, D}
    assert campaign.quick_audience.replies == []


@pytest.mark.parametrize("hours", [1, 80])
def test_nothing_is_sent_or_reported_afterwards(campaign: Bridge, hours: int) -> None:
    answer(*ERASE)
    sent, receipts = len(campaign.tencent.sent), len(campaign.quick_audience.receipts)
    campaign.clock.advance(hours=hours)
    campaign.pump.sweep()
    campaign.pump.run("deliver", "settle", "push", hours=1)
    assert len(campaign.tencent.sent) == sent
    assert len(campaign.quick_audience.receipts) == receipts
    assert traces(A) == []


def test_the_number_can_be_sent_to_again(campaign: Bridge) -> None:
    answer(*ERASE)
    campaign.clock.advance(hours=13)
    [sms] = send(campaign, A, out_id="task-2")
    assert sms.phone == "86" + A
    assert [row["outId"] for row in answer("message", "find", A)] == ["task-2"]


def test_a_number_in_several_forms(local: Bridge) -> None:
    local.link()
    forms = ["+86 139 0000 1111", A, "0086-13900001111"]
    local.campaign(forms, {"name": "您"}, code=local.template())
    local.pump.run("deliver", hours=1)
    local.deliver_all()
    local.pump.run("settle", "push", hours=1)
    listed = details(local)
    shown = counts()
    assert answer(*ERASE)["rows"] == len(listed["sendDetailDTOs"])
    assert traces(A, "0000 1111", "139 0000") == []
    after = details(local)
    assert [row["phoneNum"] for row in after["sendDetailDTOs"]] == [FORM] * len(
        listed["sendDetailDTOs"]
    )
    assert after["totalCount"] == listed["totalCount"]
    assert counts() == shown


def test_a_halted_campaign_is_under_way_until_it_was_stopped_and_reported(local: Bridge) -> None:
    local.link()
    local.campaign([A, B], [{"name": "张三丰"}, {"name": "李四"}], code=local.template())
    answer("campaign", "pause", "task-1", "--yes")
    local.pump.run("deliver", hours=1)
    assert "is not sent yet" in ops(*ERASE).stderr
    answer("campaign", "stop", "task-1", "--yes")
    local.pump.run("deliver", "push", hours=1)
    assert {one["errCode"] for one in local.quick_audience.receipts} == {"STOPPED"}
    shown = counts()
    assert (shown["failed"], shown["waiting"]) == (2, 0)
    assert answer(*ERASE)["messages"] == 1
    assert traces(A, "张三丰") == []
    assert counts() == shown


def test_a_refused_number(local: Bridge) -> None:
    local.link()
    local.tencent.next("sendmultisms2", numbers_refused({"86" + A: 1016}))
    local.campaign([A, B], {"name": "您"}, code=local.template())
    local.pump.run("deliver", "push", hours=1)
    local.deliver_all()
    local.pump.run("settle", "push", hours=1)
    before = answer("campaign", "show", "task-1")
    assert answer(*ERASE)["messages"] == 1
    assert traces(A) == []
    assert answer("campaign", "show", "task-1") == before


def test_a_number_that_was_refused_for_its_country(local: Bridge) -> None:
    local.configure(ALLOWED_COUNTRIES="86")
    local.link()
    local.campaign([A, "+852 5123 4567"], {"name": "您"}, code=local.template())
    local.pump.run("deliver", "push", hours=1)
    before = answer("campaign", "show", "task-1")
    assert before["failed"] == 1
    assert answer("message", "erase", "+85251234567", "--yes")["messages"] == 1
    assert traces("51234567", "5123 4567") == []
    assert answer("campaign", "show", "task-1") == before


def test_a_send_that_was_settled_by_hand(local: Bridge) -> None:
    local.link()
    send_unanswered(local, A)
    words = ("--out-id", "task-1", "--phone", A, "--as", "failed", "--yes")
    answer("unknown", "settle", *words)
    local.pump.drain("push")
    before = answer("campaign", "show", "task-1")
    answer(*ERASE)
    assert traces(A) == []
    assert answer("campaign", "show", "task-1") == before


def test_parked_events_are_deleted(campaign: Bridge) -> None:
    campaign.callback([tencent.status(campaign.tencent.sent_to("86" + A)[0]) | {"sid": "unknown"}])
    campaign.pump.run("settle", hours=3)
    assert parked()
    assert answer(*ERASE)["parked"] == 1
    assert traces(A) == []


def test_a_status_that_comes_again_is_parked_and_can_be_erased(campaign: Bridge) -> None:
    [sms] = campaign.tencent.sent_to("86" + A)
    answer(*ERASE)
    campaign.callback([tencent.status(sms)])
    campaign.pump.run("settle", hours=3)
    assert traces(A)
    assert answer(*ERASE) == {"phone": A, "messages": 0, "rows": 0, "replies": 0, "parked": 1}
    assert traces(A) == []


def test_numbers_of_a_file(local: Bridge, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its steps of three lines have chunks of their own, and a bad line has a receipt."""
    local.link()
    campaigns = FileCampaigns(local, monkeypatch)
    lines = [f'{phone},{{"name":"{phone}的"}}' for phone in (B, C, D)]
    bad = f'{A} {{"name":"坏行"}} x'
    good = f'{A},{{"name":"好行"}}'
    campaigns.send("\n".join([*lines, good, bad, ""]), local.template())
    local.pump.run(hours=1)
    local.deliver_all()
    local.pump.run(hours=1)
    before, rows = answer("campaign", "show", "task-1"), answer("campaign", "export", "task-1")
    assert answer(*ERASE)["messages"] >= 1
    assert traces(A, "好行", "坏行") == []
    assert answer("campaign", "show", "task-1") == before
    after = answer("campaign", "export", "task-1")
    assert after == [row | ({"phone": FORM} if row["phone"] == A else {}) for row in rows]


# --- under way ----------------------------------------------------------------------------------


def refused() -> str:
    before = len(traces(A))
    result = ops(*ERASE)
    assert result.exit_code == 1
    assert f"{A} can't be erased yet" in result.stderr
    assert len(traces(A)) == before
    return str(result.stderr)


def test_who_waits_to_be_sent_to_is_not_erased(local: Bridge) -> None:
    local.link()
    local.campaign([A, B], {"name": "您"}, code=local.template())
    assert "a message under task-1 is not sent yet" in refused()


def test_who_waits_for_a_receipt_is_not_erased(local: Bridge) -> None:
    local.link()
    send(local, A)
    assert "a message under task-1 has no receipt yet" in refused()


def test_an_unknown_outcome_is_not_erased(local: Bridge) -> None:
    local.link()
    send_unanswered(local, A)
    assert "a message under task-1 has no receipt yet" in refused()


def test_who_has_a_receipt_on_its_way_is_not_erased(local: Bridge) -> None:
    local.link()
    send(local, A)
    local.deliver_all()
    local.pump.drain("settle")
    assert "a receipt under task-1 is not pushed yet" in refused()
    local.pump.drain("push")
    answer(*ERASE)


def test_a_receipt_that_was_given_up_does_not_keep_the_number(local: Bridge) -> None:
    local.logs_are_complete = True
    local.link()
    send(local, A)
    local.deliver_all()
    local.pump.drain("settle")
    local.clock.advance(hours=97)
    answer(*ERASE)
    assert traces(A) == []


def test_receipts_that_are_polled_need_no_push(local: Bridge) -> None:
    environment = json.loads((local_state(local)).read_text())
    environment["environment"]["QA_RECEIPTS"] = "poll"
    local_state(local).write_text(json.dumps(environment))
    local.configure(QA_RECEIPTS="poll")
    local.link()
    send(local, A)
    local.deliver_all()
    local.pump.drain("settle")
    answer(*ERASE)
    assert details(local)["totalCount"] == 1


def local_state(bridge: Bridge) -> Any:
    from pathlib import Path

    return Path(bridge.state, "stack.json")


def test_a_file_that_is_still_read_keeps_the_number(
    local: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    local.link()
    campaigns = FileCampaigns(local, monkeypatch)
    text = "\n".join(f'{phone},{{"name":"您"}}' for phone in (A, B, C, D))
    request = campaigns.send(text, local.template())
    local.pump.run(hours=1)
    local.deliver_all()
    local.pump.run(hours=1)
    files.save(replace(campaigns.file(request), state="reading"))
    assert "the file of task-1 is not read to its end" in refused()


def test_what_waits_in_the_table_is_not_erased(campaign: Bridge) -> None:
    waiting.put_until(int(time.time()) + 900, "receipts", [json.dumps({"phoneNum": A})])
    assert "waits in the table" in refused()


def test_a_text_that_is_no_number_is_refused(local: Bridge) -> None:
    result = ops("message", "erase", "139", "--yes")
    assert result.exit_code == 1
    assert "is not a phone number" in result.stderr


# --- crashes ------------------------------------------------------------------------------------


class Killed(BaseException):
    pass


def test_erasing_is_finished_after_a_crash_at_every_write(
    campaign: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After each crash, the campaign has its counts; the next command finishes the work."""
    call: Any = BaseClient._make_api_call  # type: ignore[attr-defined]
    before = answer("campaign", "show", "task-1")
    shown = details(campaign)["totalCount"]
    left = 0

    def make_api_call(client: Any, operation: str, params: dict[str, Any]) -> Any:
        nonlocal left
        answered = call(client, operation, params)
        if operation not in ("Query", "GetItem", "BatchGetItem", "GetCallerIdentity"):
            left -= 1
            if left == 0:
                raise Killed
        return answered

    monkeypatch.setattr(BaseClient, "_make_api_call", make_api_call)
    for point in range(1, 100):
        found = erasure.find(A)
        if not found:
            break
        left = point
        with contextlib.suppress(Killed):
            erasure.erase(found)
        left = -1
        assert answer("campaign", "show", "task-1") == before, point
        assert details(campaign)["totalCount"] == shown, point
    else:
        pytest.fail("never finished")
    assert traces(A, "张三丰", "我的回复") == []
    items = aws.dynamodb().scan(TableName=table.table_name())["Items"]
    assert sum(one["pk"]["S"].startswith("PHONE#e") for one in items) == 1
