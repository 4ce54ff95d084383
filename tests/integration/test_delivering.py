"""deliver: the calls to Tencent, and the outcome of each kind of answer."""

import itertools
from collections import Counter
from typing import Any

import pytest

from tests.support import thoroughness
from tests.support.in_process import tencent, web
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
from tests.support.in_process.tencent import (
    lost,
    numbers_refused,
    obeyed,
    raw_answer,
    refused,
    shown,
    unmentioned,
)


@pytest.mark.both_apis
def test_equal_messages_share_one_call(linked: Bridge) -> None:
    answer = accept(linked, *PHONES)
    linked.pump.drain("deliver")
    (call,) = linked.tencent.send_calls
    assert call.name == "sendmultisms2"
    assert call.phones == ["86" + phone for phone in PHONES]
    assert {name: call.body[name] for name in ("sign", "tpl_id", "params", "ext", "extend")} == {
        "sign": "某某科技",
        "tpl_id": 7000,
        "params": ["您"],
        "ext": "",
        "extend": "",
    }
    sids = {sms.phone[2:]: sms.sid for sms in linked.tencent.sent}
    assert outcomes(linked, answer) == sids


@pytest.mark.both_apis
def test_different_messages_get_single_calls(linked: Bridge) -> None:
    answer = accept(linked, *PHONES, singly=True)
    linked.pump.drain("deliver")
    assert {call.name for call in linked.tencent.send_calls} == {"sendsms"}
    assert {(sms.phone[2:], sms.params) for sms in linked.tencent.sent} == {
        (phone, (phone,)) for phone in PHONES
    }
    assert outcomes(linked, answer) == {sms.phone[2:]: sms.sid for sms in linked.tencent.sent}


@pytest.mark.both_apis
def test_refused_numbers_of_a_bulk_call_fail_at_once_without_the_others(linked: Bridge) -> None:
    answer = accept(linked, *PHONES)
    linked.tencent.next("send", numbers_refused({"86" + A: 1015, "86" + C: 1016}, "拒收"))
    linked.pump.drain("deliver")
    found = outcomes(linked, answer)
    assert (found[A], found[C]) == ("isv.BLACK_KEY_CONTROL_LIMIT", "isv.MOBILE_NUMBER_ILLEGAL")
    assert times_sent(linked) == Counter([B, D])
    assert reported(linked) == {
        A: {(1, "isv.BLACK_KEY_CONTROL_LIMIT")},
        C: {(1, "isv.MOBILE_NUMBER_ILLEGAL")},
    }
    assert shown(1015) in linked.quick_audience.receipts[0]["message"]
    assert "拒收" in linked.quick_audience.receipts[0]["message"]


@pytest.mark.parametrize("code", [1002, 1007, 1012, 1014, 1017, 1029, 1032, 9999])
def test_a_refused_call_fails_all_its_numbers_once(linked: Bridge, code: int) -> None:
    answer = accept(linked, *PHONES)
    linked.tencent.always("send", refused(code, "不行"))
    linked.pump.run("deliver", hours=80)
    assert len(linked.tencent.send_calls) == 1
    (failure,) = set(outcomes(linked, answer).values())
    assert failure.startswith(("isv.", "isp."))
    assert reported(linked) == {phone: {(1, failure)} for phone in PHONES}
    assert all(shown(code) in one["message"] for one in linked.quick_audience.receipts)


@pytest.mark.both_apis
def test_a_bulk_call_that_is_refused_for_one_number_is_halved_until_that_number_is_found(
    linked: Bridge,
) -> None:
    answer = accept(linked, *PHONES)
    bad = "86" + C

    def behave(fake: tencent.FakeTencent, call: tencent.Call) -> tencent.Answer:
        return refused(1016)(fake, call) if bad in call.phones else fake.obey(call)  # type: ignore[return-value]

    linked.tencent.always("send", behave)
    linked.pump.drain("deliver")
    found = outcomes(linked, answer)
    assert found.pop(C) == "isv.MOBILE_NUMBER_ILLEGAL"
    assert found == {sms.phone[2:]: sms.sid for sms in linked.tencent.sent}
    assert times_sent(linked) == Counter([A, B, D])
    first, *later = [len(call.phones) for call in linked.tencent.send_calls]
    # The halves are called at the same time, so they end in either order.
    assert (first, sorted(later)) == (4, [1, 1, 2, 2])


