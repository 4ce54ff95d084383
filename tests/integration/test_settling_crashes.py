"""settle with a fault at every call: every status and reply is still reported."""

import time
from typing import Any

import pytest

from chalicelib.domain.messages import Message, Origin
from chalicelib.queues.bodies import CallbackBody
from chalicelib.store import messages
from tests.support.adopting import ADOPT_AFTER_SECONDS
from tests.support.in_process import tencent
from tests.support.in_process.breaking import BrokenInvocations
from tests.support.in_process.bridge import SIGN, Bridge
from tests.support.in_process.final_state_logs import check_logs
from tests.support.in_process.outside import FAULTS, Fault
from tests.support.in_process.quickaudience import by_phone
from tests.support.in_process.sends import A, B, C, D
from tests.support.in_process.tencent import Sms


def message(phone: str, out_id: str, sid: str) -> Message:
    origin = Origin(
        out_id=out_id,
        biz_id=f"biz of {out_id}",
        sign=SIGN,
        template_code="7000",
        sent_at=int(time.time()),
    )
    return Message(
        phone="86" + phone, position=int(phone[-1]), origin=origin, sid=sid, unknown=not sid
    )


def status(phone: str, sid: str, report_status: str = "SUCCESS") -> dict[str, Any]:
    return tencent.status(Sms("86" + phone, sid, SIGN, 7000, ()), report_status)


def prepare(bridge: Bridge) -> None:
    """Queue statuses of known messages of two campaigns, of an unknown send and of a foreign message, and a reply."""
    messages.record(
        [
            message(A, "task-1", "a"),
            message(B, "task-1", "b"),
            message(C, "task-2", "c"),
            message(D, "task-3", ""),
        ]
    )
    known = [status(B, "b"), status(C, "c"), status(D, "d")]
    for body in (
        CallbackBody(statuses=known),
        CallbackBody(statuses=[status(A, "a", "FAIL"), status(A, "stray")]),
        CallbackBody(replies=[tencent.reply("86" + B, "好", SIGN)]),
    ):
        bridge.pump.put("callbacks", body.encode())
    # Long enough for the unknown send to be adopted at the first try.
    bridge.clock.advance(seconds=ADOPT_AFTER_SECONDS + 1)


@pytest.mark.parametrize("how", FAULTS)
def test_every_status_and_every_reply_reaches_quick_audience(bridge: Bridge, how: Fault) -> None:
    prepare(bridge)
    broken = BrokenInvocations(bridge, "settle", how)
    assert {"dynamodb TransactWriteItems", "sqs SendMessageBatch"} <= set(broken.calls)
    for _, what in broken:
        bridge.pump.run("settle", "push", hours=0.12)
        assert by_phone(bridge.quick_audience.receipts) == {
            A: {(1, "MK:0001")},
            B: {(2, "DELIVERED")},
            C: {(2, "DELIVERED")},
            D: {(2, "DELIVERED")},
        }, what
        assert {(one["outId"], one["phoneNum"]) for one in bridge.quick_audience.receipts} == {
            ("task-1", A),
            ("task-1", B),
            ("task-2", C),
            ("task-3", D),
        }, what
        assert {one["content"] for one in bridge.quick_audience.replies} == {"好"}, what
        for phone in (A, B, C, D):
            (found,) = messages.of_phone("86" + phone)
            assert found.receipt, what
        waiting = [
            event["sid"] for body in bridge.pump.bodies("callbacks") for event in body["statuses"]
        ]
        assert set(waiting) == {"stray"}, what
        assert bridge.pump.count("callbacks-dead") == 0, what
        assert check_logs(what) == 3
