"""`ops unknown`: listing sends of unknown outcome, and settling them by hand while other work may settle them."""

import pytest

from chalicelib.queues import sending
from chalicelib.store import messages
from tests.support.in_process import tencent, web
from tests.support.in_process.bridge import Bridge
from tests.support.in_process.operator import answer, counts, ops
from tests.support.in_process.sends import A, B, C, send, send_unanswered
from tests.support.in_process.settling import meanwhile, parked, settle
from tests.support.in_process.tencent import lost

SETTLE = ("unknown", "settle", "--out-id", "task-1", "--phone", A, "--yes")


@pytest.fixture
def campaign(local: Bridge) -> Bridge:
    """The send to A got no answer, the send to B did."""
    local.link()
    send_unanswered(local, A)
    local.campaign([B], {"name": "您"}, code="7000", out_id="task-1")
    local.pump.drain("deliver")
    return local


def listed(*arguments: str) -> list[tuple[str, str]]:
    return [(row["phone"], row["outId"]) for row in answer("unknown", "list", *arguments)]


def newly_pushed(bridge: Bridge) -> list[tuple[int, str, str]]:
    bridge.pump.drain("push")
    return [
        (one["sendStatus"], one["errCode"], one["message"])
        for one in bridge.quick_audience.receipts
        if one["phoneNum"] == A
    ]


def test_sends_of_unknown_outcome_are_listed(campaign: Bridge) -> None:
    campaign.link()
    assert listed() == listed("--out-id", "task-1") == [(A, "task-1")]
    (row,) = answer("unknown", "list")
    assert (row["sent"], row["sign"], row["template"]) == (
        "2026-03-02 10:00:00",
        "某某科技",
        "7000",
    )
    table = ops("unknown", "list").stdout
    assert A in table
    assert B not in table


def test_campaigns_of_all_hours_are_listed_until_they_are_closed(campaign: Bridge) -> None:
    campaign.clock.advance(hours=50)
    send_unanswered(campaign, C, out_id="task-2")
    assert listed() == [(A, "task-1"), (C, "task-2")]
    assert listed("--hours", "49") == [(C, "task-2")]
    assert listed("--hours", "50") == [(A, "task-1"), (C, "task-2")]
    campaign.clock.advance(hours=22.5)
    assert listed() == [(A, "task-1"), (C, "task-2")]
    campaign.clock.advance(hours=1)
    campaign.pump.sweep()
    assert listed("--hours", "100") == [(C, "task-2")]
    assert listed("--out-id", "task-1") == []


def test_settled_sends_are_not_listed(campaign: Bridge) -> None:
    campaign.deliver_all()
    campaign.pump.run("settle", "push", hours=1)
    assert listed() == listed("--out-id", "task-1") == []
    assert "No outcome is unknown." in ops("unknown", "list").stdout


def test_an_unknown_campaign_is_an_error(local: Bridge) -> None:
    result = ops("unknown", "list", "--out-id", "unknown")
    assert result.exit_code == 1
    assert "unknown" in result.output


@pytest.mark.parametrize(
    ("arguments", "receipt"),
    [
        (["--as", "delivered"], (2, "DELIVERED", "人工核实: 已送达")),
        (["--as", "failed"], (1, "SETTLED_BY_HAND", "人工核实: 未送达")),
        (["--as", "failed", "--reason", "空号"], (1, "SETTLED_BY_HAND", "人工核实: 空号")),
    ],
)
def test_a_send_settled_by_hand_is_reported_once_and_counted(
    campaign: Bridge, arguments: list[str], receipt: tuple[int, str, str]
) -> None:
    assert (counts()["unknown"], counts()["sent"]) == (1, 1)
    assert answer(*SETTLE, *arguments)["settled"] == 1
    assert newly_pushed(campaign) == [receipt]
    delivered = int(receipt[0] == 2)
    found = counts()
    assert {
        name: found[name] for name in ("delivered", "failed", "unknown", "waiting", "sent")
    } == {
        "delivered": delivered,
        "failed": 1 - delivered,
        "unknown": 0,
        "waiting": 1,
        "sent": 1 + delivered,
    }
    (row,) = answer("message", "find", A)
    assert (row["by"], row["pushed"], row["reason"]) == ("an operator", True, receipt[2])
    answered = campaign.ask("POST", "/sms/sendDetails", {"outId": "task-1", "currentPage": 1})
    assert [one["errCode"] for one in answered["sendDetailDTOs"]] == [receipt[1]]
    campaign.clock.advance(hours=74)
    campaign.pump.sweep()
    assert newly_pushed(campaign) == [receipt]


