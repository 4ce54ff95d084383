"""`ops receipts replay`: receipts of settled messages are pushed again, and nothing else."""

from typing import Any

import pytest

from chalicelib.store import final_state_log, messages
from tests.support.in_process import tencent
from tests.support.in_process.bridge import SIGN, Bridge
from tests.support.in_process.operator import answer, ops
from tests.support.in_process.sends import A, B, C, D, send
from tests.support.in_process.tencent import numbers_refused

INVALID = "1391111****"
E = "13900005555"
NEVER = {"settled": 0, "pushed": 0, "queued": 0, "rowsAdded": 0, "repliesQueued": 0}


def replayed(*arguments: str, out_id: str = "task-1") -> dict[str, int]:
    found = answer("receipts", "replay", "--out-id", out_id, *arguments)
    return {name: found[name] for name in NEVER if found[name]}


@pytest.fixture
def campaign(local: Bridge) -> Bridge:
    """A was delivered, B failed, Tencent refused C, D waits, E lacks a variable, and INVALID is no number."""
    local.link()
    local.tencent.next("sendmultisms2", numbers_refused({"86" + C: 1016}))
    params = [{"name": "您"}] * 4 + [{}, {"name": "您"}]
    local.campaign([A, B, C, D, E, INVALID], params, code=local.template())
    local.pump.drain("deliver")
    a, b = (local.tencent.sent_to("86" + phone)[0] for phone in (A, B))
    local.callback([tencent.status(a), tencent.status(b, "FAIL")])
    local.pump.drain("settle")
    return local


def lose(bridge: Bridge) -> None:
    """Lose everything that is queued for Quick Audience."""
    while event := bridge.pump.receive("push"):
        bridge.pump._delete("receipts", event)


def newly_pushed(bridge: Bridge) -> list[tuple[str, int, str]]:
    """Push all receipts, and return those accepted since the last call."""
    bridge.quick_audience.pushes.clear()
    bridge.pump.drain("push")
    return sorted(
        (one["phoneNum"], one["sendStatus"], one["errCode"])
        for one in bridge.quick_audience.receipts
    )


SETTLED = sorted(
    [
        (A, 2, "DELIVERED"),
        (B, 1, "MK:0001"),
        (C, 1, "isv.MOBILE_NUMBER_ILLEGAL"),
        (E, 1, "isv.TEMPLATE_MISSING_PARAMETERS"),
        (INVALID, 1, "isv.MOBILE_NUMBER_ILLEGAL"),
    ]
)


def test_lost_receipts_of_all_recipients_are_replayed(campaign: Bridge) -> None:
    lose(campaign)
    assert replayed("--dry-run") == {"settled": 5, "queued": 5}
    assert newly_pushed(campaign) == []
    assert replayed() == {"settled": 5, "queued": 5}
    assert newly_pushed(campaign) == SETTLED
    assert replayed() == {"settled": 5, "pushed": 5}
    assert campaign.pump.count("receipts") == 0


def test_receipts_that_were_not_accepted_are_replayed_without_the_others(campaign: Bridge) -> None:
    campaign.pump.invoke_once("push", batch=1)
    accepted = {one["phoneNum"] for one in campaign.quick_audience.receipts}
    lose(campaign)
    assert 0 < len(accepted) < 5
    found = replayed()
    assert found == {"settled": 5, "pushed": len(accepted), "queued": 5 - len(accepted)}
    assert newly_pushed(campaign) == [one for one in SETTLED if one[0] not in accepted]


def test_the_output_for_people_states_that_receipts_are_queued(campaign: Bridge) -> None:
    lose(campaign)
    dry = ops("receipts", "replay", "--out-id", "task-1", "--dry-run").stdout
    assert "Would be queued again" in dry
    shown = ops("receipts", "replay", "--out-id", "task-1").stdout
    assert "Queued again" in shown
    assert "receipts queued" in shown
    assert "told" not in shown + ops("receipts", "replay", "--help").stdout


def test_with_all_every_receipt_is_replayed(campaign: Bridge) -> None:
    campaign.pump.drain("push")
    assert replayed("--all") == {"settled": 5, "pushed": 5, "queued": 5}
    assert newly_pushed(campaign) == SETTLED


@pytest.mark.parametrize("written", [A, "+86" + A])
def test_the_receipt_of_one_recipient_is_replayed(campaign: Bridge, written: str) -> None:
    campaign.pump.drain("push")
    assert replayed("--phone", written, "--all") == {"settled": 1, "pushed": 1, "queued": 1}
    assert newly_pushed(campaign) == [(A, 2, "DELIVERED")]
    assert replayed("--phone", D, "--all") == {}


