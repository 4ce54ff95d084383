"""push while the function dies, or a call fails, at every place: at least once, and never nothing."""

import pytest

from chalicelib.store import pushed
from tests.support.in_process.bridge import Bridge
from tests.support.in_process.outside import FAULTS, Fault
from tests.support.in_process.pushes import BIZ, queue
from tests.support.in_process.snapshot import snapshot


@pytest.mark.parametrize("how", FAULTS)
def test_everything_is_pushed_and_known_to_be(
    bridge: Bridge, monkeypatch: pytest.MonkeyPatch, how: Fault
) -> None:
    monkeypatch.setattr("chalicelib.functions.push._PARALLEL", 1)
    queue(bridge, "x", range(2))
    queue(bridge, "y", range(1))
    queue(bridge, "x", range(2, 4))
    restore = snapshot(bridge)
    calls = bridge.pump.watch("push")
    assert calls.count("quickaudience details") == 2
    for at, name in enumerate(calls):
        restore()
        assert bridge.pump.watch("push", at, how)[at] == name
        bridge.pump.run("push", hours=1)
        what = f"call {at}, {name}"
        told = {(one["outId"], one["phoneNum"]) for one in bridge.quick_audience.receipts}
        assert told == {
            *(("x", f"139{position:08d}") for position in range(4)),
            ("y", "13900000000"),
        }, what
        assert pushed.pushed_positions("x", BIZ) == {0, 1, 2, 3}, what
        assert pushed.pushed_positions("y", BIZ) == {0}, what
        assert bridge.pump.count("receipts") == bridge.pump.count("receipts-dead") == 0
        assert len(bridge.quick_audience.receipts) <= 10, "repeated once at most"
