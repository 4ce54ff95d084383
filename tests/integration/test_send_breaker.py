"""deliver: while Tencent does not answer it is not called, and queued messages stay queued."""

import itertools
import time
from collections import Counter
from typing import Any

import pytest

from chalicelib.functions import sweep
from chalicelib.store import breakers, chunks, messages, send_requests
from tests.support.in_process import tencent, web
from tests.support.in_process.bridge import Answer, Bridge
from tests.support.in_process.quickaudience import by_phone
from tests.support.in_process.sends import PHONES, A, B, C, D, accept, outcomes, times_sent
from tests.support.in_process.sweeping import NOT_SENT, UNKNOWN
from tests.support.in_process.tencent import lost, raw_answer, refused
from tests.support.thoroughness import some

HANGS = lost(web.read_timeout, sent=False)
OBEYS_AND_HANGS = lost(web.read_timeout, sent=True)
# Certainly nothing was sent.
TURNS_AWAY: dict[str, tencent.Behaviour] = {
    "no connection": lost(web.never_connected, sent=False),
    "connect timeout": lost(web.connect_timeout, sent=False),
    "429": raw_answer(429, b"slow down"),
    "1013": refused(1013),
}
NUMBERS = [f"139{number:08d}" for number in range(10_000)]
HOURS = 1


def queue_chunks(bridge: Bridge, count: int, start: int = 0, size: int = 2) -> list[str]:
    """Queue campaigns of one chunk and one call each, and return their phones."""
    code = "7000" if bridge.tencent.templates else bridge.template("您好")
    phones = NUMBERS[start * size : (start + count) * size]
    for number in range(count):
        mine = phones[number * size : (number + 1) * size]
        out_id = f"task-{start + number}"
        assert bridge.campaign(mine, code=code, out_id=out_id).code == "OK"
    return phones


def stop_answers(bridge: Bridge, behaviour: tencent.Behaviour = HANGS) -> None:
    """Leave every call without an answer."""
    bridge.tencent.always("send", behaviour)
    bridge.tencent.always("get_template", behaviour)


def restore_answers(bridge: Bridge) -> None:
    bridge.tencent.always("send", None)
    bridge.tencent.always("get_template", None)


def open_it(bridge: Bridge, behaviour: tencent.Behaviour = HANGS) -> None:
    """Open the breaker with two campaigns whose calls get no answer."""
    stop_answers(bridge, behaviour)
    queue_chunks(bridge, 2, start=4000)
    bridge.pump.drain("deliver")
    assert breakers.get_open("tencent")
    assert len(bridge.tencent.send_calls) == 2
    bridge.tencent.calls.clear()


def move_to_the_probe(bridge: Bridge) -> None:
    breaker = breakers.get_open("tencent")
    assert breaker
    bridge.clock.move_to(max(breaker.probe_at, time.time(), *bridge.pump.due("deliver")) + 0.001)


def probes(bridge: Bridge) -> list[float]:
    return [call.at for call in bridge.tencent.calls_of("get_template")]


def check_all_sent_once(bridge: Bridge, phones: list[str]) -> None:
    assert times_sent(bridge) == Counter(phones)
    assert bridge.pump.count("sends") == bridge.pump.count("sends-dead") == 0


def waiting(bridge: Bridge, out_id: str) -> int:
    """Return the number of recipients of an outId without an outcome."""
    (request,) = send_requests.of_out_id(out_id)
    found = [one for _, one in chunks.all_progress(out_id, request.biz_id)]
    return sum(len(positions) for one in found for positions, _ in one.remaining_calls())


@pytest.fixture
def ready(linked: Bridge) -> Bridge:
    linked.template("您好")
    linked.tencent.calls.clear()
    return linked


