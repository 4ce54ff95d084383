"""deliver: while Tencent refuses for the account's sake, nobody fails; afterwards everybody is sent to once."""

import json
import time
from collections import Counter
from typing import Any, get_args

import pytest

from chalicelib.domain.breaker import HOLDS, Hold
from chalicelib.domain.planning import Call, Chunk
from chalicelib.domain.send_request import SendRequest
from chalicelib.functions import release, sweep
from chalicelib.queues import sending
from chalicelib.queues.bodies import SendBody
from chalicelib.store import breakers, chunks, send_requests, waiting
from tests.support import thoroughness
from tests.support.in_process import tencent, web
from tests.support.in_process.bridge import SIGN, Answer, Bridge
from tests.support.in_process.operator import answer, ops
from tests.support.in_process.quickaudience import by_phone
from tests.support.in_process.sends import PHONES, A, B, C, D, accept, outcomes, times_sent
from tests.support.in_process.sweeping import NOT_SENT
from tests.support.in_process.tencent import coded, lost, numbers_refused, refused, shown
from tests.support.thoroughness import some

NUMBERS = [f"139{number:08d}" for number in range(2000)]
HONG_KONG = "+85251234567"
# Which hold each code opens, where calls to the mainland are refused.
CODES: dict[int, Hold] = {
    1001: "tencent-account",
    1003: "tencent-account",
    1006: "tencent-mainland",
    1009: "tencent-account",
    1011: "tencent-mainland",
    1019: "tencent-account",
    1020: "tencent-account",
    1021: "tencent-account",
    1031: "tencent-mainland",
    1033: "tencent-account",
}


def open_holds() -> set[Hold]:
    return {name for name in HOLDS if breakers.get_open(name)}


def refuse(bridge: Bridge, code: int, what: str = "send") -> None:
    bridge.tencent.always(what, refused(code, "不行"))


def top_up(bridge: Bridge) -> None:
    for what in ("send", "sendsms", "sendmultisms2", "sendisms"):
        bridge.tencent.always(what, None)


def package_of(count: int) -> tencent.Behaviour:
    """Send to that many numbers; then the package is empty."""
    left = [count]

    def behave(fake: tencent.FakeTencent, call: tencent.Call) -> Any:
        if len(call.phones) > left[0]:
            return refused(1031, "套餐包余量不足")(fake, call)
        left[0] -= len(call.phones)
        return fake.obey(call)

    return behave


def minutes(bridge: Bridge, count: int) -> None:
    """Let the functions run each minute."""
    for _ in range(count):
        bridge.clock.advance(seconds=60)
        bridge.pump.drain("deliver")


def check_all_sent_once(bridge: Bridge, phones: list[str]) -> None:
    assert times_sent(bridge) == Counter(phones)
    assert bridge.pump.count("sends") == bridge.pump.count("sends-dead") == 0
    assert not bridge.quick_audience.receipts
    assert not open_holds()
    assert not bridge.pump.failures


# --- the campaign of the review ------------------------------------------------------------------


@pytest.mark.parametrize(("singly"), some([True, False], 2), ids=some(["different", "equal"], 2))
def test_review_20_a_package_that_is_empty_in_mid_campaign_fails_nobody(
    linked: Bridge, *, singly: bool
) -> None:
    """Of 2,000 recipients, or 600, 400 are sent to; then the package is empty for a while."""
    phones = NUMBERS if thoroughness.ALL else NUMBERS[:600]
    linked.tencent.always("send", package_of(400))
    accept(linked, *phones, singly=singly)
    linked.pump.drain("deliver")
    made = len(linked.tencent.send_calls)
    assert len(linked.tencent.sent) == 400
    parallel = 16
    assert made <= (400 if singly else 2) + parallel
    minutes(linked, 15)
    assert open_holds() == {"tencent-mainland"}
    probes = linked.tencent.send_calls[made:]
    assert len(probes) == 15
    assert {len(call.phones) for call in probes} == {1}
    linked.pump.drain("push")
    assert linked.quick_audience.receipts == []

    top_up(linked)
    minutes(linked, 3)

    check_all_sent_once(linked, phones)
    linked.deliver_all()
    linked.pump.run("settle", "push", hours=1)
    reported = by_phone(linked.quick_audience.receipts)
    assert reported == {phone: {(2, "DELIVERED")} for phone in phones}


