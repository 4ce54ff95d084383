"""An inquiry about sends that got no answer, with a fault at every call: all are settled, and nothing is sent again."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from typing import Any, Self

import pytest

from chalicelib.delivery import outcomes
from chalicelib.store import messages
from tests.support.in_process import tencent
from tests.support.in_process.breaking import BrokenInvocations
from tests.support.in_process.bridge import Bridge
from tests.support.in_process.final_state_logs import check_logs
from tests.support.in_process.outside import FAULTS, Fault
from tests.support.in_process.quickaudience import by_phone
from tests.support.in_process.records import FAILED, NOT_SENT, Records
from tests.support.in_process.sends import A, B, C, D, send
from tests.support.in_process.tencent import unmentioned

PHONES = (A, B, C, D)


class InOrder:
    """A pool that makes each call when it is asked for, so that the calls have one order."""

    def __init__(self, _: int) -> None:
        pass

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def map(self, call: Callable[[Any], Any], items: Iterable[Any]) -> Iterator[Any]:
        return map(call, items)

    def submit(self, call: Callable[..., Any], *given: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_result(call(*given))
        return future


@pytest.fixture
def records(linked: Bridge, monkeypatch: pytest.MonkeyPatch) -> Records:
    monkeypatch.setattr(outcomes, "ThreadPoolExecutor", InOrder)
    return Records(linked)


@pytest.fixture
def prepared(linked: Bridge, records: Records) -> Bridge:
    """A bridge with four sends of unknown outcome: delivered, failed, refused, and one without a record."""
    linked.tencent.next("send", unmentioned(*(f"86{phone}" for phone in PHONES)))
    first, second, third, fourth = send(linked, *PHONES)
    records.add(first)
    records.add(second, status=FAILED)
    records.add(third, status=NOT_SENT, RequestCode="FailedOperation.PhoneNumberInBlacklist")
    found = [tencent.status(fourth)]
    linked.tencent.always("pullstatus4mobile", lambda *_: {"result": 0, "data": found})
    linked.clock.advance(seconds=400)
    return linked


@pytest.mark.parametrize("how", FAULTS)
def test_every_send_is_settled_and_reported(prepared: Bridge, how: Fault) -> None:
    bridge = prepared
    # Each copy of the state has the sids of the others, so a log is checked after each fault.
    bridge.logs_are_complete = False
    bridge.pump.release()
    broken = BrokenInvocations(bridge, "settle", how, enumerate)
    expected = {"dynamodb TransactWriteItems", "tencent records", "tencent pullstatus4mobile"}
    assert expected <= set(broken.calls)
    for _, what in broken:
        bridge.pump.run("settle", "push", hours=0.5)
        assert by_phone(bridge.quick_audience.receipts) == {
            A: {(2, "DELIVERED")},
            B: {(1, "MK:0001")},
            C: {(1, "isv.BLACK_KEY_CONTROL_LIMIT")},
            D: {(2, "DELIVERED")},
        }, what
        assert len(bridge.tencent.sent) == 4, what
        for phone in PHONES:
            (found,) = messages.of_phone("86" + phone)
            assert found.receipt, what
        assert bridge.pump.count("callbacks-dead") == 0, what
        check_logs(what)


@pytest.mark.parametrize("how", FAULTS)
def test_the_inquiry_is_queued_whatever_happens_to_its_send(
    linked: Bridge, records: Records, how: Fault
) -> None:
    """The function `deliver` dies at each call: recipients without a known outcome are asked about."""
    code = linked.template()
    linked.tencent.next("send", unmentioned("86" + A, "86" + B))
    assert linked.campaign([A, B], {"name": "您"}, code=code).code == "OK"
    for _, what in BrokenInvocations(linked, "deliver", how, enumerate):
        records.clear()
        records.add(*linked.tencent.sent)
        before = len(linked.tencent.sent)
        linked.pump.run("deliver", hours=1)
        records.add(*linked.tencent.sent[before:])
        linked.pump.run("settle", "push", hours=1)
        # A function that died before its call leaves both unknown, and Tencent has no records of them.
        assert len(linked.tencent.sent) in (0, 2), what
        assert by_phone(linked.quick_audience.receipts) == {
            sms.phone[2:]: {(2, "DELIVERED")} for sms in linked.tencent.sent
        }, what
