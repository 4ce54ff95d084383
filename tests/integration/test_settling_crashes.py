"""settle while the function dies, or a call fails, at every place: every status is told, and none twice otherwise."""

import pytest

from chalicelib.store import messages
from tests.integration.support import tencent, web
from tests.integration.support.bridge import SIGN, Bridge
from tests.integration.support.outside import HOWS, How
from tests.integration.support.quickaudience import by_phone
from tests.integration.support.tencent import Sms, lost
from tests.integration.test_delivering import A, B, C, D


def prepare(bridge: Bridge) -> None:
    """A message that is known, one of another campaign, one of unknown outcome, a stranger's, a reply."""
    bridge.begin_anew()
    bridge.link()
    code = bridge.template("您好")
    bridge.campaign([A, B], code=code)
    bridge.pump.drain("deliver")
    bridge.campaign([C], code=code, out_id="task-2")
    bridge.pump.drain("deliver")
    bridge.tencent.next("send", lost(web.read_timeout, sent=True))
    bridge.campaign([D], code=code, out_id="task-3")
    bridge.pump.drain("deliver")
    first, *rest = bridge.tencent.sent
    bridge.callback(tencent.statuses(rest))
    bridge.callback([tencent.status(first, "FAIL")])
    bridge.callback([tencent.status(Sms("86" + A, "stray", "x", 1, ()))])
    bridge.callback(tencent.reply("86" + B, "好", SIGN))
    # Long enough for the unknown one to be adopted at the first look.
    bridge.clock.pass_(seconds=31)


@pytest.mark.parametrize("how", HOWS)
def test_every_status_and_every_reply_reaches_quick_audience(bridge: Bridge, how: How) -> None:
    at = 0
    while True:
        prepare(bridge)
        names = bridge.pump.watch("settle", at, how)
        bridge.pump.run("settle", "push", hours=4)
        what = f"call {at}, {names[-1]}"
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
            (message,) = messages.of_phone("86" + phone)
            assert message.receipt, what
        assert bridge.pump.count("callbacks") == bridge.pump.count("callbacks-dead") == 0, what
        if len(names) <= at:
            break
        at += 1
    assert {"dynamodb TransactWriteItems", "sqs SendMessageBatch"} <= set(names)
