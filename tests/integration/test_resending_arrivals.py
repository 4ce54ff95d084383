"""Requests of Quick Audience that arrive under a campaign's outId while it is sent again.

Whatever of a request is stored under the outId before the resend's last look ends the resend, whether the request was
accepted, is being planned, or was cut off. So its phones get one message.
"""

from collections import Counter
from collections.abc import Callable

import pytest

from chalicelib.domain import planning
from chalicelib.store import batches, chunks, send_requests
from ops import resend_drafts, resending
from ops.errors import OperatorError
from tests.support import thoroughness
from tests.support.deployment.permissions import Guard
from tests.support.in_process.bridge import Bridge
from tests.support.in_process.interruptions import At, aws_calls_of, calls_of
from tests.support.in_process.outside import points
from tests.support.in_process.resends import PHONES, REFUSED, campaign
from tests.support.in_process.snapshot import snapshot

pytestmark = pytest.mark.counts("calls, and breaks at one of them")


@pytest.fixture
def at(linked: Bridge, monkeypatch: pytest.MonkeyPatch) -> At:
    """Requests are planned in steps: each chunk has one recipient, and each write one chunk."""
    monkeypatch.setattr(planning, "MAX_CALLS", 1)
    monkeypatch.setattr(batches, "_MAX_WRITES", 2)
    monkeypatch.setattr(resend_drafts, "STEP", 2)
    return At(monkeypatch)


@pytest.fixture
def ask(linked: Bridge, at: At) -> Callable[[], object]:
    """Make the campaign of which four recipients failed; return another request that names the first three."""
    campaign(linked)
    code = linked.template("又${name}")
    names = [{"name": phone} for phone in PHONES[:3]]
    linked.clock.advance(seconds=601)

    def ask() -> object:
        answer = linked.campaign(PHONES[:3], names, code=code)
        assert answer.code in ("OK", "isp.SYSTEM_ERROR")
        return answer

    return ask


def resend() -> int | None:
    """Resend; return to how many, or None if a request came meanwhile."""
    try:
        return int(resending.resend("task-1")["recipients"])
    except OperatorError as error:
        if "meanwhile, so nothing was sent" not in str(error):
            raise
        return None


def stored(bridge: Bridge) -> bool:
    """Return whether anything of a second request is stored under the outId."""
    of_chunks = {key.biz_id for key, _ in chunks.of_out_id("task-1")}
    return len(of_chunks | {one.biz_id for one in send_requests.of_out_id("task-1")}) > 1


def finish(bridge: Bridge) -> Counter[str]:
    """Let everything be sent, and return how often each phone was sent to."""
    bridge.pump.run("deliver", "push", hours=3)
    return Counter(sms.phone.removeprefix("86") for sms in bridge.tencent.sent)


def cut_off(bridge: Bridge, ask: Callable[[], object], chunk: int) -> None:
    """Make the request, and let its function die before it stores the chunk with this number."""
    names = calls_of(bridge, ask)
    writes = [number for number, name in enumerate(names) if name == "dynamodb BatchWriteItem"]
    die_at(bridge, ask, writes[chunk])
    assert len(send_requests.of_out_id("task-1")) == 1
    assert waiting_chunks() == chunk


def die_at(bridge: Bridge, ask: Callable[[], object], call: int) -> None:
    with bridge.outside.watched(call, "killed before"):
        ask()
    bridge.restart()


def waiting_chunks() -> int:
    return sum(not progress.outcomes for _, progress in chunks.of_out_id("task-1"))


