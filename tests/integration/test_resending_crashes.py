"""`ops campaign resend` with a fault at each of its calls, after which an operator gives it again."""

from collections import Counter
from contextlib import suppress

import pytest

from chalicelib.errors import BridgeError
from chalicelib.store import resends, send_requests
from ops import resend_drafts, resending
from ops.errors import OperatorError
from tests.support.in_process.bridge import Bridge
from tests.support.in_process.final_state_logs import check_logs, stored_items
from tests.support.in_process.interruptions import calls_of
from tests.support.in_process.outside import FAULTS, Fault, points
from tests.support.in_process.quickaudience import by_phone
from tests.support.in_process.resends import FAILED, PHONES, REFUSED, campaign, settle
from tests.support.in_process.snapshot import snapshot

DELIVERED = (2, "DELIVERED")


@pytest.fixture
def failed(linked: Bridge, monkeypatch: pytest.MonkeyPatch) -> Bridge:
    """A campaign of which four recipients failed; a resend plans each in a chunk of its own."""
    linked.configure(TENCENT_PARALLEL_CALLS="4", DAILY_LIMIT="10")
    monkeypatch.setattr(resend_drafts, "STEP", 1)
    monkeypatch.setattr("chalicelib.functions.sweep._HOURS_BACK", 10)
    campaign(linked)
    # The sign and the template are looked at, too.
    linked.clock.advance(seconds=601)
    return linked


def resend() -> None:
    resending.resend("task-1")


def resend_and_die(bridge: Bridge, at: int, how: Fault) -> None:
    """Resend with a fault at one of the calls, after which the process starts anew."""
    with bridge.outside.watched(at, how), suppress(Exception):
        resend()
    bridge.restart()


def sweep_the_rest(bridge: Bridge) -> None:
    """Let 74 hours pass: the sweep ends what has no end, and that is reported."""
    bridge.clock.advance(hours=74)
    bridge.pump.sweep()
    bridge.pump.run(hours=2)


def check(bridge: Bridge, what: str) -> None:
    """Check that everybody got one message, that both receipts were pushed, and that all counts are exact."""
    reported = settle(bridge)
    assert reported == {phone: FAILED.get(phone, set()) | {DELIVERED} for phone in PHONES}, what
    assert set(Counter(sms.phone for sms in bridge.tencent.sent).values()) == {1}, what
    assert check_logs(what)
    requests = send_requests.of_out_id("task-1")
    assert sum(request.recipients for request in requests if request.resend) == len(REFUSED), what
    assert not resends.get("task-1").unqueued, what
    # What was planned in vain is gone.
    biz_ids = {request.biz_id for request in requests}
    for item in stored_items():
        kind, _, rest = str(item["sk"]).partition("#")
        if kind == "CHUNK":
            assert rest.partition("#")[0] in biz_ids, what
        elif item["pk"].startswith("DUE#"):
            assert item["bizId"] in biz_ids, what


@pytest.mark.parametrize("how", FAULTS)
def test_a_command_that_dies_is_given_again(failed: Bridge, how: Fault) -> None:
    restore = snapshot(failed)
    restore()
    names = calls_of(failed, resend)
    assert len(names) > 15
    found = points(names)
    changes = {name for _, name in found}
    assert changes >= {"dynamodb TransactWriteItems", "sqs SendMessageBatch"}
    for at, name in found:
        restore()
        what = f"call {at}, {name}"
        resend_and_die(failed, at, how)
        failed.pump.run("deliver", hours=1)
        resend()
        check(failed, what)


@pytest.mark.parametrize("how", FAULTS)
def test_two_commands_that_die_one_after_the_other(failed: Bridge, how: Fault) -> None:
    """Of the second one, too, everything that was planned in vain is removed."""
    restore = snapshot(failed)
    restore()
    for at, name in points(calls_of(failed, resend)):
        restore()
        for again in (at, max(at - 1, 0)):
            resend_and_die(failed, again, how)
        resend()
        check(failed, f"call {at}, {name}")


@pytest.mark.parametrize("how", FAULTS)
def test_a_command_that_dies_and_is_not_given_again_ends(failed: Bridge, how: Fault) -> None:
    """72 hours later, each recipient who was accepted and not sent to has failed once more: all have an end."""
    restore = snapshot(failed)
    restore()
    for at, name in points(calls_of(failed, resend)):
        restore()
        what = f"call {at}, {name}"
        resend_and_die(failed, at, how)
        settle(failed)
        sweep_the_rest(failed)
        reported = by_phone(failed.quick_audience.receipts)
        for phone in REFUSED:
            ends = reported[phone] - FAILED[phone]
            assert ends in (set(), {DELIVERED}, {(1, "NOT_SENT")}), what
        assert check_logs(what)
        # The recipients who were not sent to can be sent to then.
        with suppress(BridgeError, OperatorError):
            resend()
        assert set(settle(failed)) == set(PHONES)
        assert len(failed.tencent.sent) == len(PHONES), what


@pytest.mark.parametrize("how", FAULTS)
def test_the_daily_limit_counts_once(failed: Bridge, how: Fault) -> None:
    """Exactly the four recipients fit into the limit: a command that died before the commit used none of it."""
    restore = snapshot(failed)
    restore()
    names = calls_of(failed, resend)
    commit = names.index("dynamodb TransactWriteItems")
    for at in (commit - 1, commit, commit + 1):
        restore()
        resend_and_die(failed, at, how)
        resend()
        check(failed, f"call {at}, {names[at]}")


@pytest.mark.parametrize("how", FAULTS)
def test_deliver_dies_with_a_resend_in_hand_and_another_resend_comes(
    failed: Bridge, how: Fault
) -> None:
    resend()
    restore = snapshot(failed)
    restore()
    names = failed.pump.watch("deliver")
    for at, name in points(names):
        restore()
        what = f"call {at}, {name}"
        failed.pump.watch("deliver", at, how)
        resend()
        failed.pump.run("deliver", "push", hours=2)
        resend()
        settle(failed)
        assert max(Counter(sms.phone for sms in failed.tencent.sent).values()) == 1, what
        sweep_the_rest(failed)
        resend()
        settle(failed)
        assert check_logs(what)
