"""deliver with a fault at every call.

In every case each recipient gets at most one message and one final state, which Quick Audience receives.
"""

import time
from collections import Counter

import pytest

from chalicelib.domain.planning import Failure
from chalicelib.store import messages
from tests.support.in_process import web
from tests.support.in_process.breaking import BrokenInvocations
from tests.support.in_process.bridge import Answer, Bridge
from tests.support.in_process.final_state_logs import check_logs
from tests.support.in_process.outside import FAULTS, Fault
from tests.support.in_process.quickaudience import by_phone
from tests.support.in_process.tencent import Answer as TencentAnswer
from tests.support.in_process.tencent import Call, FakeTencent, lost, refused

# Three share a call that refuses the third of them; one has to wait; the answer of one is lost; two are invalid.
PHONES = [f"1390000000{number}" for number in range(6)] + ["1390000****"]
PARAMS = [{"name": "您"}] * 3 + [{"name": "等"}, {"name": "失"}, {}, {"name": "您"}]
# The invocations needed: the calls, the refused recipients, and another attempt.
CALLS, REFUSED, AGAIN = range(3)


def refuse_the_third(tencent: FakeTencent, call: Call) -> TencentAnswer:
    return tencent.obey(call, {"86" + PHONES[2]: (1016, "no")})


def accept(bridge: Bridge) -> Answer:
    bridge.link()
    bridge.tencent.always("sendmultisms2", refuse_the_third)
    bridge.tencent.next("86" + PHONES[3], refused(1013))
    bridge.tencent.next("86" + PHONES[4], lost(web.read_timeout, sent=True))
    answer = bridge.campaign(PHONES, PARAMS, code=bridge.template())
    assert answer.code == "OK"
    return answer


@pytest.mark.parametrize(
    ("invocation", "how"),
    [(CALLS, how) for how in FAULTS]
    + [(other, how) for other in (REFUSED, AGAIN) for how in FAULTS if "killed" in how],
)
def test_every_recipient_gets_at_most_one_message_and_a_final_state(
    bridge: Bridge, monkeypatch: pytest.MonkeyPatch, how: Fault, invocation: int
) -> None:
    bridge.configure(TENCENT_PARALLEL_CALLS="4")
    monkeypatch.setattr("chalicelib.functions.sweep._HOURS_BACK", 10)
    answer = prepare(bridge, invocation)
    broken = BrokenInvocations(bridge, "deliver", how)
    expected = {
        CALLS: "tencent sendmultisms2",
        REFUSED: "sqs SendMessageBatch",
        AGAIN: "tencent sendsms",
    }
    assert expected[invocation] in broken.calls
    for _, what in broken:
        bridge.pump.run("deliver", "push", hours=3)
        check_outcomes(bridge, what, answer)
        check_receipts(bridge, what)


def prepare(bridge: Bridge, invocation: int) -> Answer:
    """Run up to the invocation under test."""
    answer = accept(bridge)
    for _ in range(invocation):
        bridge.pump.invoke_once("deliver")
    bridge.clock.move_to(max(time.time(), *bridge.pump.due("deliver")) + 0.001)
    return answer


def check_outcomes(bridge: Bridge, what: str, answer: Answer) -> None:
    sent = Counter(sms.phone for sms in bridge.tencent.sent)
    reported = by_phone(bridge.quick_audience.receipts)
    for progress in bridge.progress(answer):
        assert not progress.remaining_calls(), what
        for position, phone in enumerate(progress.plan.phones, progress.plan.start):
            outcome = progress.outcomes[position]
            times = sent[phone]
            assert times <= 1, f"{what}: {phone} got {times}"
            if isinstance(outcome, str):
                assert [sms.sid for sms in bridge.tencent.sent_to(phone)] == [outcome], what
                assert messages.find([(phone, outcome)]), what
            elif isinstance(outcome, Failure):
                assert times == 0, what
                assert reported[phone.removeprefix("86")] == {(1, outcome.code)}, what
            else:
                mark = messages.of_position(phone, answer["bizId"], position)
                assert mark is not None, f"{what}: nothing is known of {phone}"
                assert mark.unknown, what
    assert bridge.pump.count("sends") == bridge.pump.count("sends-dead") == 0


def check_receipts(bridge: Bridge, what: str) -> None:
    """Assert that each recipient has one receipt, which is true."""
    bridge.deliver_all()
    bridge.pump.run("settle", "push", hours=3)
    bridge.clock.advance(hours=73)
    bridge.pump.sweep()
    bridge.pump.drain()
    reported = by_phone(bridge.quick_audience.receipts)
    assert set(reported) == set(PHONES), what
    for phone in PHONES:
        assert len(reported[phone]) == 1, f"{what}: {phone} {reported[phone]}"
        delivered = reported[phone] == {(2, "DELIVERED")}
        assert delivered == bool(bridge.tencent.sent_to("86" + phone)), (
            f"{what}: {phone}, {reported[phone]}"
        )
    assert check_logs(what)
