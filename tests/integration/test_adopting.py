"""settle: sends of unknown outcome whose status arrives later."""

import threading
from collections.abc import Callable, Iterable

import pytest

from chalicelib.domain.messages import Message
from chalicelib.domain.queue_names import QueueName
from chalicelib.queues import sending
from chalicelib.queues.bodies import Body
from chalicelib.store import messages
from tests.support.adopting import ADOPT_AFTER_SECONDS
from tests.support.in_process import tencent
from tests.support.in_process.bridge import Bridge
from tests.support.in_process.sends import A, B, C, D, send, send_unanswered
from tests.support.in_process.settling import parked, settle
from tests.support.in_process.tencent import Sms


def test_the_status_of_an_unknown_send_is_reported_under_its_campaign(linked: Bridge) -> None:
    (sms,) = send_unanswered(linked, A)
    settle(linked, tencent.status(sms, "FAIL"))
    linked.pump.run("settle", "push", hours=3)
    assert linked.quick_audience.reported(A, "task-1") == [(1, "MK:0001")]
    assert not parked()
    assert [message.sid for message in messages.of_phone("86" + A)] == [sms.sid]


def test_a_status_adopts_no_mark_while_its_own_send_may_still_be_answered(linked: Bridge) -> None:
    (sms,) = send_unanswered(linked, A)
    settle(linked, tencent.status(sms))
    linked.pump.run("settle", "push", hours=(ADOPT_AFTER_SECONDS - 1) / 3600)
    assert linked.quick_audience.reported(A) == []
    linked.pump.run("settle", "push", hours=0.1)
    assert linked.quick_audience.reported(A) == [(2, "DELIVERED")]


def test_one_of_two_statuses_adopts_a_single_mark(linked: Bridge) -> None:
    (sms,) = send_unanswered(linked, A)
    other = Sms(sms.phone, "another-system's", "x", 1, ())
    settle(linked, tencent.status(sms), tencent.status(other))
    linked.pump.run("settle", "push", hours=4)
    assert linked.quick_audience.reported(A) == [(2, "DELIVERED")]
    assert len(parked()) == 1


def test_two_statuses_adopt_two_marks(linked: Bridge) -> None:
    (first,) = send_unanswered(linked, A)
    linked.clock.advance(seconds=100)
    (second,) = send_unanswered(linked, A, out_id="task-2")
    settle(linked, tencent.status(first), tencent.status(second))
    linked.pump.run("settle", "push", hours=4)
    assert linked.quick_audience.reported(A, "task-1") == [(2, "DELIVERED")]
    assert linked.quick_audience.reported(A, "task-2") == [(2, "DELIVERED")]


def test_a_status_that_is_repeated_after_its_adoption_adopts_no_second_mark(linked: Bridge) -> None:
    (first,) = send_unanswered(linked, A)
    send_unanswered(linked, A, out_id="task-2")
    for _ in range(2):
        settle(linked, tencent.status(first))
        linked.pump.run("settle", "push", hours=1)
    assert len(linked.quick_audience.receipts) == 1
    assert sorted(one.state for one in messages.of_phone("86" + A)) == ["delivered", "unknown"]


def test_a_status_that_arrives_twice_at_once_adopts_one_mark(linked: Bridge) -> None:
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


def test_an_adopted_message_that_a_read_misses_is_reported(
    linked: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its receipt was stored and could not be queued. The work is repeated at once, when reads may still miss it."""
    (sms,) = send_unanswered(linked, A)
    settle(linked, tencent.status(sms))
    linked.clock.advance(seconds=ADOPT_AFTER_SECONDS)
    send, find = sending.send, messages.find
    failed: list[str] = []
    missed: list[str] = []

    def fail_once(queue: QueueName, bodies: Iterable[Body], *, delay: int = 0) -> None:
        if queue == "receipts" and not failed:
            failed.append(queue)
            raise sending.NotQueuedError("SQS is away")
        send(queue, bodies, delay=delay)

    def miss_once(
        wanted: Iterable[tuple[str, str]], *, consistent: bool = False
    ) -> dict[tuple[str, str], Message]:
        if failed and not consistent and not missed:
            missed.extend(sid for _, sid in wanted)
            return {}
        return find(wanted, consistent=consistent)

    monkeypatch.setattr(sending, "send", fail_once)
    monkeypatch.setattr(messages, "find", miss_once)
    linked.pump.run("settle", "push", hours=4)
    assert (failed, missed) == (["receipts"], [sms.sid])
    assert linked.quick_audience.reported(A, "task-1") == [(2, "DELIVERED")]


def report_and_wait(bridge: Bridge, seconds: float) -> Callable[[], None]:
    """Return what happens during a slow call: a status of A's message arrives, and settle looks for its message."""

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
    """Return an event that is set once the message to A is stored."""
    linked.configure(TENCENT_PARALLEL_CALLS="4")
    # Long after the events during the call to B: only one thread at a time may use moto.
    monkeypatch.setattr("chalicelib.delivery.attempt_calls.MAX_UNRECORDED_SECONDS", 0.5)
    event = threading.Event()
    record = messages.record

    def recorded(made: list[Message]) -> None:
        record(made)
        if any(message.phone == "86" + A and message.sid for message in made):
            event.set()

    monkeypatch.setattr(messages, "record", recorded)
    return event


def test_a_status_adopts_no_older_mark_while_other_calls_of_its_chunk_are_slow(
    linked: Bridge, noted: threading.Event
) -> None:
    send_unanswered(linked, A)
    linked.clock.advance(seconds=100)
    # No call takes longer than the client's time-out.
    linked.tencent.next("86" + B, tencent.and_first(report_and_wait(linked, 14)))
    linked.tencent.next("86" + C, tencent.and_first(lambda: noted.wait(60)))
    linked.tencent.next("86" + D, tencent.and_first(report_and_wait(linked, 17)))
    params = [{"name": name} for name in "1234"]
    assert linked.campaign([A, B, C, D], params, code="7000", out_id="task-2").code == "OK"
    linked.pump.drain("deliver")
    check_both_campaigns(linked)


def test_a_status_adopts_no_older_mark_while_halves_of_its_call_are_tried(
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
    linked.tencent.next("86" + C, tencent.and_first(lambda: noted.wait(60)))
    linked.tencent.next("86" + D, tencent.and_first(report_and_wait(linked, 17)))
    phones = [A, B, C, D]
    assert linked.campaign(phones, {"name": "您"}, code="7000", out_id="task-2").code == "OK"
    linked.pump.drain("deliver")
    check_both_campaigns(linked)


def test_a_status_does_not_adopt_a_refused_recipient(linked: Bridge) -> None:
    linked.tencent.next("send", tencent.refused(1016))
    send(linked, A)
    settle(linked, tencent.status(Sms("86" + A, "stray", "x", 1, ())))
    linked.pump.run("settle", "push", hours=4)
    assert linked.quick_audience.reported(A) == [(1, "isv.MOBILE_NUMBER_ILLEGAL")]
    assert len(parked()) == 1