def test_a_half_with_an_unknown_outcome_is_not_sent_again(linked: Bridge) -> None:
    answer = accept(linked, *PHONES)
    linked.tencent.next("send", refused(1016), lost(web.read_timeout, sent=True), obeyed)
    linked.pump.run("deliver", hours=80)
    found = outcomes(linked, answer)
    # The halves are sent at the same time: the answer of either may be the lost one.
    unknown = [found[phone] is None for phone in (A, B, C, D)]
    assert unknown in ([True, True, False, False], [False, False, True, True])
    assert times_sent(linked) == Counter(PHONES)


@pytest.mark.both_apis
@pytest.mark.parametrize(
    "behaviour",
    [
        refused(1013),
        lost(web.never_connected, sent=False),
        lost(web.connect_timeout, sent=False),
        lost(web.wrong_certificate, sent=False),
        raw_answer(429, b"slow down"),
    ],
)
@pytest.mark.parametrize("singly", [False, True])
def test_a_call_that_certainly_sent_nothing_is_retried_later(
    linked: Bridge, behaviour: tencent.Behaviour, *, singly: bool
) -> None:
    answer = accept(linked, A, B, singly=singly)
    calls = 2 if singly else 1
    linked.tencent.next("send", *[behaviour] * calls * 3)
    linked.pump.drain("deliver")
    assert times_sent(linked) == Counter()
    assert outcomes(linked, answer) == {A: "…", B: "…"}
    assert reported(linked) == {}
    linked.pump.run("deliver", hours=2)
    assert times_sent(linked) == Counter([A, B])
    assert outcomes(linked, answer) == {sms.phone[2:]: sms.sid for sms in linked.tencent.sent}
    assert linked.pump.count("sends") == 0


@pytest.mark.counts("attempts")
def test_attempts_become_rarer_and_never_stop(linked: Bridge) -> None:
    accept(linked, A)
    linked.tencent.always("send", refused(1013))
    hours = 20 if thoroughness.ALL else 6
    linked.pump.run("deliver", hours=hours)
    times = [call.at for call in linked.tencent.send_calls]
    pauses = [round(later - earlier) for earlier, later in itertools.pairwise(times)]
    assert len(pauses) > (60 if thoroughness.ALL else 30)
    # The pause of the attempt, and then perhaps the pause until the next probe of Tencent.
    for number, pause in enumerate(pauses, 1):
        assert min(30 * number, 900) <= pause <= min(30 * number, 900) + 66
    assert linked.pump.count("sends-dead") == 0


def test_only_waiting_recipients_get_another_attempt(linked: Bridge) -> None:
    answer = accept(linked, *PHONES, singly=True)
    linked.tencent.next("86" + B, refused(1013))
    linked.tencent.next("86" + C, lost(web.read_timeout, sent=False))
    linked.tencent.next("86" + D, refused(1016))
    linked.pump.run("deliver", hours=2)
    assert times_sent(linked) == Counter([A, B])
    found = outcomes(linked, answer)
    assert (found[C], found[D]) == (None, "isv.MOBILE_NUMBER_ILLEGAL")
    assert Counter(call.phones[0][2:] for call in linked.tencent.send_calls) == {
        A: 1,
        B: 2,
        C: 1,
        D: 1,
    }


@pytest.mark.both_apis
def test_a_number_that_only_has_to_wait_gets_another_attempt(linked: Bridge) -> None:
    accept(linked, A, B)
    linked.tencent.next("send", numbers_refused({"86" + B: 1013}))
    linked.pump.run("deliver", hours=2)
    assert times_sent(linked) == Counter([A, B])


UNKNOWN: dict[str, tencent.Behaviour] = {
    "1008": refused(1008),
    "60008": refused(60008),
    "60008 of the gateway": raw_answer(
        200, b'{"ActionStatus":"FAIL","ErrorCode":60008,"ErrorInfo":"t"}'
    ),
    "read timeout": lost(web.read_timeout, sent=True),
    "reset": lost(web.reset, sent=True),
    "500": raw_answer(500, b"oops", sent=True),
    "504": raw_answer(504, b"", sent=True),
    "empty": raw_answer(200, b"", sent=True),
    "garbage": raw_answer(200, b"<html>OK</html>", sent=True),
    "no result": raw_answer(200, b'{"errmsg": "OK"}', sent=True),
    "a list": raw_answer(200, b"[]", sent=True),
    "no sid": raw_answer(200, b'{"result": 0, "errmsg": "OK"}', sent=True),
    "cut off": raw_answer(200, b'{"result": 0, "det', sent=True),
}