def test_a_settled_message_is_shown_with_what_settled_it(campaign: Bridge) -> None:
    def by(phone: str) -> str:
        return str(answer("message", "find", phone)[-1]["by"])

    assert by(B) == ""
    campaign.deliver_all()
    campaign.pump.run("settle", hours=1)
    assert by(B) == "a status of Tencent's"
    campaign.tencent.next("send", tencent.refused(1016))
    send(campaign, C, out_id="task-2")
    assert by(C) == "the sending function"
    campaign.clock.advance(hours=1)
    send(campaign, C, out_id="task-3")
    campaign.clock.advance(hours=74)
    campaign.pump.sweep()
    assert {one["by"] for one in answer("message", "find", C)} == {
        "the sending function",
        "nobody, within 72 hours",
    }


def test_a_status_that_arrives_after_the_operator_is_parked(campaign: Bridge) -> None:
    (sms,) = campaign.tencent.sent_to("86" + A)
    answer(*SETTLE, "--as", "failed")
    settle(campaign, tencent.status(sms))
    campaign.pump.run("settle", "push", hours=4)
    assert [one[0] for one in newly_pushed(campaign)] == [1]
    assert len(parked()) == 1


def test_a_status_at_the_same_moment_wins_and_is_reported_once(
    campaign: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    (sms,) = campaign.tencent.sent_to("86" + A)
    campaign.callback([tencent.status(sms)])
    meanwhile(monkeypatch, lambda: campaign.pump.run("settle", hours=0.2))
    result = ops(*SETTLE, "--as", "failed")
    assert result.exit_code == 1
    assert "in the same moment" in result.output
    assert newly_pushed(campaign) == [(2, "DELIVERED", "")]


def test_of_two_operators_one_settles_and_reports(
    campaign: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    meanwhile(monkeypatch, lambda: ops(*SETTLE, "--as", "delivered"))
    assert ops(*SETTLE, "--as", "failed").exit_code == 1
    assert newly_pushed(campaign) == [(2, "DELIVERED", "人工核实: 已送达")]


def test_the_sweep_at_the_same_moment_wins_and_is_reported_once(
    campaign: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign.clock.advance(hours=74)
    meanwhile(monkeypatch, campaign.pump.sweep)
    assert ops(*SETTLE, "--as", "delivered").exit_code == 1
    assert [one[1] for one in newly_pushed(campaign)] == ["OUTCOME_UNKNOWN"]


@pytest.mark.counts("equal receipts")
def test_all_sends_of_a_campaign_to_a_phone_are_settled_alike(campaign: Bridge) -> None:
    campaign.tencent.next("send", lost(web.read_timeout, sent=True))
    campaign.campaign([A], {"name": "再"}, code="7000")
    campaign.pump.drain("deliver")
    send_unanswered(campaign, A, out_id="task-2")
    assert "all 2 sends" in ops(*SETTLE[:-1], "--as", "delivered").output
    assert answer(*SETTLE, "--as", "delivered")["settled"] == 2
    assert len(newly_pushed(campaign)) == 2
    assert listed() == [(A, "task-2")]


def test_without_confirmation_nothing_is_settled(campaign: Bridge) -> None:
    result = ops(*SETTLE[:-1], "--as", "delivered")
    assert result.exit_code == 1
    assert listed() == [(A, "task-1")]


def test_a_send_whose_report_was_cut_off_is_reported_by_a_replay(
    campaign: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise sending.NotQueuedError("receipts: SQS refused 1 messages")

    with monkeypatch.context() as broken:
        broken.setattr("chalicelib.queues.sending.send", fails)
        result = ops(*SETTLE, "--as", "delivered")
    assert result.exit_code == 1
    assert "ops receipts replay --out-id task-1" in result.output
    assert newly_pushed(campaign) == []
    answer("receipts", "replay", "--out-id", "task-1")
    assert [one[0] for one in newly_pushed(campaign)] == [2]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"--phone": B}, "waiting"),
        ({"--phone": C}, "nothing of unknown outcome"),
        ({"--out-id": "task-9"}, "nothing of unknown outcome"),
        ({"--phone": "hello"}, "hello is not a phone number"),
        ({"--reason": "长" * 101}, "101 characters"),
    ],
)
def test_a_send_that_cannot_be_settled_is_an_error(
    campaign: Bridge, changes: dict[str, str], said: str
) -> None:
    given = {"--out-id": "task-1", "--phone": A, "--as": "failed"} | changes
    words = [word for pair in given.items() for word in pair]
    result = ops("unknown", "settle", *words, "--yes")
    assert result.exit_code == 1
    assert said in result.output
    assert "Traceback" not in result.output
    assert [one.state for one in messages.of_phone("86" + A)] == ["unknown"]
