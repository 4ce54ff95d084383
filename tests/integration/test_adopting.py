"""settle: what becomes of sends of unknown outcome when their status comes after all."""

import threading
from collections.abc import Callable

import pytest

from chalicelib.domain.messages import Message
from chalicelib.domain.retries import ADOPT_AFTER_SECONDS
from chalicelib.store import messages
from tests.support.in_process import tencent
from tests.support.in_process.bridge import Bridge
from tests.support.in_process.sends import A, B, C, D, send, send_unanswered
from tests.support.in_process.settling import parked, settle
from tests.support.in_process.tencent import Sms


def test_the_status_of_an_unknown_send_is_told_under_its_campaign(linked: Bridge) -> None:
    (sms,) = send_unanswered(linked, A)
    settle(linked, tencent.status(sms, "FAIL"))
    linked.pump.run("settle", "push", hours=3)
    assert linked.quick_audience.reported(A, "task-1") == [(1, "MK:0001")]
    assert not parked()
    assert [message.sid for message in messages.of_phone("86" + A)] == [sms.sid]


def test_it_is_not_adopted_while_its_own_send_may_be_unanswered(linked: Bridge) -> None:
    (sms,) = send_unanswered(linked, A)
    settle(linked, tencent.status(sms))
    linked.pump.run("settle", "push", hours=(ADOPT_AFTER_SECONDS - 1) / 3600)
    assert linked.quick_audience.reported(A) == []
    linked.pump.run("settle", "push", hours=0.1)
    assert linked.quick_audience.reported(A) == [(2, "DELIVERED")]


def test_a_mark_is_given_to_one_of_two_statuses(linked: Bridge) -> None:
    (sms,) = send_unanswered(linked, A)
    other = Sms(sms.phone, "another-system's", "x", 1, ())
    settle(linked, tencent.status(sms), tencent.status(other))
    linked.pump.run("settle", "push", hours=4)
    assert linked.quick_audience.reported(A) == [(2, "DELIVERED")]
    assert len(parked()) == 1


def test_two_marks_are_given_to_two_statuses(linked: Bridge) -> None:
    (first,) = send_unanswered(linked, A)
    linked.clock.advance(seconds=100)
    (second,) = send_unanswered(linked, A, out_id="task-2")
    settle(linked, tencent.status(first), tencent.status(second))
    linked.pump.run("settle", "push", hours=4)
    assert linked.quick_audience.reported(A, "task-1") == [(2, "DELIVERED")]
    assert linked.quick_audience.reported(A, "task-2") == [(2, "DELIVERED")]


def test_a_status_repeated_after_its_adoption_takes_no_second_mark(linked: Bridge) -> None:
    (first,) = send_unanswered(linked, A)
    send_unanswered(linked, A, out_id="task-2")
    for _ in range(2):
        settle(linked, tencent.status(first))
        linked.pump.run("settle", "push", hours=1)
    assert len(linked.quick_audience.receipts) == 1
    assert sorted(one.state for one in messages.of_phone("86" + A)) == ["delivered", "unknown"]


def test_a_status_that_comes_twice_at_once_takes_one_mark(linked: Bridge) -> None:
    (first,) = send_unanswered(linked, A)
    linked.clock.advance(seconds=100)
    send_unanswered(linked, A, out_id="task-2")
    settle(linked, tencent.status(first), tencent.status(first))
    linked.pump.run("settle", "push", hours=4)
    assert len(linked.quick_audience.receipts) == 1
    linked.clock.advance(hours=74)
    linked.pump.sweep()
    linked.pump.drain()
    assert linked.quick_audience.reported(A, "task-1") == [(2, "DELIVERED")]
    assert linked.quick_audience.reported(A, "task-2") == [(1, "OUTCOME_UNKNOWN")]


def report_and_wait(bridge: Bridge, seconds: float) -> Callable[[], None]:
    """What happens during a slow call: A's message is reported, and its status looked for."""

    def meanwhile() -> None:
        bridge.callback([tencent.status(bridge.tencent.sent_to("86" + A)[-1])])
        bridge.pump.drain("settle")
        bridge.clock.advance(seconds=seconds)
        bridge.pump.drain("settle")

    return meanwhile


def check_both_campaigns(bridge: Bridge) -> None:
    bridge.pump.run("settle", "push", hours=3)
    bridge.clock.advance(hours=74)
    bridge.pump.sweep()
    bridge.pump.drain()
    assert bridge.quick_audience.reported(A, "task-2") == [(2, "DELIVERED")]
    assert bridge.quick_audience.reported(A, "task-1") == [(1, "OUTCOME_UNKNOWN")]


@pytest.fixture
def noted(linked: Bridge, monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """One call at a time; set once the message to A is kept."""
    linked.configure(TENCENT_PARALLEL_CALLS="4")
    # Long after what happens in the call to B: moto is to be used by one thread at a time.
    monkeypatch.setattr("chalicelib.functions.deliver.MAX_UNRECORDED_SECONDS", 0.5)
    event = threading.Event()
    record = messages.record

    def recorded(made: list[Message]) -> None:
        record(made)
        if any(message.phone == "86" + A and message.sid for message in made):
            event.set()

    monkeypatch.setattr(messages, "record", recorded)
    return event


def test_a_status_is_not_taken_for_an_older_sends_while_other_calls_of_its_chunk_are_slow(
    linked: Bridge, noted: threading.Event
) -> None:
    send_unanswered(linked, A)
    linked.clock.advance(seconds=100)
    # No call takes longer than the client waits for it.
    linked.tencent.next("86" + B, tencent.and_first(report_and_wait(linked, 14)))
    linked.tencent.next("86" + C, tencent.and_first(lambda: noted.wait(10)))
    linked.tencent.next("86" + D, tencent.and_first(report_and_wait(linked, 17)))
    params = [{"name": name} for name in "1234"]
    assert linked.campaign([A, B, C, D], params, code="7000", out_id="task-2").code == "OK"
    linked.pump.drain("deliver")
    check_both_campaigns(linked)


def test_a_status_is_not_taken_for_an_older_sends_while_halves_are_tried(
    linked: Bridge, noted: threading.Event
) -> None:
    send_unanswered(linked, A)
    linked.clock.advance(seconds=100)
    linked.tencent.next(
        "sendmultisms2",
        tencent.refused(1016),
        tencent.obeyed,
        tencent.and_first(report_and_wait(linked, 14), tencent.refused(1016)),
    )
    linked.tencent.next("86" + C, tencent.and_first(lambda: noted.wait(10)))
    linked.tencent.next("86" + D, tencent.and_first(report_and_wait(linked, 17)))
    phones = [A, B, C, D]
    assert linked.campaign(phones, {"name": "您"}, code="7000", out_id="task-2").code == "OK"
    linked.pump.drain("deliver")
    check_both_campaigns(linked)


def test_a_refused_recipient_is_no_unknown_one(linked: Bridge) -> None:
    linked.tencent.next("send", tencent.refused(1016))
    send(linked, A)
    settle(linked, tencent.status(Sms("86" + A, "stray", "x", 1, ())))
    linked.pump.run("settle", "push", hours=4)
    assert linked.quick_audience.reported(A) == [(1, "isv.MOBILE_NUMBER_ILLEGAL")]
    assert len(parked()) == 1