@pytest.mark.both_apis
def test_an_outage_of_hours_costs_two_calls_and_the_probes(ready: Bridge) -> None:
    phones = queue_chunks(ready, 50)
    stop_answers(ready)
    for _ in range(2):
        ready.pump.invoke_once("deliver")
    start = time.time()
    while time.time() < start + HOURS * 3600:
        # Of what comes at each of these times, only some is given out, but for the first times.
        move_to_the_probe(ready)
        for _ in range(10 if time.time() < start + 600 else 1):
            ready.pump.invoke_once("deliver", batch=5)
    # One call at a time, by one function: two in a row without an answer.
    assert len(ready.tencent.send_calls) == 2
    pauses = [round(later - earlier) for earlier, later in itertools.pairwise(probes(ready))]
    wanted = [30, *[60] * (len(pauses) - 1)]
    assert all(want <= pause <= want + 6 for want, pause in zip(wanted, pauses, strict=True))
    assert HOURS * 3600 / 66 <= len(pauses) <= HOURS * 60 + 2
    assert ready.pump.count("sends") == 48
    assert ready.pump.count("sends-dead") == 0
    restore_answers(ready)
    ready.pump.run("deliver", hours=1)
    check_all_sent_once(ready, phones[4:])
    assert breakers.get_open("tencent") is None
    assert not ready.pump.failures


@pytest.mark.both_apis
@pytest.mark.parametrize("status", [307, 403])
def test_a_proxys_answer_costs_two_calls_and_fails_nobody_who_waits(
    ready: Bridge, status: int
) -> None:
    """Such an answer does not say whether the proxy passed the call on: here it did."""
    phones = queue_chunks(ready, 12)
    content = b"<html>not Tencent</html>"
    ready.tencent.always("send", raw_answer(status, content, sent=True))
    ready.tencent.always("get_template", raw_answer(status, content))
    ready.pump.run("deliver", "push", hours=0.5)
    assert len(ready.tencent.send_calls) == 2
    assert probes(ready)
    assert not ready.quick_audience.receipts
    restore_answers(ready)
    ready.pump.run("deliver", "push", hours=1)
    check_all_sent_once(ready, phones)
    assert breakers.get_open("tencent") is None
    assert not ready.pump.failures


@pytest.mark.counts("receives")
def test_waiting_uses_up_no_receive(ready: Bridge) -> None:
    queue_chunks(ready, 4)
    stop_answers(ready)
    ready.pump.run("deliver", hours=0.2)
    ready.clock.move_to(max(ready.pump.due("deliver")) + 0.001)
    event = ready.pump.receive("deliver", batch=5)
    assert event
    counts = [one["attributes"]["ApproximateReceiveCount"] for one in event["Records"]]
    assert counts == ["1"], "the message that probes"


def test_no_chunk_is_claimed_while_the_breaker_is_open(ready: Bridge) -> None:
    open_it(ready)
    queue_chunks(ready, 3)
    ready.pump.run("deliver", hours=0.5)
    for number in range(3):
        (request,) = send_requests.of_out_id(f"task-{number}")
        ((_, progress),) = chunks.all_progress(f"task-{number}", request.biz_id)
        assert not progress.claimed


@pytest.mark.parametrize("behaviour", some(TURNS_AWAY, 3))
def test_after_hours_of_refusals_everything_is_sent_once(ready: Bridge, behaviour: str) -> None:
    phones = queue_chunks(ready, 3)
    # All calls except queries of templates: probes get as far as a send.
    ready.tencent.always("send", TURNS_AWAY[behaviour])
    ready.pump.run("deliver", hours=2)
    assert len(ready.tencent.send_calls) <= 2 + len(probes(ready))
    assert len(probes(ready)) <= 2 * 60 + 4
    restore_answers(ready)
    ready.pump.run("deliver", hours=2)
    check_all_sent_once(ready, phones)
    assert not ready.pump.failures


def test_while_tencent_refuses_every_call_for_now_it_is_called_rarely(ready: Bridge) -> None:
    phones = queue_chunks(ready, 3)
    stop_answers(ready, refused(1013))
    ready.pump.run("deliver", hours=2)
    assert len(ready.tencent.send_calls) <= 2 + len(probes(ready))
    restore_answers(ready)
    ready.pump.run("deliver", hours=2)
    check_all_sent_once(ready, phones)


def test_a_probe_asks_for_templates_before_it_sends(ready: Bridge) -> None:
    open_it(ready)
    queue_chunks(ready, 3)
    move_to_the_probe(ready)
    ready.pump.drain("deliver")
    assert [call.name for call in ready.tencent.calls] == ["get_template"]
    restore_answers(ready)
    move_to_the_probe(ready)
    ready.tencent.calls.clear()
    ready.pump.drain("deliver")
    assert [call.name for call in ready.tencent.calls[:2]] == ["get_template", "sendsms"]


