"""Two work items that find the final state of a message at the same moment: one of them reports it."""

import json
from typing import Any

import pytest

from chalicelib.delivery import final_states
from chalicelib.domain.messages import Message
from chalicelib.store import messages
from tests.support.adopting import ADOPT_AFTER_SECONDS
from tests.support.in_process import tencent
from tests.support.in_process.bridge import SIGN, Bridge
from tests.support.in_process.sends import A, send, send_unanswered
from tests.support.in_process.settling import meanwhile


def pushed_receipts(bridge: Bridge) -> list[dict[str, Any]]:
    bridge.pump.drain("push")
    return bridge.quick_audience.receipts


def states(bridge: Bridge) -> list[int]:
    return [receipt["sendStatus"] for receipt in pushed_receipts(bridge)]


@pytest.mark.parametrize(("early", "late"), [("SUCCESS", "FAIL"), ("FAIL", "SUCCESS")])
def test_of_two_functions_with_different_statuses_one_reports(
    linked: Bridge, monkeypatch: pytest.MonkeyPatch, early: str, late: str
) -> None:
    (sms,) = send(linked, A)
    linked.callback([tencent.status(sms, late)])
    first = linked.pump.receive("settle")
    linked.callback([tencent.status(sms, early)])
    second = linked.pump.receive("settle")
    assert first
    assert second
    meanwhile(monkeypatch, lambda: linked.pump.invoke("settle", second))
    assert linked.pump.invoke("settle", first)
    assert states(linked) == [2 if early == "SUCCESS" else 1]
    assert linked.pump.count("callbacks") == 0


def test_of_a_status_and_the_sweep_one_reports(
    linked: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    (sms,) = send(linked, A)
    linked.clock.advance(hours=74)
    linked.callback([tencent.status(sms)])
    meanwhile(monkeypatch, lambda: linked.pump.drain("settle"))
    linked.pump.sweep()
    assert states(linked) == [2]


def test_of_the_sweep_and_a_status_one_reports(
    linked: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    (sms,) = send(linked, A)
    linked.clock.advance(hours=74)
    linked.callback([tencent.status(sms)])
    meanwhile(monkeypatch, linked.pump.sweep)
    linked.pump.drain("settle")
    assert states(linked) == [1]
    assert linked.quick_audience.receipts[0]["errCode"] == "NO_RECEIPT"


def test_a_mark_that_was_just_swept_is_adopted_by_no_status(
    linked: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The unknown outcome was reported; a status that arrives then must not report another state."""
    (sms,) = send_unanswered(linked, A)
    linked.clock.advance(hours=74)
    unknown_of_phone = messages.unknown_of_phone
    pending = [linked.pump.sweep]

    def seen_before(phone: str) -> list[Message]:
        found = unknown_of_phone(phone)
        if pending:
            pending.pop()()
        return found

    linked.callback([tencent.status(sms)])
    event = linked.pump.receive("settle")
    assert event
    linked.clock.advance(seconds=ADOPT_AFTER_SECONDS + 10)
    monkeypatch.setattr(messages, "unknown_of_phone", seen_before)
    linked.pump.invoke("settle", event)
    assert not pending
    assert [one["errCode"] for one in pushed_receipts(linked)] == ["OUTCOME_UNKNOWN"]


def test_a_function_that_settled_and_died_reports_when_its_message_is_received_again(
    linked: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    (sms,) = send(linked, A)
    linked.callback([tencent.status(sms)])
    event = linked.pump.receive("settle")
    assert event

    def die(_: object) -> None:
        raise RuntimeError("queue out of order")

    with monkeypatch.context() as patch:
        patch.setattr(final_states, "report", die)
        assert not linked.pump.invoke("settle", event)
    assert states(linked) == []
    # Tencent's own repetition is another message, which has nothing to report.
    linked.callback([tencent.status(sms)])
    other = linked.pump.receive("settle")
    assert other
    assert linked.pump.invoke("settle", other)
    assert states(linked) == []
    linked.clock.advance(hours=1)
    linked.pump.run("settle", hours=0.1)
    assert states(linked) == [2]


def test_a_dead_letter_that_is_replayed_reports_what_it_settled(
    linked: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    (sms,) = send(linked, A)
    linked.callback([tencent.status(sms)])
    event = linked.pump.receive("settle")
    assert event
    with monkeypatch.context() as patch:
        patch.setattr(final_states, "report", lambda _: json.loads("no"))
        assert not linked.pump.invoke("settle", event)
    linked.pump.put("callbacks", event["Records"][0]["body"])
    linked.pump.drain("settle")
    assert states(linked) == [2]


@pytest.mark.counts("equal replies")
def test_a_reply_in_two_functions_is_reported_once(linked: Bridge) -> None:
    send(linked, A)
    reply = tencent.reply("86" + A, "好", SIGN)
    linked.callback(reply)
    first = linked.pump.receive("settle")
    linked.callback(reply)
    second = linked.pump.receive("settle")
    assert first
    assert second
    for event in (first, second, first):
        assert linked.pump.invoke("settle", event)
    linked.pump.drain("push")
    # The first one was received twice and can't know whether it reported the reply.
    assert [one["content"] for one in linked.quick_audience.replies] == ["好", "好"]
