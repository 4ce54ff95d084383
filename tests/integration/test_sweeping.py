"""sweep: after 72 hours every recipient has a final state, which is reported once."""

import time

import pytest

from chalicelib.store import table
from local.hostile.draws import Draws
from local.hostile.weak_reads import WeakReads
from tests.support.in_process import hostile, tencent, web
from tests.support.in_process.bridge import Answer, Bridge
from tests.support.in_process.meter import Meter
from tests.support.in_process.quickaudience import by_phone
from tests.support.in_process.sends import A, B, C, D
from tests.support.in_process.sweeping import HOURS, NO_RECEIPT, NOT_SENT, UNKNOWN, pass_72_hours
from tests.support.in_process.tencent import Sms, lost, refused


@pytest.fixture
def ready(linked: Bridge) -> Bridge:
    linked.template("您好")
    return linked


def campaign(bridge: Bridge, *phones: str, out_id: str = "task-1") -> Answer:
    answer = bridge.campaign(phones, code="7000", out_id=out_id)
    assert answer.code == "OK"
    return answer


def sweep(bridge: Bridge) -> dict[str, set[tuple[int, str]]]:
    bridge.pump.sweep()
    bridge.pump.drain("push")
    return by_phone(bridge.quick_audience.receipts)


def test_each_reason_for_a_missing_receipt_has_its_code(ready: Bridge) -> None:
    campaign(ready, A)
    ready.pump.drain("deliver")
    ready.tencent.next("send", lost(web.read_timeout, sent=False))
    campaign(ready, B)
    ready.pump.drain("deliver")
    campaign(ready, C)
    ready.tencent.next("send", refused(1013))
    ready.pump.invoke_once("deliver")
    campaign(ready, D)
    pass_72_hours(ready)
    assert sweep(ready) == {A: {NO_RECEIPT}, B: {UNKNOWN}, C: {NOT_SENT}, D: {NOT_SENT}}
    assert len(ready.quick_audience.receipts) == 4
    assert all(one["message"] for one in ready.quick_audience.receipts)


def test_a_recipient_with_a_receipt_gets_no_second_one(ready: Bridge) -> None:
    campaign(ready, A, B)
    ready.pump.drain("deliver")
    ready.callback([tencent.status(ready.tencent.sent_to("86" + A)[0])])
    ready.pump.drain("settle", "push")
    pass_72_hours(ready)
    assert sweep(ready) == {A: {(2, "DELIVERED")}, B: {NO_RECEIPT}}
    assert len(ready.quick_audience.receipts) == 2


def test_an_unknown_send_that_was_settled_gets_no_second_receipt(ready: Bridge) -> None:
    ready.tencent.next("send", lost(web.read_timeout, sent=True))
    campaign(ready, A)
    ready.pump.drain("deliver")
    ready.deliver_all()
    ready.pump.run("settle", "push", hours=1)
    pass_72_hours(ready)
    assert sweep(ready) == {A: {(2, "DELIVERED")}}


def test_an_unknown_send_that_was_found_but_has_no_status_is_closed(ready: Bridge) -> None:
    ready.tencent.next("send", refused(1008))
    campaign(ready, A, B)
    ready.pump.drain("deliver")
    pass_72_hours(ready)
    assert sweep(ready) == {A: {UNKNOWN}, B: {UNKNOWN}}


def test_nothing_is_closed_before_72_hours(ready: Bridge) -> None:
    campaign(ready, A)
    ready.pump.drain("deliver")
    campaign(ready, B)
    ready.clock.advance(hours=HOURS - 0.01)
    assert sweep(ready) == {}
    ready.clock.advance(hours=2)
    assert set(sweep(ready)) == {A, B}


def test_a_chunk_that_is_still_queued_is_never_sent_afterwards(ready: Bridge) -> None:
    campaign(ready, A, B)
    campaign(ready, C)
    ready.tencent.next("send", refused(1013), refused(1013))
    ready.pump.invoke_once("deliver")
    pass_72_hours(ready)
    assert sweep(ready) == {A: {NOT_SENT}, B: {NOT_SENT}, C: {NOT_SENT}}
    ready.tencent.next("send", tencent.obeyed)
    ready.pump.run("deliver", "push", hours=100)
    assert not ready.tencent.sent
    assert len(ready.quick_audience.receipts) == 3
    assert ready.pump.count("sends") == ready.pump.count("sends-dead") == 0


def test_a_late_status_changes_nothing(ready: Bridge) -> None:
    campaign(ready, A)
    ready.pump.drain("deliver")
    ready.tencent.next("send", lost(web.read_timeout, sent=True))
    campaign(ready, B)
    ready.pump.drain("deliver")
    pass_72_hours(ready)
    sweep(ready)
    ready.deliver_all()
    ready.pump.run("settle", "push", hours=4)
    assert by_phone(ready.quick_audience.receipts) == {A: {NO_RECEIPT}, B: {UNKNOWN}}
    assert len(ready.quick_audience.receipts) == 2


def test_repeated_runs_report_nothing_twice(ready: Bridge) -> None:
    campaign(ready, A)
    ready.pump.drain("deliver")
    campaign(ready, B)
    pass_72_hours(ready)
    for _ in range(3):
        sweep(ready)
    ready.clock.advance(hours=1)
    sweep(ready)
    assert len(ready.quick_audience.receipts) == 2


