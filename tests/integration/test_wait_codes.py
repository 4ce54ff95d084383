"""deliver: refusals that the operator lets the bridge wait for (TENCENT_WAIT_CODES)."""

import itertools
from collections import Counter

import pytest

from chalicelib.setting_formats import WAITABLE
from chalicelib.store import breakers
from tests.support.in_process import tencent
from tests.support.in_process.bridge import Bridge
from tests.support.in_process.sends import (
    PHONES,
    A,
    B,
    C,
    D,
    accept,
    outcomes,
    reported,
    times_sent,
)
from tests.support.in_process.sweeping import NOT_SENT
from tests.support.in_process.tencent import numbers_refused, refused
from tests.support.thoroughness import some

# As the answer of a whole bulk call, these may be meant for one of its numbers.
OF_A_NUMBER = (1023, 1024, 1025, 1026)


@pytest.fixture
def waits(linked: Bridge) -> Bridge:
    linked.configure(TENCENT_WAIT_CODES=",".join(map(str, WAITABLE)))
    return linked


def check_all_sent_once(bridge: Bridge) -> None:
    assert times_sent(bridge) == Counter(PHONES)
    assert bridge.pump.count("sends") == bridge.pump.count("sends-dead") == 0
    assert not bridge.quick_audience.receipts
    assert not bridge.pump.failures


@pytest.mark.both_apis
@pytest.mark.parametrize("code", some(WAITABLE, 3))
def test_a_refused_bulk_call_waits(waits: Bridge, code: int) -> None:
    answer = accept(waits, *PHONES)
    waits.tencent.always("send", refused(code))
    waits.pump.run("deliver", "push", hours=2)
    assert outcomes(waits, answer) == dict.fromkeys(PHONES, "…")
    waits.tencent.always("send", None)
    waits.pump.run("deliver", "push", hours=1)
    check_all_sent_once(waits)


@pytest.mark.parametrize("code", WAITABLE)
def test_refused_single_calls_wait(waits: Bridge, code: int) -> None:
    answer = accept(waits, *PHONES, singly=True)
    for phone in (B, D):
        waits.tencent.next("86" + phone, *[refused(code)] * 3)
    waits.pump.drain("deliver")
    assert [one == "…" for one in outcomes(waits, answer).values()] == [False, True, False, True]
    waits.pump.run("deliver", "push", hours=1)
    check_all_sent_once(waits)
    assert Counter(call.phones[0][2:] for call in waits.tencent.send_calls) == {
        A: 1,
        B: 4,
        C: 1,
        D: 4,
    }


@pytest.mark.both_apis
@pytest.mark.parametrize("code", WAITABLE)
def test_refused_numbers_of_a_bulk_call_wait(waits: Bridge, code: int) -> None:
    accept(waits, *PHONES)
    waits.tencent.next(
        "send", numbers_refused({"86" + A: code, "86" + C: code}), numbers_refused({"86" + C: code})
    )
    waits.pump.run("deliver", "push", hours=1)
    check_all_sent_once(waits)
    assert [sorted(call.phones) for call in waits.tencent.send_calls] == [
        ["86" + phone for phone in PHONES],
        ["86" + A, "86" + C],
        ["86" + C],
    ]


@pytest.mark.parametrize("code", OF_A_NUMBER)
def test_only_the_number_for_which_a_bulk_call_is_refused_waits(waits: Bridge, code: int) -> None:
    answer = accept(waits, *PHONES)
    bad = "86" + C

    def behave(fake: tencent.FakeTencent, call: tencent.Call) -> tencent.Answer:
        return refused(code)(fake, call) if bad in call.phones else fake.obey(call)  # type: ignore[return-value]

    waits.tencent.always("send", behave)
    waits.pump.drain("deliver")
    assert times_sent(waits) == Counter([A, B, D])
    assert outcomes(waits, answer)[C] == "…"
    waits.tencent.always("send", None)
    waits.pump.run("deliver", "push", hours=1)
    check_all_sent_once(waits)


@pytest.mark.parametrize("code", some(sorted(set(WAITABLE) - set(OF_A_NUMBER)), 3))
def test_a_refusal_of_the_application_costs_one_call_at_each_attempt(
    waits: Bridge, code: int
) -> None:
    accept(waits, *PHONES)
    waits.tencent.always("send", refused(code))
    waits.pump.run("deliver", hours=5)
    times = [call.at for call in waits.tencent.send_calls]
    pauses = [round(later - earlier) for earlier, later in itertools.pairwise(times)]
    assert pauses == [min(30 * number, 900) for number in range(1, len(pauses) + 1)]
    assert len(times) > 30


@pytest.mark.parametrize("code", some(WAITABLE, 3))
def test_a_refusal_that_is_waited_for_does_not_open_the_breaker(waits: Bridge, code: int) -> None:
    accept(waits, *PHONES, singly=True)
    waits.tencent.always("send", refused(code))
    waits.pump.run("deliver", hours=1)
    assert breakers.get_open("tencent") is None
    assert not waits.tencent.calls_of("get_template")[1:], "except for the review of the template"


@pytest.mark.parametrize("singly", [False, True])
@pytest.mark.parametrize("code", WAITABLE)
def test_codes_that_are_not_named_fail_at_once(linked: Bridge, code: int, *, singly: bool) -> None:
    answer = accept(linked, *PHONES, singly=singly)
    linked.tencent.always("send", refused(code))
    linked.pump.drain("deliver")
    assert linked.pump.count("sends") == 0
    (failure,) = set(outcomes(linked, answer).values())
    assert failure.startswith("isv.")
    assert reported(linked) == {phone: {(1, failure)} for phone in PHONES}


def test_a_code_that_is_not_named_fails_at_once_beside_one_that_is(linked: Bridge) -> None:
    linked.configure(TENCENT_WAIT_CODES="1024")
    accept(linked, *PHONES)
    linked.tencent.next("send", numbers_refused({"86" + A: 1024, "86" + B: 1025}))
    linked.pump.run("deliver", "push", hours=1)
    assert times_sent(linked) == Counter([A, C, D])
    assert reported(linked) == {B: {(1, "isv.BUSINESS_LIMIT_CONTROL")}}


def test_recipients_that_wait_for_72_hours_are_reported_as_not_sent(
    waits: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chalicelib.functions.sweep._HOURS_BACK", 3)
    accept(waits, A)
    waits.tencent.always("send", refused(1029))
    waits.pump.run("deliver", hours=2)
    # The same happens every quarter of an hour.
    waits.clock.advance(hours=72)
    waits.pump.sweep()
    assert reported(waits) == {A: {NOT_SENT}}
    waits.tencent.always("send", None)
    waits.pump.run("deliver", "push", hours=2)
    assert not waits.tencent.sent
    assert len(waits.quick_audience.receipts) == 1
    assert waits.pump.count("sends") == waits.pump.count("sends-dead") == 0