def test_the_same_request_meanwhile_is_the_same_and_sends_nothing_twice(linked: Bridge) -> None:
    refuse(linked, 1031)
    code = linked.template()
    first = linked.campaign(PHONES, {"name": "您"}, code=code)
    linked.pump.drain("deliver")
    again = linked.campaign(PHONES, {"name": "您"}, code=code)
    assert again["bizId"] == first["bizId"]
    top_up(linked)
    minutes(linked, 3)
    check_all_sent_once(linked, PHONES)


# --- what is held --------------------------------------------------------------------------------


@pytest.mark.both_apis
@pytest.mark.parametrize("singly", [False, True], ids=["bulk", "single"])
@pytest.mark.parametrize(("code", "hold"), some(CODES.items(), 3))
def test_a_refusal_of_the_account_holds_what_it_concerns(
    linked: Bridge, code: int, hold: Hold, *, singly: bool
) -> None:
    answer = accept(linked, *PHONES, singly=singly)
    refuse(linked, code)
    linked.pump.drain("deliver", "push")
    assert open_holds() == {hold}
    assert set(outcomes(linked, answer).values()) == {"…"}
    minutes(linked, 5)
    assert linked.pump.count("sends") == 1
    top_up(linked)
    minutes(linked, 2)
    check_all_sent_once(linked, PHONES)


@pytest.mark.parametrize(("code", "hold"), CODES.items())
def test_a_hold_on_the_account_stops_foreign_sends_and_one_on_the_mainland_does_not(
    linked: Bridge, code: int, hold: Hold
) -> None:
    foreign = linked.template("Hello", 3)
    refuse(linked, code)
    accept(linked, *PHONES)
    linked.pump.drain("deliver")
    top_up(linked)
    linked.campaign([HONG_KONG], code=foreign, out_id="abroad")
    linked.pump.drain("deliver")
    everything = hold == "tencent-account"
    assert bool(linked.tencent.sent_to("85251234567")) is not everything
    assert not times_sent(linked)[A]


def test_an_empty_package_for_foreign_messages_holds_only_those(linked: Bridge) -> None:
    foreign = linked.template("Hello", 3)
    linked.tencent.always("sendisms", refused(1031))
    linked.campaign([HONG_KONG], code=foreign, out_id="abroad")
    linked.pump.drain("deliver")
    assert open_holds() == {"tencent-foreign"}
    accept(linked, *PHONES)
    linked.pump.drain("deliver")
    assert times_sent(linked) == Counter(PHONES)
    assert linked.pump.count("sends") == 1
    top_up(linked)
    minutes(linked, 2)
    assert linked.tencent.sent_to("85251234567")
    assert not open_holds()


def test_a_code_that_concerns_a_kind_of_template_fails_at_once(linked: Bridge) -> None:
    answer = accept(linked, *PHONES)
    refuse(linked, 1032)
    linked.pump.drain("deliver")
    assert set(outcomes(linked, answer).values()) == {"isv.SMS_TEMPLATE_ILLEGAL"}
    assert not open_holds()
    assert linked.pump.count("sends") == 0


@pytest.mark.both_apis
def test_numbers_of_a_bulk_call_that_are_refused_for_the_account_wait(linked: Bridge) -> None:
    """The package is used up in the middle of a call."""
    answer = accept(linked, *PHONES)
    linked.tencent.next("send", numbers_refused({"86" + C: 1031, "86" + D: 1031, "86" + B: 1016}))
    linked.pump.drain("deliver")
    found = outcomes(linked, answer)
    assert (found[B], found[C], found[D]) == ("isv.MOBILE_NUMBER_ILLEGAL", "…", "…")
    assert open_holds() == {"tencent-mainland"}
    minutes(linked, 1)
    assert times_sent(linked) == Counter([A, C, D])
    assert not open_holds()


def mixed(bridge: Bridge) -> list[Call]:
    """A chunk that has calls to the mainland and a foreign one, as a plan of another release may have."""
    now = int(time.time())
    request = SendRequest(
        out_id="mixed",
        biz_id="biz of mixed",
        sign=SIGN,
        template_code="7000",
        revision=1,
        tpl_id=7000,
        accepted_at=now,
        recipients=3,
    )
    calls = [Call(("86" + A, "86" + B), ()), Call(("85251234567",), ())]
    send_requests.record(request)
    keys = chunks.record_plan(request, [Chunk(0, tuple(calls))])
    sending.send("sends", [SendBody(key) for key in keys])
    return calls