@pytest.mark.both_apis
@pytest.mark.parametrize("what", UNKNOWN)
@pytest.mark.parametrize("singly", [False, True])
def test_a_call_that_may_have_sent_something_is_never_retried(
    linked: Bridge, what: str, *, singly: bool
) -> None:
    answer = accept(linked, A, B, singly=singly)
    linked.tencent.next("send", *[UNKNOWN[what]] * (2 if singly else 1))
    linked.pump.run("deliver", hours=80)
    assert len(linked.tencent.send_calls) == (2 if singly else 1)
    assert outcomes(linked, answer) == {A: None, B: None}
    assert reported(linked) == {}
    assert linked.pump.count("sends") == linked.pump.count("sends-dead") == 0


@pytest.mark.both_apis
def test_only_the_number_that_an_answer_leaves_out_is_unknown(linked: Bridge) -> None:
    answer = accept(linked, *PHONES)
    linked.tencent.next("send", unmentioned("86" + B))
    linked.pump.run("deliver", hours=80)
    found = outcomes(linked, answer)
    assert found[B] is None
    assert all(found[phone] for phone in (A, C, D))
    assert times_sent(linked) == Counter(PHONES)


@pytest.mark.both_apis
def test_a_number_refused_with_a_timeout_code_is_unknown(linked: Bridge) -> None:
    answer = accept(linked, A, B)
    linked.tencent.next("send", numbers_refused({"86" + A: 1008}))
    linked.pump.run("deliver", hours=80)
    assert outcomes(linked, answer)[A] is None
    assert len(linked.tencent.send_calls) == 1


@pytest.mark.both_apis
def test_a_crash_during_a_call_leaves_its_outcome_unknown(
    linked: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: Any) -> None:
        raise ZeroDivisionError

    answer = accept(linked, A, B)
    for transport in ("v5_transport", "api3_transport"):
        monkeypatch.setattr(f"chalicelib.tencent.{transport}._read", crash)
    linked.pump.run("deliver", hours=80)
    assert outcomes(linked, answer) == {A: None, B: None}
    assert len(linked.tencent.send_calls) == 1


def test_a_function_without_time_makes_no_call(linked: Bridge) -> None:
    accept(linked, A)
    event = linked.pump.receive("deliver")
    assert event
    assert not linked.pump.invoke("deliver", event, seconds=59)
    assert not linked.tencent.send_calls
    linked.pump.run("deliver", hours=2)
    assert times_sent(linked) == Counter([A])


def test_calls_that_do_not_fit_into_the_time_are_left_to_another_attempt(
    linked: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    linked.configure(TENCENT_PARALLEL_CALLS="4")
    answer = accept(linked, *PHONES, singly=True)
    slow = tencent.and_then(lambda: linked.clock.advance(seconds=14))
    linked.tencent.always("send", slow)
    event = linked.pump.receive("deliver")
    assert event
    assert linked.pump.invoke("deliver", event, seconds=60)
    assert Counter(type(one) for one in outcomes(linked, answer).values()) == {str: 4}
    assert list(outcomes(linked, answer).values()).count("…") == 1
    linked.tencent.always("send", None)
    linked.pump.run("deliver", hours=1)
    assert times_sent(linked) == Counter(PHONES)


def test_several_chunks_in_one_event_are_all_sent(linked: Bridge) -> None:
    phones = [f"139{number:08d}" for number in range(500)]
    accept(linked, *phones)
    event = linked.pump.receive("deliver", batch=5)
    assert event
    assert len(event["Records"]) == 3
    linked.pump.invoke("deliver", event)
    linked.pump.run("deliver", hours=2)
    assert times_sent(linked) == Counter(phones)


def test_an_unreadable_message_does_not_hold_up_the_others(linked: Bridge) -> None:
    answer = accept(linked, A)
    linked.pump.put("sends", "not JSON")
    linked.pump.put("sends", '{"outId": "unknown", "bizId": "x", "start": 0, "attempt": 0}')
    event = linked.pump.receive("deliver", batch=5)
    assert event
    assert linked.pump.invoke("deliver", event)
    assert all(outcomes(linked, answer).values())
    assert linked.pump.count("sends-dead") == 2


def test_a_chunk_without_a_request_ends_in_the_dead_letters(linked: Bridge) -> None:
    linked.pump.put("sends", '{"outId": "unknown", "bizId": "x", "start": 0, "attempt": 0}')
    linked.pump.invoke_once("deliver")
    assert linked.pump.count("sends") == 0
    assert linked.pump.count("sends-dead") == 1
    assert not linked.tencent.send_calls
