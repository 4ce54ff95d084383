"""deliver: one function sends a chunk, however often SQS delivers its message."""

import copy
import json
import time
from collections import Counter
from typing import Any

import pytest

from chalicelib.store import messages
from tests.support.in_process import tencent
from tests.support.in_process.bridge import Bridge
from tests.support.in_process.events import timeout
from tests.support.in_process.outside import Killed
from tests.support.in_process.sends import A, B, C, accept, outcomes, times_sent


def event_of(bridge: Bridge) -> dict[str, Any]:
    event = bridge.pump.receive("deliver")
    assert event
    return event


def test_a_message_that_is_received_twice_is_sent_once(linked: Bridge) -> None:
    answer = accept(linked, A, B)
    event = event_of(linked)
    assert linked.pump.invoke("deliver", copy.deepcopy(event))
    before = outcomes(linked, answer)
    assert linked.pump.invoke("deliver", event)
    assert len(linked.tencent.send_calls) == 1
    assert outcomes(linked, answer) == before


def test_a_copy_received_while_the_first_is_sending_is_retried_later(linked: Bridge) -> None:
    accept(linked, A, B)
    event = event_of(linked)
    copies: list[bool] = []

    def meanwhile() -> None:
        copies.append(linked.pump.invoke("deliver", copy.deepcopy(event)))

    linked.tencent.next("send", tencent.and_first(meanwhile))
    assert linked.pump.invoke("deliver", event)
    assert copies == [False], "kept for later, not done"
    assert len(linked.tencent.send_calls) == 1
    assert times_sent(linked) == Counter([A, B])


def test_a_copy_is_retried_once_the_first_has_certainly_ended(linked: Bridge) -> None:
    accept(linked, A, B)
    event = event_of(linked)
    start = time.time()
    linked.tencent.next(
        "send", tencent.and_first(lambda: linked.pump.invoke("deliver", copy.deepcopy(event)))
    )
    # Lambda kills the sending invocation after the answer, so that the message is kept.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(messages, "record", killed)
        linked.pump.invoke("deliver", event)
    (due,) = linked.pump.due("deliver")
    assert timeout("deliver") < due - start <= timeout("deliver") + 2
    linked.pump.run("deliver", hours=2)
    assert times_sent(linked) == Counter([A, B])


def killed(*_: Any) -> None:
    raise Killed


def test_the_outcomes_of_a_dead_claimers_chunk_are_recovered_and_nothing_is_sent_again(
    linked: Bridge,
) -> None:
    answer = accept(linked, A, B, C, singly=True)
    # The function dies while it stores Tencent's answers, after the first one.
    original = messages.record

    def record_one_and_die(made: Any) -> None:
        original([message for message in made if message.phone == "86" + A])
        raise Killed

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(messages, "record", record_one_and_die)
        assert linked.pump.invoke_once("deliver") is False
    linked.pump.run("deliver", hours=3)
    (sms,) = linked.tencent.sent_to("86" + A)
    assert outcomes(linked, answer) == {A: sms.sid, B: None, C: None}
    assert times_sent(linked) == Counter([A, B, C])
    assert linked.pump.count("sends") == linked.pump.count("sends-dead") == 0


def test_a_claim_is_taken_over_only_once_its_claimer_is_certainly_dead(linked: Bridge) -> None:
    answer = accept(linked, A)
    start = time.time()
    names = linked.pump.watch("deliver", 6, "killed before")
    assert names[4:] == ["dynamodb PutItem", "dynamodb Query", "tencent sendsms"], "claimed"
    linked.clock.advance(seconds=timeout("deliver") - 1)
    linked.pump.put("sends", json.dumps(linked.pump.bodies("sends")[0]))
    linked.pump.invoke_once("deliver")
    assert outcomes(linked, answer) == {A: "…"}
    (due, _) = sorted(linked.pump.due("deliver"))
    assert timeout("deliver") < due - start <= timeout("deliver") + 2
    linked.clock.move_to(due + 1)
    linked.pump.invoke_once("deliver")
    assert outcomes(linked, answer) == {A: None}
    assert not linked.tencent.send_calls


def test_a_receipt_that_arrives_meanwhile_survives_the_recovery(linked: Bridge) -> None:
    accept(linked, A, B)
    names = linked.pump.watch("deliver")
    linked.tencent.sent.clear()
    answer = linked.campaign([A, B], {"name": "您"}, code="7000", out_id="task-2")
    result = len(names) - 1
    assert names[result] == "dynamodb PutItem", "everything but the result is written"
    linked.pump.watch("deliver", result, "killed before")
    linked.deliver_all()
    linked.pump.drain("settle", "push")
    assert len(linked.quick_audience.receipts) == 2
    linked.pump.run(hours=3)
    (progress,) = linked.progress(answer, "task-2")
    assert set(progress.outcomes.values()) == {sms.sid for sms in linked.tencent.sent}
    assert len(linked.quick_audience.receipts) == 2
    found = [one for one in messages.of_phone("86" + A) if one.origin.out_id == "task-2"]
    assert [(one.state, one.unknown) for one in found] == [("delivered", False)]


def test_a_chunk_of_an_expired_request_is_not_sent(linked: Bridge) -> None:
    """DynamoDB deletes expired items in any order: the claims may be gone, and the plan not yet."""
    accept(linked, A, B)
    event = event_of(linked)
    linked.clock.advance(hours=24 * 32)
    assert linked.pump.invoke("deliver", event)
    assert linked.tencent.send_calls == []
    assert linked.pump.count("sends-dead") == 1