def test_a_resend_at_each_call_of_a_request_that_is_being_accepted(
    linked: Bridge, at: At, ask: Callable[[], object], allowed_by_their_policies: Guard
) -> None:
    """Once anything of the request is stored under the outId, the resend waits for it."""

    def meanwhile() -> tuple[bool, int | None]:
        with allowed_by_their_policies.unchecked():
            return stored(linked), resend()

    names = aws_calls_of(linked, ask)
    restore = snapshot(linked)
    seen = Counter[str]()
    for number, _ in points(names):
        restore()
        at.call(number, meanwhile)
        ask()
        was_stored, recipients = at.result
        times = finish(linked)
        if was_stored:
            # The resend was refused, or it knew the whole request: nobody gets two.
            assert max(times.values()) == 1, number
        else:
            # The request comes after the resend.
            assert recipients == len(REFUSED), number
        seen["stored" if was_stored else "not stored"] += 1
    assert len(seen) == 2


def look_of(names: list[str]) -> int:
    """Return the number of the first call of a resend's last look: it follows the last write of its plan."""
    commit = names.index("dynamodb TransactWriteItems")
    return max(n for n in range(commit) if names[n] == "dynamodb BatchWriteItem") + 1


def test_a_request_that_is_accepted_at_each_call_of_a_resend(
    linked: Bridge, at: At, ask: Callable[[], object]
) -> None:
    check_at_each_call(linked, at, ask)


@pytest.mark.skipif(not thoroughness.ALL, reason="takes seconds: BREAKS=all runs it")
def test_a_request_that_was_cut_off_and_is_repeated_at_each_call_of_a_resend(
    linked: Bridge, at: At, ask: Callable[[], object]
) -> None:
    """Two of its three chunks are stored, and the repetition stores the third one."""
    cut_off(linked, ask, 2)
    linked.clock.advance(seconds=120)
    check_at_each_call(linked, at, ask)


def test_a_request_that_was_cut_off_and_is_cut_off_again_at_each_call_of_a_resend(
    linked: Bridge, at: At, ask: Callable[[], object]
) -> None:
    """Its repetition stores one more chunk and dies, and the next one completes it when the resend has ended.

    Nobody whose chunk is stored before the last look gets two messages. What is stored later comes after the resend.
    """
    cut_off(linked, ask, 1)
    linked.clock.advance(seconds=120)
    names = calls_of(linked, ask)
    third = [number for number, name in enumerate(names) if name == "dynamodb BatchWriteItem"][2]
    names = aws_calls_of(linked, resend)
    look = look_of(names)
    restore = snapshot(linked)
    ended = Counter[bool]()
    for number, name in points(names[: look + 1]):
        restore()
        at.call(number, lambda: die_at(linked, ask, third))
        is_ended = resend() is None
        assert waiting_chunks() >= 2
        ask()
        times = finish(linked)
        assert {times[phone] for phone in PHONES[: 3 if is_ended else 2]} == {1}, (number, name)
        ended[is_ended] += 1
    assert len(ended) == 2


def check_at_each_call(bridge: Bridge, at: At, ask: Callable[[], object]) -> None:
    """Check that a resend ends if a request is accepted before its last look, and that nobody gets two messages."""
    names = aws_calls_of(bridge, resend)
    look = look_of(names)
    restore = snapshot(bridge)
    for number, name in points(names):
        restore()
        at.call(number, ask)
        recipients = resend()
        times = finish(bridge)
        if number <= look:
            assert recipients is None or max(times.values()) == 1, (number, name)
        # Whatever happened, the next resend sends to those who got nothing.
        bridge.clock.advance(seconds=61)
        resending.resend("task-1")
        assert set(finish(bridge)) == set(PHONES), (number, name)
        if number <= look:
            assert max(finish(bridge).values()) == 1, (number, name)


def test_a_request_that_is_being_planned_is_waited_for(
    linked: Bridge, at: At, ask: Callable[[], object]
) -> None:
    """Its function may store more. After a minute it is dead, and the recipients of what it stored are left out."""
    cut_off(linked, ask, 1)
    with pytest.raises(OperatorError, match="a request is being accepted under task-1"):
        resending.resend("task-1")
    linked.clock.advance(seconds=59)
    assert resend() is None
    linked.clock.advance(seconds=2)
    assert resend() == len(REFUSED) - 1
