"""`ops campaign pause`, `resume` and `stop`: nobody is sent to meanwhile, and everybody is accounted for."""

import re
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib.delivery import resuming
from chalicelib.domain.breaker import BreakerName
from chalicelib.domain.chunks import ChunkKey, ChunkProgress
from chalicelib.domain.halts import Halt, gate
from chalicelib.store import breakers, chunks, halts, send_requests, waiting
from chalicelib.tencent.throttle import Pace
from tests.support.in_process.bridge import Answer, Bridge
from tests.support.in_process.halts import (
    DELIVERED,
    NOT_SENT,
    PHONES,
    STOPPED,
    accept,
    halt_after,
)
from tests.support.in_process.operator import Ops, ops
from tests.support.in_process.quickaudience import by_phone
from tests.support.in_process.tencent import Call, FakeTencent, obeyed, refused


@pytest.fixture
def operator(linked: Bridge, local: Bridge) -> Ops:
    # One call after the other.
    linked.configure(TENCENT_PARALLEL_CALLS="4")
    return Ops(local)


def finish(bridge: Bridge) -> dict[str, set[tuple[int, str]]]:
    """Let everything end, and return what was reported of each phone."""
    bridge.pump.run("deliver", "push", hours=3)
    bridge.deliver_all()
    bridge.pump.run("settle", "push", hours=3)
    assert bridge.pump.count("sends") == bridge.pump.count("sends-dead") == 0
    times = Counter(sms.phone for sms in bridge.tencent.sent)
    assert not times or max(times.values()) == 1
    return by_phone(bridge.quick_audience.receipts)


def test_a_paused_campaign_waits_and_a_resumed_one_goes_on(linked: Bridge, operator: Ops) -> None:
    answer = accept(linked)
    paused = operator.json("campaign", "pause", "task-1", "--yes")
    assert paused["state"] == "paused"
    assert [(one["bizId"], one["state"]) for one in paused["requests"]] == [
        (answer["bizId"], "paused")
    ]
    linked.pump.run("deliver", hours=2)
    assert not linked.tencent.sent
    assert [one.queue for one in waiting.at(gate(answer["bizId"]))] == ["sends"]
    resumed = operator.json("campaign", "resume", "task-1", "--yes")
    assert (resumed["state"], resumed["queued"]) == ("sending", 1)
    assert resumed["requests"][0]["ends"] == "2026-03-05 10:00:00"
    assert resumed["requests"][0]["secondsLeft"] == 72 * 3600
    # Without `release`: the command queues what waits.
    linked.pump.invoke_once("deliver")
    assert len(linked.tencent.sent) == len(PHONES)
    assert set(map(frozenset, finish(linked).values())) == {frozenset(DELIVERED)}


def test_a_chunk_in_hand_stops_between_two_calls(linked: Bridge, operator: Ops) -> None:
    answer = accept(linked)
    with pytest.MonkeyPatch.context() as monkeypatch:
        halt_after(linked, monkeypatch, answer, "paused", 2)
        linked.pump.invoke_once("deliver")
        assert len(linked.tencent.sent) == 2
        # The rest is parked as the next attempt.
        [parked] = waiting.at(gate(answer["bizId"]))
        assert '"attempt":1' in parked.text
    operator.json("campaign", "pause", "task-1", "--yes")
    linked.pump.run("deliver", hours=1)
    assert len(linked.tencent.sent) == 2
    operator.json("campaign", "resume", "task-1", "--yes")
    assert set(map(frozenset, finish(linked).values())) == {frozenset(DELIVERED)}


def test_stopping_reports_everybody_who_was_not_sent_to(linked: Bridge, operator: Ops) -> None:
    answer = accept(linked)
    with pytest.MonkeyPatch.context() as monkeypatch:
        halt_after(linked, monkeypatch, answer, "stopped", 2)
        linked.pump.invoke_once("deliver")
        assert len(linked.tencent.sent) == 2
        # By the same function at once.
        [progress] = linked.progress(answer)
        assert progress.complete
    assert operator.json("campaign", "stop", "task-1", "--yes")["unsent"] == 0
    reported = finish(linked)
    sent = {sms.phone.removeprefix("86") for sms in linked.tencent.sent}
    assert len(sent) == 2
    for phone in PHONES:
        assert reported[phone] == (DELIVERED if phone in sent else STOPPED)
    shown = operator.json("campaign", "show", "task-1")
    assert shown["failureReasons"] == {"STOPPED": 4}
    assert "operator" in shown["failures"][0]["reason"]