@pytest.mark.parametrize("behaviour", [HANGS, refused(1013)], ids=["hangs", "1013"])
@pytest.mark.parametrize("singly", [False, True])
def test_a_failed_probe_costs_one_call_to_one_number_also_in_a_new_process(
    ready: Bridge, behaviour: tencent.Behaviour, *, singly: bool
) -> None:
    """Queries of templates are answered and sends are not: one number of a large chunk finds it out."""
    open_it(ready)
    ready.tencent.always("get_template", None)
    ready.tencent.always("send", behaviour)
    # Only these are visible on the queue.
    ready.pump.run("deliver", hours=0)
    code = ready.template()
    params: Any = [{"name": phone} for phone in NUMBERS[:30]] if singly else {"name": "您"}
    assert ready.campaign(NUMBERS[:30], params, code=code, out_id="many").code == "OK"
    for tries in range(1, 4):
        move_to_the_probe(ready)
        ready.restart()
        ready.tencent.calls.clear()
        ready.pump.drain("deliver")
        assert [len(call.phones) for call in ready.tencent.send_calls] == [1]
        assert breakers.get_open("tencent")
        unknown = tries if behaviour is HANGS else 0
        assert waiting(ready, "many") == 30 - unknown
    restore_answers(ready)
    ready.pump.run("deliver", hours=3)
    assert sum(times_sent(ready).values()) == 30 - unknown
    assert max(times_sent(ready).values()) == 1


def test_one_function_at_a_time_probes(ready: Bridge) -> None:
    open_it(ready)
    queue_chunks(ready, 8)
    move_to_the_probe(ready)
    others: list[bool | None] = []

    def meanwhile() -> None:
        others.append(ready.pump.invoke_once("deliver", batch=2))

    ready.tencent.next("get_template", tencent.and_first(meanwhile, HANGS))
    ready.pump.invoke_once("deliver", batch=2)
    assert others == [True]
    assert [call.name for call in ready.tencent.calls] == ["get_template"]
    ready.pump.drain("deliver")
    assert [call.name for call in ready.tencent.calls] == ["get_template"]


def test_one_chunk_of_an_event_probes_and_the_others_follow(ready: Bridge) -> None:
    open_it(ready)
    phones = queue_chunks(ready, 5)
    move_to_the_probe(ready)
    restore_answers(ready)
    ready.tencent.calls.clear()
    ready.pump.invoke_once("deliver", batch=5)
    assert len(ready.tencent.sent) == 2
    assert breakers.get_open("tencent") is None
    ready.pump.run("deliver", hours=1)
    check_all_sent_once(ready, phones)


def test_a_single_number_without_answers_never_opens_the_breaker(ready: Bridge) -> None:
    """One number in each chunk never gets an answer, all others do."""
    for number in range(10):
        bad = f"1380000{number:04d}"
        ready.tencent.always("86" + bad, OBEYS_AND_HANGS)
        code = ready.template()
        mine = [bad, *NUMBERS[number * 3 : number * 3 + 3]]
        params = [{"name": phone} for phone in mine]
        out_id = f"task-{number}"
        assert ready.campaign(mine, params, code=code, out_id=out_id).code == "OK"
        ready.pump.drain("deliver")
    assert breakers.get_open("tencent") is None
    assert len(ready.tencent.sent) == len(ready.tencent.send_calls) == 40


def test_only_calls_in_progress_of_a_chunk_become_unknown(ready: Bridge) -> None:
    ready.configure(TENCENT_PARALLEL_CALLS="16")
    ready.tencent.always("send", HANGS)
    code = ready.template()
    params = [{"name": phone} for phone in NUMBERS[:100]]
    answer = ready.campaign(NUMBERS[:100], params, code=code, out_id="many")
    ready.pump.drain("deliver")
    # Four at once, by each of four functions. Two find the outage; at most the other two and the one after the
    # first had started by then.
    assert 2 <= len(ready.tencent.send_calls) <= 6
    found = Counter(type(one) for one in outcomes_of(ready, answer, "many").values())
    assert found[str] == 100 - len(ready.tencent.send_calls), "the waiting ones"
    ready.tencent.always("send", None)
    ready.pump.run("deliver", hours=1)
    assert len(ready.tencent.sent) == 100 - found[type(None)]