@pytest.mark.parametrize(
    ("refusing", "code", "sent_first", "gate"),
    [
        ("sendmultisms2", 1031, {"85251234567"}, "tencent-mainland"),
        ("sendisms", 1031, {"86" + A, "86" + B}, "tencent-foreign"),
        ("sendmultisms2", 1001, set(), "tencent-account"),
    ],
)
def test_a_chunk_sends_what_is_not_held_and_its_rest_waits_at_the_right_gate(
    linked: Bridge, refusing: str, code: int, sent_first: set[str], gate: Hold
) -> None:
    linked.configure(TENCENT_PARALLEL_CALLS="4")
    mixed(linked)
    breakers.trip(gate, "before", int(time.time()), code)
    linked.tencent.always(refusing, refused(code))
    linked.tencent.always("sendsms", refused(code) if refusing == "sendmultisms2" else None)
    linked.pump.drain("deliver")
    assert {sms.phone for sms in linked.tencent.sent} == sent_first
    assert [one.queue for one in waiting.at(gate)] == ["sends"]
    assert linked.pump.count("sends") == 1
    top_up(linked)
    minutes(linked, 2)
    assert Counter(sms.phone for sms in linked.tencent.sent) == Counter(
        ["86" + A, "86" + B, "85251234567"]
    )
    assert linked.pump.count("sends") == 0


def test_a_chunk_whose_kinds_are_both_held_is_sent_once_both_are_free(linked: Bridge) -> None:
    mixed(linked)
    refuse(linked, 1031)
    linked.pump.drain("deliver")
    minutes(linked, 3)
    assert open_holds() == {"tencent-mainland", "tencent-foreign"}
    assert not linked.tencent.sent
    linked.tencent.always("send", None)
    linked.tencent.always("sendisms", refused(1031))
    minutes(linked, 3)
    assert {sms.phone for sms in linked.tencent.sent} == {"86" + A, "86" + B}
    assert open_holds() == {"tencent-foreign"}
    top_up(linked)
    minutes(linked, 3)
    assert len(linked.tencent.sent) == 3
    assert linked.pump.count("sends") == 0


# --- probes --------------------------------------------------------------------------------------


@pytest.fixture
def held(linked: Bridge) -> Bridge:
    """A bridge that waits for a package, with PHONES, who have different messages."""
    refuse(linked, 1031)
    accept(linked, *PHONES, singly=True)
    linked.pump.drain("deliver")
    assert open_holds() == {"tencent-mainland"}
    linked.tencent.calls.clear()
    return linked


def test_a_probe_is_one_call_to_a_single_number(linked: Bridge) -> None:
    refuse(linked, 1009)
    accept(linked, *PHONES)
    linked.pump.drain("deliver")
    linked.tencent.calls.clear()
    for number in range(1, 4):
        minutes(linked, 1)
        assert [len(call.phones) for call in linked.tencent.calls] == [1] * number


def test_no_chunk_is_claimed_while_no_probe_is_due(held: Bridge) -> None:
    code = held.template()
    for number in range(3):
        held.campaign([NUMBERS[number]], {"name": "x"}, code=code, out_id=f"later-{number}")
    held.pump.drain("deliver")
    assert held.pump.set_aside("sends") == 4
    for number in range(3):
        (request,) = send_requests.of_out_id(f"later-{number}")
        ((_, progress),) = chunks.all_progress(f"later-{number}", request.biz_id)
        assert not progress.claimed
    assert not held.tencent.send_calls


def test_one_function_at_a_time_probes(held: Bridge) -> None:
    code = held.template()
    for number in range(4):
        held.campaign([NUMBERS[number]], {"name": "x"}, code=code, out_id=f"later-{number}")
    held.pump.drain("deliver")
    held.clock.advance(seconds=60)
    others: list[bool | None] = []

    def meanwhile() -> None:
        others.append(held.pump.invoke_once("deliver", batch=2))

    held.tencent.next("send", tencent.and_first(meanwhile, refused(1031)))
    held.pump.invoke_once("deliver", batch=2)
    assert others == [True]
    assert len(held.tencent.send_calls) == 1


def test_a_number_that_is_refused_for_its_own_sake_does_not_end_a_hold(held: Bridge) -> None:
    """It may be refused before Tencent looks at the package. The next number tells."""
    held.tencent.always("86" + A, refused(1016))
    minutes(held, 1)
    assert [call.phones for call in held.tencent.send_calls] == [["86" + A], ["86" + B]]
    assert open_holds() == {"tencent-mainland"}
    assert outcome_codes(held) == {A: "isv.MOBILE_NUMBER_ILLEGAL", B: "…", C: "…", D: "…"}
    top_up(held)
    minutes(held, 1)
    assert times_sent(held) == Counter([B, C, D])
    assert not open_holds()