def test_runs_that_were_missed_are_made_up_for(ready: Bridge) -> None:
    campaign(ready, A)
    ready.pump.drain("deliver")
    ready.clock.advance(hours=HOURS + 6 * 24)
    assert sweep(ready) == {A: {NO_RECEIPT}}


def test_a_function_that_is_sending_is_not_interrupted(ready: Bridge) -> None:
    campaign(ready, A)
    pass_72_hours(ready)
    ready.tencent.next("send", tencent.and_first(ready.pump.sweep))
    ready.pump.drain("deliver")
    assert len(ready.tencent.sent) == 1
    assert not ready.pump.count("receipts")
    ready.clock.advance(hours=1)
    assert sweep(ready) == {A: {NO_RECEIPT}}


def test_the_outcomes_of_a_dead_function_are_recovered(ready: Bridge) -> None:
    campaign(ready, A)
    ready.pump.watch("deliver", 7, "killed before")
    assert len(ready.tencent.sent) == 1
    pass_72_hours(ready)
    assert sweep(ready) == {A: {UNKNOWN}}
    ready.pump.run("deliver", "push", hours=5)
    assert len(ready.tencent.sent) == len(ready.quick_audience.receipts) == 1


def test_review_15_what_was_sent_a_moment_before_is_not_missed(ready: Bridge) -> None:
    """Each read that isn't consistent misses what was written within the last second."""
    hostile.use("weak-reads")
    # Chunks are due by the hour: it ends just after the 72 hours.
    ready.clock.advance(seconds=3600 - 0.3 - time.time() % 3600)
    campaign(ready, A)
    ready.clock.advance(seconds=HOURS * 3600 - 0.1)
    ready.pump.drain("deliver")
    assert len(ready.tencent.sent) == 1
    ready.clock.advance(seconds=0.5)
    with pytest.MonkeyPatch.context() as monkeypatch:
        # A new invocation sees no more than the one before.
        monkeypatch.setattr(WeakReads, "settle", lambda _: None)
        monkeypatch.setattr(Draws, "chance", lambda *_: True)
        ready.pump.sweep()
    ready.clock.advance(hours=2)
    assert sweep(ready) == {A: {NO_RECEIPT}}


def test_a_run_costs_a_read_unit_for_each_message(ready: Bridge) -> None:
    """docs/operations.md has the figure. Reads that may be a second old would cost half of it."""
    campaign(ready, *(f"139{number:08d}" for number in range(200)))
    ready.pump.drain()
    ready.deliver_all()
    ready.pump.drain()
    pass_72_hours(ready)
    meters = [Meter(), Meter()]
    # The second run finds nothing: it costs what looking for due chunks costs.
    for meter in meters:
        ready.outside.observers[:] = [meter]
        with ready.outside.watched():
            ready.pump.sweep()
    swept, idle = meters
    assert 200 <= swept.reads - idle.reads <= 204


def test_a_run_without_time_leaves_the_rest_to_the_next(ready: Bridge) -> None:
    campaign(ready, A)
    ready.pump.drain("deliver")
    pass_72_hours(ready)
    ready.pump.sweep(seconds=29)
    assert ready.pump.count("receipts") == 0
    assert sweep(ready) == {A: {NO_RECEIPT}}


def test_a_plan_that_was_never_accepted_is_discarded(ready: Bridge) -> None:
    ready.restart()
    with ready.outside.watched():
        campaign(ready, B)
    planned = ready.outside.names.index("dynamodb BatchWriteItem")
    ready.reset()
    ready.link()
    ready.template("您好")
    ready.restart()
    with ready.outside.watched(planned, "killed after"):
        campaign(ready, A)
    assert ready.outside.names[planned] == "dynamodb BatchWriteItem"
    ready.restart()
    pass_72_hours(ready)
    assert sweep(ready) == {}
    hour = int(time.time()) // 3600 - 1
    assert not list(table.query(f"DUE#{hour}"))
    assert not ready.tencent.sent


def test_a_chunk_that_cannot_be_closed_does_not_hold_up_the_others(ready: Bridge) -> None:
    broken = campaign(ready, A)
    ready.pump.drain("deliver")
    (item,) = table.query("OUT#task-1", f"CHUNK#{broken['bizId']}#00000000#PLAN")
    table.put(item | {"plan": b"rotten"})
    ready.clock.advance(hours=1)
    campaign(ready, B, out_id="task-2")
    ready.pump.drain("deliver")
    pass_72_hours(ready)
    try:
        ready.pump.sweep()
    finally:
        ready.pump.drain("push")
    assert by_phone(ready.quick_audience.receipts) == {B: {NO_RECEIPT}}


def test_an_unknown_status_is_not_taken_for_that_of_another_message(ready: Bridge) -> None:
    campaign(ready, A)
    ready.pump.drain("deliver")
    ready.callback([tencent.status(Sms("86" + A, "stray", "x", 1, ()))])
    ready.pump.run("settle", hours=4)
    pass_72_hours(ready)
    assert sweep(ready) == {A: {NO_RECEIPT}}