def outcomes_of(bridge: Bridge, answer: Answer, out_id: str) -> dict[int, Any]:
    return {
        position: progress.outcomes.get(position, "…")
        for progress in bridge.progress(answer, out_id)
        for position in range(progress.plan.start, progress.plan.start + len(progress.plan.phones))
    }


def test_a_breaker_that_opens_again_soon_keeps_its_long_pauses(ready: Bridge) -> None:
    open_it(ready)
    queue_chunks(ready, 1)
    ready.pump.run("deliver", hours=0.15)
    restore_answers(ready)
    ready.pump.run("deliver", hours=0.1)
    assert breakers.get_open("tencent") is None
    stop_answers(ready)
    queue_chunks(ready, 2, start=1)
    ready.pump.drain("deliver")
    breaker = breakers.get_open("tencent")
    assert breaker
    assert breaker.probe_at - breaker.opened_at == 60


def test_a_probe_whose_function_dies_is_followed_by_a_longer_pause(ready: Bridge) -> None:
    open_it(ready)
    phones = queue_chunks(ready, 3)
    move_to_the_probe(ready)
    restore_answers(ready)
    ready.tencent.calls.clear()
    names = ready.pump.watch("deliver", 4, "killed before")
    # After the breaker, the request and its halt were read.
    assert names[:3] == ["dynamodb Query", "dynamodb GetItem", "dynamodb GetItem"]
    assert names[3:5] == ["dynamodb PutItem", "tencent get_template"]
    died = time.time()
    ready.pump.drain("deliver")
    assert not ready.tencent.calls
    ready.pump.run("deliver", hours=1)
    assert 30 <= probes(ready)[0] - died <= 36
    check_all_sent_once(ready, phones)


def test_recipients_that_are_queued_for_72_hours_are_reported_as_not_sent(
    ready: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweep, "_HOURS_BACK", 4)
    phones = queue_chunks(ready, 4)
    stop_answers(ready)
    ready.pump.run("deliver", hours=0.2)
    # The same happens every five minutes.
    ready.clock.advance(hours=73)
    ready.pump.sweep()
    ready.pump.run("push", hours=1)
    reported = by_phone(ready.quick_audience.receipts)
    assert [reported[phone] for phone in phones] == [{UNKNOWN}] * 4 + [{NOT_SENT}] * 4
    restore_answers(ready)
    ready.pump.run("deliver", "push", hours=2)
    assert not ready.tencent.sent
    assert len(ready.quick_audience.receipts) == 8
    assert ready.pump.count("sends") == ready.pump.count("sends-dead") == 0


@pytest.mark.parametrize("singly", [False, True])
def test_a_breaker_that_cannot_be_closed_loses_no_answer(
    ready: Bridge, monkeypatch: pytest.MonkeyPatch, *, singly: bool
) -> None:
    open_it(ready)
    restore_answers(ready)
    answer = accept(ready, A, B, C, singly=singly)
    move_to_the_probe(ready)

    def fail(*_: Any) -> None:
        raise TimeoutError("DynamoDB is not there")

    with monkeypatch.context() as patch:
        patch.setattr(breakers, "close", fail)
        ready.pump.drain("deliver")
    assert breakers.get_open("tencent"), "the next one tries again"
    assert all(isinstance(one, str) and one != "…" for one in outcomes(ready, answer).values())
    assert times_sent(ready) == Counter([A, B, C])
    ready.pump.run("deliver", hours=1)
    assert times_sent(ready) == Counter([A, B, C])


def test_a_breaker_that_cannot_be_opened_loses_no_answer(
    ready: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready.configure(TENCENT_PARALLEL_CALLS="4")
    answer = accept(ready, *PHONES, singly=True)
    for phone in (C, D):
        ready.tencent.next("86" + phone, HANGS)

    def fail(*_: Any) -> None:
        raise TimeoutError("DynamoDB is not there")

    with monkeypatch.context() as patch:
        patch.setattr(breakers, "trip", fail)
        ready.pump.invoke_once("deliver")
    found = outcomes(ready, answer)
    assert (found[C], found[D]) == (None, None)
    assert [sms.sid for sms in ready.tencent.sent] == [found[A], found[B]]
    assert messages.find([("86" + A, found[A])])