def outcome_codes(bridge: Bridge) -> dict[str, Any]:
    (request,) = send_requests.of_out_id("task-1")
    return outcomes(bridge, Answer(200, {"bizId": request.biz_id}))


@pytest.mark.parametrize("behaviour", [lost(web.read_timeout, sent=False), refused(1013)])
def test_a_probe_without_an_answer_ends_no_hold_and_costs_one_recipient_at_most(
    held: Bridge, behaviour: tencent.Behaviour
) -> None:
    held.tencent.next("send", behaviour)
    minutes(held, 1)
    assert len(held.tencent.send_calls) == 1
    assert open_holds() == {"tencent-mainland"}
    assert sum(one is None for one in outcome_codes(held).values()) <= 1
    top_up(held)
    minutes(held, 3)
    assert len(held.tencent.sent) >= 3
    assert max(times_sent(held).values()) == 1
    assert held.pump.count("sends") == 0


def test_the_first_accepted_probe_lets_everybody_go_on(held: Bridge) -> None:
    code = held.template()
    for number in range(5):
        held.campaign([NUMBERS[number]], {"name": "x"}, code=code, out_id=f"later-{number}")
    held.pump.drain("deliver")
    top_up(held)
    minutes(held, 2)
    check_all_sent_once(held, [*PHONES, *NUMBERS[:5]])


def test_both_breaker_and_hold_are_probed_by_the_same_call(held: Bridge) -> None:
    """Tencent stops answering while it is held: whichever ends first, nothing is sent to anybody twice."""
    breakers.trip("tencent", "no answer", int(time.time()))
    held.tencent.always("get_template", lost(web.never_connected, sent=False))
    minutes(held, 5)
    assert not held.tencent.send_calls
    held.tencent.always("get_template", None)
    minutes(held, 5)
    assert breakers.get_open("tencent") is None
    assert open_holds() == {"tencent-mainland"}
    assert 1 <= len(held.tencent.send_calls) <= 5
    top_up(held)
    minutes(held, 5)
    check_all_sent_once(held, PHONES)


def test_another_refusal_changes_the_reason(held: Bridge) -> None:
    before = breakers.get_open("tencent-mainland")
    assert before
    refuse(held, 1006)
    minutes(held, 1)
    after = breakers.get_open("tencent-mainland")
    assert after
    assert (before.code, after.code) == (coded(1031), coded(1006))
    assert after.opened_at == before.opened_at
    assert shown(1006) in after.why
    refuse(held, 1001)
    minutes(held, 1)
    assert open_holds() == {"tencent-mainland", "tencent-account"}
    refuse(held, 1031)
    minutes(held, 2)
    assert open_holds() == {"tencent-mainland"}, "the account is accepted again"


