"""push with a fault at every call: every entry is pushed at least once."""

import pytest

from chalicelib.store import pushed
from tests.support.in_process.breaking import BrokenInvocations
from tests.support.in_process.bridge import Bridge
from tests.support.in_process.outside import FAULTS, Fault
from tests.support.in_process.pushes import BIZ, queue


@pytest.mark.parametrize("how", FAULTS)
def test_every_entry_is_pushed_and_recorded_as_pushed(
    bridge: Bridge, monkeypatch: pytest.MonkeyPatch, how: Fault
) -> None:
    monkeypatch.setattr("chalicelib.functions.push._PARALLEL", 1)
    queue(bridge, "x", range(2))
    queue(bridge, "y", range(1))
    queue(bridge, "x", range(2, 4))
    broken = BrokenInvocations(bridge, "push", how)
    assert broken.calls.count("quickaudience details") == 2
    for _, what in broken:
        bridge.pump.run("push", hours=1)
        reported = {(one["outId"], one["phoneNum"]) for one in bridge.quick_audience.receipts}
        assert reported == {
            *(("x", f"139{position:08d}") for position in range(4)),
            ("y", "13900000000"),
        }, what
        assert pushed.pushed_positions("x", BIZ) == {0, 1, 2, 3}, what
        assert pushed.pushed_positions("y", BIZ) == {0}, what
        assert bridge.pump.count("receipts") == bridge.pump.count("receipts-dead") == 0
        assert len(bridge.quick_audience.receipts) <= 10, "repeated once at most"