def test_the_receipts_of_one_request_are_replayed(campaign: Bridge) -> None:
    other = campaign.campaign([D], {"name": "再"}, code="7000")
    campaign.pump.drain("deliver")
    campaign.deliver_all()
    campaign.pump.drain("settle", "push")
    found = replayed("--biz-id", other["bizId"], "--all")
    assert found == {"settled": 1, "pushed": 1, "queued": 1}
    assert answer("receipts", "replay", "--out-id", "task-1", "--dry-run")["requests"] == 2


def test_a_large_campaign_is_replayed_in_full_calls(local: Bridge) -> None:
    local.link()
    sent = send(local, *(f"139{number:08d}" for number in range(450)))
    events = tencent.statuses(sent)
    for first in range(0, len(events), 100):
        local.callback(events[first : first + 100])
    local.pump.drain("settle")
    lose(local)
    assert replayed() == {"settled": 450, "queued": 450}
    assert len(newly_pushed(local)) == 450
    assert {len(push.entries) for push in local.quick_audience.pushes} <= {50, 100}


def test_replies_are_replayed_only_on_request(campaign: Bridge) -> None:
    for phone, text in ((A, "一"), (B, "二")):
        campaign.callback(tencent.reply("86" + phone, text, SIGN))
    campaign.pump.drain("settle", "push")
    assert replayed("--replies", "--dry-run") == {"settled": 5, "pushed": 5, "repliesQueued": 2}
    campaign.quick_audience.pushes.clear()
    replayed()
    campaign.pump.drain("push")
    assert campaign.quick_audience.replies == []
    assert replayed("--replies")["repliesQueued"] == 2
    campaign.pump.drain("push")
    assert {(one["phoneNum"], one["content"]) for one in campaign.quick_audience.replies} == {
        (A, "一"),
        (B, "二"),
    }
    assert replayed("--replies", "--phone", B)["repliesQueued"] == 1


def test_in_poll_mode_nothing_is_replayed(campaign: Bridge) -> None:
    lose(campaign)
    campaign.configure(QA_RECEIPTS="poll")
    result = ops("receipts", "replay", "--out-id", "task-1", "--all")
    assert result.exit_code == 0
    assert "QA_RECEIPTS=poll" in result.stderr
    assert campaign.pump.count("receipts") == 0


def test_rows_that_a_dead_function_did_not_add_to_the_log_are_added_once(
    local: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    local.link()
    sent = send(local, *(f"139{number:08d}" for number in range(150)))
    with monkeypatch.context() as dying:
        dying.setattr("chalicelib.delivery.final_states.report", lambda settled: None)
        local.callback(tencent.statuses(sent))
        local.pump.drain("settle")
    assert final_state_log.counts("task-1") == {}
    assert replayed("--dry-run")["rowsAdded"] == 150
    assert final_state_log.counts("task-1") == {}
    assert replayed()["rowsAdded"] == 150
    body = {"outId": "task-1", "currentPage": 1, "pageSize": 200}
    answered = local.ask("POST", "/sms/sendDetails", body)
    assert answered["totalCount"] == 150
    assert len({one["phoneNum"] for one in answered["sendDetailDTOs"]}) == 150
    assert "rowsAdded" not in replayed()


def test_a_recipient_who_is_settled_meanwhile_has_one_row(
    campaign: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    """D's status is settled after the list was read and before D is read."""
    settled_of_chunk = messages.settled_of_chunk

    def late(*arguments: Any) -> Any:
        campaign.callback([tencent.status(campaign.tencent.sent_to("86" + D)[0])])
        campaign.pump.drain("settle")
        return settled_of_chunk(*arguments)

    monkeypatch.setattr(messages, "settled_of_chunk", late)
    assert ops("receipts", "replay", "--out-id", "task-1").exit_code == 0
    assert set(newly_pushed(campaign)) == {*SETTLED, (D, 2, "DELIVERED")}
    assert sum(final_state_log.counts("task-1").values()) == 6


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--out-id", "unknown"], "unknown"),
        (["--out-id", "task-1", "--biz-id", "none"], "bizId none"),
        (["--out-id", "task-1", "--phone", "hello"], "hello is not a phone number"),
        (["--out-id", "task-1", "--biz-id", "BIZ", "--replies"], "leave out --biz-id"),
    ],
)
def test_an_invalid_choice_of_receipts_is_an_error(
    campaign: Bridge, arguments: list[str], said: str
) -> None:
    biz_id = next(iter(final_state_log.counts("task-1")))
    result = ops("receipts", "replay", *(biz_id if one == "BIZ" else one for one in arguments))
    assert result.exit_code == 1
    assert said in result.output
    assert "Traceback" not in result.output