def test_stopping_a_paused_campaign(linked: Bridge, operator: Ops) -> None:
    accept(linked)
    operator.json("campaign", "pause", "task-1", "--yes")
    linked.pump.drain("deliver")
    operator.json("campaign", "stop", "task-1", "--yes")
    linked.pump.drain("deliver", "push")
    assert not linked.tencent.sent
    assert set(map(frozenset, finish(linked).values())) == {frozenset(STOPPED)}


@pytest.mark.parametrize("hold", ["tencent", "tencent-account"])
def test_a_campaign_that_waits_at_a_breaker_stops_at_once(
    linked: Bridge, operator: Ops, hold: BreakerName
) -> None:
    accept(linked)
    breakers.trip(hold, "no", int(time.time()), 0 if hold == "tencent" else 1001)
    linked.pump.invoke_once("deliver")
    assert linked.pump.set_aside("sends") == 1
    operator.json("campaign", "stop", "task-1", "--yes")
    linked.pump.invoke_once("deliver")
    linked.pump.drain("push")
    assert set(map(frozenset, by_phone(linked.quick_audience.receipts).values())) == {
        frozenset(STOPPED)
    }
    assert not linked.tencent.send_calls


def test_a_stopped_campaign_stays_stopped(linked: Bridge, operator: Ops) -> None:
    accept(linked)
    operator.json("campaign", "stop", "task-1", "--yes")
    for command in ("pause", "resume"):
        assert "final" in operator.fails("campaign", command, "task-1", "--yes")
    assert operator.json("campaign", "stop", "task-1", "--yes")["unsent"] == len(PHONES)


def test_repeating_a_stopped_request_is_refused(linked: Bridge, operator: Ops) -> None:
    code = linked.template()
    answer = linked.campaign(PHONES, {"name": "您"}, code=code)
    operator.json("campaign", "pause", "task-1", "--yes")
    assert linked.campaign(PHONES, {"name": "您"}, code=code)["bizId"] == answer["bizId"]
    operator.json("campaign", "stop", "task-1", "--yes")
    refused = linked.campaign(PHONES, {"name": "您"}, code=code)
    assert refused.code == "isv.BUSINESS_LIMIT_CONTROL"
    assert answer["bizId"] in refused.message
    assert "停止" in refused.message


def test_later_requests_of_the_outid_are_sent(linked: Bridge, operator: Ops) -> None:
    accept(linked)
    operator.json("campaign", "stop", "task-1", "--yes")
    assert linked.campaign(["13900000099"], {"name": "您"}, code="7000").code == "OK"
    reported = finish(linked)
    assert reported.pop("13900000099") == DELIVERED
    assert set(map(frozenset, reported.values())) == {frozenset(STOPPED)}