def test_chunks_that_were_closed_do_not_hold_up_the_probe(
    linked: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Messages of chunks that sweep has closed still wait at the gate."""
    monkeypatch.setattr(sweep, "_HOURS_BACK", 3)
    monkeypatch.setattr(release, "_CANDIDATES", 3)
    refuse(linked, 1031)
    code = linked.template()
    for number in range(6):
        linked.campaign([NUMBERS[number]], {"name": "x"}, code=code, out_id=f"early-{number}")
    linked.pump.drain("deliver")
    linked.clock.advance(hours=73)
    linked.pump.sweep()
    accept(linked, *PHONES)
    linked.pump.drain("deliver")
    top_up(linked)
    minutes(linked, 5)
    assert times_sent(linked) == Counter(PHONES)
    assert not open_holds()
    minutes(linked, 2)
    assert linked.pump.count("sends") == 0


# --- its end -------------------------------------------------------------------------------------


def test_after_72_hours_everybody_is_reported_as_not_sent_and_nobody_before(
    linked: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweep, "_HOURS_BACK", 4)
    refuse(linked, 1031)
    accept(linked, *PHONES)
    linked.pump.drain("deliver")
    # What happens in between is the same each minute.
    linked.clock.advance(hours=71)
    minutes(linked, 2)
    linked.pump.sweep()
    linked.pump.drain("push")
    assert linked.quick_audience.receipts == []
    linked.clock.advance(hours=2)
    linked.pump.sweep()
    linked.pump.drain("push")
    assert by_phone(linked.quick_audience.receipts) == {phone: {NOT_SENT} for phone in PHONES}
    top_up(linked)
    minutes(linked, 3)
    linked.pump.run("push", hours=1)
    assert not linked.tencent.sent
    assert len(linked.quick_audience.receipts) == 4
    assert linked.pump.count("sends") == linked.pump.count("sends-dead") == 0


def test_an_operator_ends_a_hold_without_waiting_for_a_probe(local: Bridge) -> None:
    local.link()
    refuse(local, 1031)
    accept(local, *PHONES)
    local.pump.drain("deliver")
    top_up(local)
    local.clock.advance(seconds=5)
    assert answer("breaker", "close", "tencent-mainland")["state"] == "closed"
    local.pump.drain("deliver")
    check_all_sent_once(local, PHONES)


def test_a_hold_that_is_closed_too_early_opens_again_and_fails_nobody(local: Bridge) -> None:
    local.link()
    refuse(local, 1031)
    accept(local, *PHONES, singly=True)
    local.pump.drain("deliver")
    for _ in range(3):
        answer("breaker", "close", "tencent-mainland")
        local.clock.advance(seconds=60)
        local.pump.drain("deliver")
        assert open_holds() == {"tencent-mainland"}
    top_up(local)
    minutes(local, 2)
    check_all_sent_once(local, PHONES)


# --- what an operator sees -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "hold", "words"),
    [
        pytest.param(
            *(1001, "tencent-account", "App Key"), marks=pytest.mark.v5_only("3.0 has other keys")
        ),
        (1009, "tencent-account", "whitelist"),
        (1031, "tencent-mainland", "no messages are left in the package"),
        (1033, "tencent-account", "arrears"),
    ],
)
def test_breaker_show_and_doctor_say_why_sending_is_held(
    local: Bridge, code: int, hold: Hold, words: str
) -> None:
    local.link()
    refuse(local, code)
    accept(local, *PHONES)
    local.pump.drain("deliver")
    (row,) = [one for one in answer("breaker", "show") if one["breaker"] == hold]
    assert (row["state"], row["since"]) == ("open", "2026-03-02 10:00:00")
    assert row["nextTry"] == "2026-03-02 10:00:55"
    for text in (f"Tencent {shown(code)}", "不行", words):
        assert text in row["why"]
    result = ops("doctor", "--json")
    assert result.exit_code == 1
    found = {one["check"]: one for one in json.loads(result.stdout)}
    assert found[f"breaker {hold}"]["state"] == "error"
    assert words in found[f"breaker {hold}"]["found"]
    assert f"ops breaker close {hold}" in found[f"breaker {hold}"]["found"]
    assert {name for name, one in found.items() if one["state"] == "error"} == {f"breaker {hold}"}


# --- a table that can't be written ---------------------------------------------------------------


def fail(*_: Any) -> None:
    raise TimeoutError("DynamoDB can't be reached")


def test_a_hold_that_cannot_be_opened_costs_no_outcome(
    linked: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    linked.configure(TENCENT_PARALLEL_CALLS="4")
    answer = accept(linked, *PHONES, singly=True)
    linked.tencent.next("86" + B, refused(1031))
    with monkeypatch.context() as patch:
        patch.setattr(breakers, "trip", fail)
        linked.pump.invoke_once("deliver")
    found = outcomes(linked, answer)
    assert [sms.sid for sms in linked.tencent.sent] == [found[A]]
    assert (found[B], found[C], found[D]) == ("…", "…", "…")
    linked.clock.advance(seconds=60)
    linked.pump.run("deliver", hours=1)
    check_all_sent_once(linked, PHONES)


def test_a_hold_that_cannot_be_closed_costs_no_outcome(
    held: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    top_up(held)
    with monkeypatch.context() as patch:
        patch.setattr(breakers, "close", fail)
        minutes(held, 1)
    assert times_sent(held) == Counter(PHONES)
    assert open_holds() == {"tencent-mainland"}, "the next probe closes it"
    held.campaign([NUMBERS[0]], {"name": "x"}, code=held.template(), out_id="later")
    minutes(held, 2)
    check_all_sent_once(held, [*PHONES, NUMBERS[0]])


def test_a_rest_that_cannot_be_set_aside_comes_again(
    linked: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse(linked, 1031)
    accept(linked, *PHONES)
    with monkeypatch.context() as patch:
        patch.setattr(waiting, "put", fail)
        linked.pump.drain("deliver")
    top_up(linked)
    linked.clock.advance(seconds=60)
    linked.pump.run("deliver", hours=1)
    check_all_sent_once(linked, PHONES)


def test_every_hold_is_tested() -> None:
    assert set(CODES.values()) | {"tencent-foreign"} == set(get_args(Hold))
