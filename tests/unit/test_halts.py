"""What a halt permits."""

import pytest

from chalicelib.domain.halts import ALLOWED, Halt, HaltState, ends_at, gate, permit
from chalicelib.domain.messages import NOT_SENT, STOPPED

ACCEPTED = 1_772_416_800
END = ACCEPTED + 72 * 3600


def halt(state: HaltState) -> Halt:
    return Halt(out_id="task-1", biz_id="b1", state=state, at=ACCEPTED + 60, token="t")


@pytest.mark.parametrize("found", [None, halt("sending")])
def test_without_a_halt_calls_may_begin(found: Halt | None) -> None:
    assert permit(found, ACCEPTED, END + 1) == ALLOWED
    assert ALLOWED.allows


def test_a_paused_request_waits_at_its_own_gate() -> None:
    found = permit(halt("paused"), ACCEPTED, END - 1)
    assert (found.gate, found.failure) == (gate("b1"), None)
    assert not found.allows


def test_a_pause_ends_72_hours_after_acceptance() -> None:
    assert ends_at(ACCEPTED) == END
    found = permit(halt("paused"), ACCEPTED, END)
    assert (found.gate, found.failure) == ("", NOT_SENT)
    assert not found.allows


def test_a_stopped_request_fails_at_once_and_for_good() -> None:
    for now in (ACCEPTED, END + 1):
        found = permit(halt("stopped"), ACCEPTED, now)
        assert (found.gate, found.failure) == ("", STOPPED)
        assert not found.allows