def test_a_pause_of_72_hours_ends_as_not_sent(
    linked: Bridge, operator: Ops, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chalicelib.functions.sweep._HOURS_BACK", 10)
    accept(linked)
    operator.json("campaign", "pause", "task-1", "--yes")
    linked.pump.drain("deliver")
    linked.clock.advance(hours=72)
    assert "72 hours" in operator.fails("campaign", "resume", "task-1", "--yes")
    linked.pump.release()
    linked.pump.drain("deliver", "push")
    linked.clock.advance(hours=1)
    linked.pump.sweep()
    assert set(map(frozenset, finish(linked).values())) == {frozenset(NOT_SENT)}
    assert not linked.tencent.sent


def test_the_sweep_reports_a_stopped_request_as_stopped(
    linked: Bridge, operator: Ops, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chalicelib.functions.sweep._HOURS_BACK", 10)
    accept(linked)
    operator.json("campaign", "stop", "task-1", "--yes")
    linked.clock.advance(hours=73)
    linked.pump.sweep()
    linked.pump.drain("push")
    assert set(map(frozenset, by_phone(linked.quick_audience.receipts).values())) == {
        frozenset(STOPPED)
    }
    finish(linked)


def test_a_paused_campaign_does_not_use_up_the_probes_of_a_breaker(
    linked: Bridge, operator: Ops
) -> None:
    answer = accept(linked)
    breakers.trip("tencent", "no", int(time.time()))
    linked.pump.invoke_once("deliver")
    assert (
        linked.campaign(["13900000099"], {"name": "您"}, code="7000", out_id="other").code == "OK"
    )
    linked.pump.invoke_once("deliver")
    operator.json("campaign", "pause", "task-1", "--yes")
    linked.clock.advance(seconds=61)
    linked.pump.release()
    linked.pump.invoke_once("deliver")
    assert [sms.phone for sms in linked.tencent.sent] == ["8613900000099"]
    assert len(list(waiting.at(gate(answer["bizId"])))) == 1


def test_reading_the_complete_chunks_of_a_stopped_request_ends_with_the_run(
    linked: Bridge, operator: Ops, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = accept(linked)
    finish(linked)
    operator.json("campaign", "stop", "task-1", "--yes")
    [entry] = halts.changed()
    request = send_requests.get("task-1", answer["bizId"])
    [(key, progress)] = chunks.all_progress("task-1", answer["bizId"])
    assert progress.complete
    read: list[int] = []

    def slow(*_: str, consistent: bool) -> Iterator[tuple[ChunkKey, ChunkProgress]]:
        for number in range(1000):
            linked.clock.advance(seconds=0.1)
            read.append(number)
            yield key, progress

    monkeypatch.setattr(chunks, "all_progress", slow)
    assert resuming.queue_incomplete(entry, request, time.time() + 60) == (0, False)
    assert len(read) < 600


def test_gates_have_time_in_a_run_whatever_stopped_requests_take(
    linked: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds: list[float] = []

    def go_on(now: int, deadline: float) -> int:
        seconds.append(deadline - now)
        return 0

    monkeypatch.setattr(resuming, "go_on", go_on)
    linked.pump.release(100)
    assert seconds == [pytest.approx(50, abs=2)]


def test_an_entry_is_kept_until_no_function_can_park_a_chunk(linked: Bridge, operator: Ops) -> None:
    answer = accept(linked)
    operator.json("campaign", "pause", "task-1", "--yes")
    linked.clock.advance(hours=1)
    linked.pump.release()
    assert len(list(halts.changed())) == 1
    operator.json("campaign", "resume", "task-1", "--yes")
    linked.pump.release()
    # A function that read `paused` parks a chunk, and dies before it reads the halt again.
    waiting.put(gate(answer["bizId"]), "sends", {"late": linked_body(answer)})
    linked.pump.release()
    assert not list(waiting.at(gate(answer["bizId"])))
    linked.clock.advance(seconds=901)
    linked.pump.release()
    assert not list(halts.changed())
    assert set(map(frozenset, finish(linked).values())) == {frozenset(DELIVERED)}


def linked_body(answer: Answer) -> str:
    return (
        f'{{"form": 1, "outId": "task-1", "bizId": "{answer["bizId"]}", "start": 0, "attempt": 0}}'
    )


def test_a_request_that_is_resumed_while_a_chunk_is_parked_goes_on_at_once(
    linked: Bridge, operator: Ops, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command emptied the gate before the function parked the chunk there."""
    answer = accept(linked)
    read, reads = halts.get, []

    def get(out_id: str, biz_id: str) -> Halt | None:
        reads.append(biz_id)
        if len(reads) > 1:
            return read(out_id, biz_id)
        return Halt(out_id=out_id, biz_id=biz_id, state="paused", at=0, token="t")

    monkeypatch.setattr(halts, "get", get)
    linked.pump.invoke_once("deliver")
    assert len(linked.tencent.sent) == len(PHONES)
    # The copy finds nothing left to do.
    [copy] = waiting.at(gate(answer["bizId"]))
    linked.pump.put("sends", copy.text)
    waiting.remove([copy])
    assert set(map(frozenset, finish(linked).values())) == {frozenset(DELIVERED)}


def test_no_call_begins_while_the_halt_cannot_be_read(
    linked: Bridge,
    operator: Ops,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    accept(linked)
    read = halts.get

    def unreadable(tencent: FakeTencent, call: Call) -> Any:
        def get(*_: str) -> None:
            raise TimeoutError

        monkeypatch.setattr(halts, "get", get)
        linked.clock.advance(seconds=2)
        return obeyed(tencent, call)

    linked.tencent.next("send", unreadable)
    linked.pump.invoke_once("deliver")
    assert len(linked.tencent.sent) == 1
    # Five calls did not begin.
    assert caplog.messages.count("the halt can't be read: no call begins") == 1
    monkeypatch.setattr(halts, "get", read)
    assert set(map(frozenset, finish(linked).values())) == {frozenset(DELIVERED)}


def test_a_call_that_waited_for_its_turn_looks_again(
    linked: Bridge, operator: Ops, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = accept(linked)
    turns: list[float] = []

    def wait(_pace: Pace, timeout: float) -> bool:
        turns.append(timeout)
        linked.clock.advance(seconds=2)
        return True

    def get(*_: str) -> Halt | None:
        halt = Halt(out_id="task-1", biz_id=answer["bizId"], state="paused", at=0, token="t")
        return halt if turns else None

    monkeypatch.setattr(Pace, "wait", wait)
    monkeypatch.setattr(halts, "get", get)
    linked.pump.invoke_once("deliver")
    assert turns
    assert not linked.tencent.send_calls


def test_a_pause_does_not_count_as_a_long_wait(
    linked: Bridge, operator: Ops, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = accept(linked)
    operator.json("campaign", "pause", "task-1", "--yes")
    linked.pump.drain("deliver")
    linked.clock.advance(hours=5)
    operator.json("campaign", "resume", "task-1", "--yes")
    # Then it waits at a hold.
    linked.tencent.next("send", refused(1001))
    linked.pump.run("deliver", hours=1)
    assert len(linked.tencent.sent) == len(PHONES)
    waits = re.findall(r'"SendsWait":\[?([0-9.]+)', capsys.readouterr().out)
    assert waits
    assert max(map(float, waits)) < 600
    assert linked.progress(answer)[0].complete


@pytest.mark.parametrize("command", ["pause", "resume", "stop"])
def test_wrong_use(linked: Bridge, operator: Ops, command: str) -> None:
    assert "nothing was accepted" in operator.fails("campaign", command, "task-2", "--yes")
    accept(linked)
    assert "nothing was done" in operator.fails("campaign", command, "task-1", answer="n\n")
    assert not list(halts.changed())


def test_resuming_what_is_not_paused_is_refused(linked: Bridge, operator: Ops) -> None:
    accept(linked)
    assert "not paused" in operator.fails("campaign", "resume", "task-1", "--yes")


def test_people_read_how_long_is_left(linked: Bridge, operator: Ops) -> None:
    accept(linked)
    linked.clock.advance(hours=1.5)
    assert "70 h 30 min" in operator.type("campaign", "pause", "task-1", answer="y\n").stdout
    assert "70 h 30 min" in operator.type("campaign", "resume", "task-1", "--yes").stdout
    stopped = operator.type("campaign", "stop", "task-1", "--yes").stdout
    assert "STOPPED: 6" in stopped
    assert "none" in stopped


def test_a_second_stop_does_not_say_that_everybody_was_sent_to(local: Bridge) -> None:
    local.link()
    accept(local)
    assert "Reported as STOPPED: 6 recipients" in ops("campaign", "stop", "task-1", "--yes").stdout
    local.pump.drain("deliver")
    said = ops("campaign", "stop", "task-1", "--yes").stdout
    assert "Nobody is left" in said
    assert "or reported before" in said
