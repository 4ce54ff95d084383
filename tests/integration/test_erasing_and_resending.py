"""`ops message erase` and `ops campaign resend` at the same moment, each at each call of the other.

The phone failed in one request of the campaign and was sent to in another. A resend that read the one request before
the number was erased, and the other one afterwards, would send a second message to it, and store it again.
"""

from collections.abc import Callable

import pytest

from chalicelib.store import resends
from ops import erasure, resend_drafts, resending
from ops.errors import OperatorError
from tests.support import thoroughness
from tests.support.in_process.bridge import Bridge
from tests.support.in_process.final_state_logs import stored_items
from tests.support.in_process.interruptions import At, aws_calls_of
from tests.support.in_process.outside import points
from tests.support.in_process.resends import PHONES, REFUSED, campaign, settle
from tests.support.in_process.snapshot import snapshot

ERASED = PHONES[0]


@pytest.fixture(autouse=True)
def short_search(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look for waiting recipients and parked events of the last hours only: each hour is a call."""
    monkeypatch.setattr(erasure, "_OPEN_HOURS", 2)
    monkeypatch.setattr(erasure, "_PARKED_DAYS", 1)


@pytest.fixture
def refused(local: Bridge, monkeypatch: pytest.MonkeyPatch) -> Bridge:
    """A campaign of which Tencent refused four recipients."""
    local.link()
    monkeypatch.setattr(resend_drafts, "STEP", 2)
    campaign(local)
    return local


@pytest.fixture
def sent_and_failed(refused: Bridge) -> Bridge:
    """A campaign of which four recipients failed, the first of whom got a message of another request."""
    refused.clock.advance(seconds=1)
    assert refused.campaign([ERASED], code=refused.template("又")).code == "OK"
    end(refused)
    return refused


@pytest.fixture
def failed(refused: Bridge) -> Bridge:
    """A campaign of which four recipients failed, all of whom a resend would send to."""
    end(refused)
    return refused


def end(bridge: Bridge) -> None:
    settle(bridge)
    # A resend then looks at the sign and the template anew, too.
    bridge.clock.advance(seconds=601)


def erase() -> bool:
    """Erase the number; return whether it is erased, or else something of it is under way."""
    try:
        found = erasure.find(ERASED)
        erasure.erase(found)
    except OperatorError as error:
        if "can't be erased yet" not in str(error):
            raise
        return False
    return True


def resend() -> bool:
    """Resend; return whether anything was sent, or else the resend was overtaken."""
    try:
        return bool(resending.resend("task-1")["recipients"])
    except OperatorError as error:
        if "or a number was erased" not in str(error):
            raise
        return False


def is_stored() -> bool:
    return any(ERASED in str(item) for item in stored_items())


OPERATIONS = {"resend at erase": (erase, resend), "erase at resend": (resend, erase)}
"""An operation, and the one that happens at each of its calls."""
BOTH = list(OPERATIONS)


def succeed(act: Callable[[], bool]) -> None:
    assert act()


def check(bridge: Bridge, what: object) -> None:
    """Check that the others get their message with the next resend, and that the number can be erased."""
    resend()
    settle(bridge)
    assert set(REFUSED[1:]) <= {sms.phone.removeprefix("86") for sms in bridge.tencent.sent}, what
    bridge.clock.advance(seconds=1)
    assert erase(), what
    assert not is_stored(), what
    assert not resends.get("task-1").unqueued, what


@pytest.mark.parametrize("operations", BOTH if thoroughness.ALL else BOTH[:1])
def test_a_phone_that_was_sent_to_gets_no_second_message(
    sent_and_failed: Bridge, monkeypatch: pytest.MonkeyPatch, operations: str
) -> None:
    at = At(monkeypatch)
    outer, inner = OPERATIONS[operations]
    names = aws_calls_of(sent_and_failed, lambda: succeed(outer))
    restore = snapshot(sent_and_failed)
    for number, name in points(names):
        restore()
        at.call(number, inner)
        outer()
        settle(sent_and_failed)
        check(sent_and_failed, (number, name))
        assert len(sent_and_failed.tencent.sent_to("86" + ERASED)) == 1, (number, name)


@pytest.mark.parametrize("operations", BOTH if thoroughness.ALL else BOTH[1:])
def test_an_erased_number_is_neither_sent_to_nor_stored_again(
    failed: Bridge, monkeypatch: pytest.MonkeyPatch, operations: str
) -> None:
    at = At(monkeypatch)
    outer, inner = OPERATIONS[operations]
    names = aws_calls_of(failed, lambda: succeed(outer))
    restore = snapshot(failed)
    ends: set[bool] = set()
    for number, name in points(names):
        restore()
        at.call(number, inner)
        result = outer()
        erased = result if outer is erase else bool(at.result)
        settle(failed)
        if erased:
            assert not is_stored(), (number, name)
        ends.add(erased)
        check(failed, (number, name))
    # Either command may win.
    assert ends == {True, False}


def test_a_number_that_is_sent_to_between_the_question_and_the_answer_is_not_erased(
    failed: Bridge,
) -> None:
    found = erasure.find(ERASED)
    assert resend()
    with pytest.raises(OperatorError, match="a message under task-1 is not sent yet"):
        erasure.erase(found)
    settle(failed)
    erasure.erase(found)
    assert not is_stored()


def test_a_resend_that_is_overtaken_by_an_erasure_says_so(
    failed: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_all = resend_drafts.Drafts.add_all

    def and_erase(*arguments: object, **more: object) -> None:
        erasure.erase(erasure.find(ERASED))
        add_all(*arguments, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(resend_drafts.Drafts, "add_all", and_erase)
    with pytest.raises(OperatorError, match="or a number was erased, so this one sent nothing"):
        resending.resend("task-1")
    monkeypatch.setattr(resend_drafts.Drafts, "add_all", add_all)
    assert resending.resend("task-1")["recipients"] == 3
