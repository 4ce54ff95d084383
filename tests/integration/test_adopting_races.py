"""Two functions that settle the same status of an unknown send at the same moment: it adopts one mark."""

import pytest

from chalicelib.domain.messages import Message
from chalicelib.store import messages
from tests.support.in_process import tencent
from tests.support.in_process.bridge import Bridge
from tests.support.in_process.sends import A, send_unanswered


@pytest.mark.parametrize("late", ["SUCCESS", "FAIL"])
def test_a_status_in_two_functions_adopts_one_of_two_marks(
    linked: Bridge, monkeypatch: pytest.MonkeyPatch, late: str
) -> None:
    """Neither function found a message; the second one then finds a second mark, and a message with the sid."""
    (first,) = send_unanswered(linked, A)
    linked.clock.advance(seconds=100)
    send_unanswered(linked, A, out_id="task-2")
    linked.callback([tencent.status(first)])
    early_event = linked.pump.receive("settle")
    linked.callback([tencent.status(first, late)])
    late_event = linked.pump.receive("settle")
    assert early_event
    assert late_event
    linked.clock.advance(seconds=40)
    adopt, pending = messages.adopt, [early_event]

    def after_the_other(phone: str, sid: str, unknown: list[Message]) -> Message | None:
        if pending:
            linked.pump.invoke("settle", pending.pop())
        return adopt(phone, sid, unknown)

    monkeypatch.setattr(messages, "adopt", after_the_other)
    linked.pump.invoke("settle", late_event)
    linked.pump.run("settle", "push", hours=3)
    assert linked.quick_audience.reported(A, "task-1") == [(2, "DELIVERED")]
    assert sorted(one.state for one in messages.of_phone("86" + A)) == ["delivered", "unknown"]
    linked.clock.advance(hours=74)
    linked.pump.sweep()
    linked.pump.drain()
    assert linked.quick_audience.reported(A, "task-1") == [(2, "DELIVERED")]
    assert linked.quick_audience.reported(A, "task-2") == [(1, "OUTCOME_UNKNOWN")]


def test_a_sid_is_given_to_one_message(linked: Bridge) -> None:
    send_unanswered(linked, A)
    linked.clock.advance(seconds=100)
    send_unanswered(linked, A, out_id="task-2")
    assert messages.adopt("86" + A, "sid")
    assert messages.adopt("86" + A, "sid") is None
    found = messages.of_phone("86" + A)
    assert sorted((one.origin.out_id, one.unknown) for one in found) == [
        ("task-1", False),
        ("task-2", True),
    ]
