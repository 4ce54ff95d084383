"""sweep with a fault at every call: the next run reports the rest."""

import pytest

from tests.support.in_process import web
from tests.support.in_process.breaking import reached
from tests.support.in_process.bridge import Bridge
from tests.support.in_process.final_state_logs import check_logs
from tests.support.in_process.outside import FAULTS, Fault, points
from tests.support.in_process.quickaudience import by_phone
from tests.support.in_process.sends import A, B, C, D
from tests.support.in_process.snapshot import snapshot
from tests.support.in_process.sweeping import NO_RECEIPT, NOT_SENT, UNKNOWN, pass_72_hours
from tests.support.in_process.tencent import lost, refused


def prepare(bridge: Bridge) -> None:
    # One call at a time: Tencent is down only after the last.
    bridge.configure(TENCENT_PARALLEL_CALLS="4")
    bridge.link()
    code = bridge.template()
    params = [{"name": name} for name in "123"]
    bridge.tencent.next("86" + B, lost(web.read_timeout, sent=False))
    bridge.tencent.next("86" + C, refused(1013))
    bridge.campaign([A, B, C], params, code=code)
    bridge.pump.invoke_once("deliver")
    bridge.campaign([D], {"name": "丁"}, code=code)
    pass_72_hours(bridge)


@pytest.mark.parametrize("how", FAULTS)
def test_every_recipient_gets_one_receipt(
    bridge: Bridge, monkeypatch: pytest.MonkeyPatch, how: Fault
) -> None:
    monkeypatch.setattr("chalicelib.functions.sweep._HOURS_BACK", 3)
    prepare(bridge)
    restore = snapshot(bridge)
    restore()
    with bridge.outside.watched():
        bridge.pump.sweep()
    calls = list(bridge.outside.names)
    assert len(calls) > 15
    for at, name in points(calls):
        restore()
        with bridge.outside.watched(at, how):
            try:
                bridge.pump.sweep()
            except Exception as error:
                bridge.pump.failures.append(error)
        what = f"call {at}, {reached(bridge.outside.names, at, name)}"
        bridge.restart()
        bridge.clock.advance(hours=1)
        bridge.pump.sweep()
        bridge.pump.run("deliver", "push", hours=3)
        reported = by_phone(bridge.quick_audience.receipts)
        assert reported[A] == {NO_RECEIPT}, what
        assert reported[B] == {UNKNOWN}, what
        # The dead sweep claimed their attempt without calls.
        for phone in (C, D):
            assert reported[phone] == {NOT_SENT}, f"{what}: {reported[phone]}"
            assert not bridge.tencent.sent_to("86" + phone), what
        assert bridge.pump.count("sends") == 0
        assert check_logs(what)
