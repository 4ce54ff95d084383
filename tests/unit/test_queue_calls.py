"""The switches on calls of SQS: handles, limits, batches that are refused in part, and chains."""

from typing import Any

import pytest
import time_machine
from botocore.exceptions import ClientError

from local.hostile import chain
from tests.support.hostile_calls import Calls

QUEUE = "https://sqs.ap-southeast-1.amazonaws.com/123456789012/queue"
START = 1_772_416_800
TURNS = 200


def answer(operation: str, params: dict[str, Any]) -> Any:
    """Answer as an SQS that accepts everything, with a visibility time-out of 60 s."""
    match operation:
        case "ReceiveMessage":
            return {"Messages": [{"ReceiptHandle": "a"}, {"ReceiptHandle": "b"}]}
        case "GetQueueAttributes":
            return {"Attributes": {"VisibilityTimeout": "60"}}
        case "SendMessageBatch" | "DeleteMessageBatch":
            return {"Successful": [{"Id": one["Id"]} for one in params["Entries"]]}
    return {}


def sqs(switches: str, **more: Any) -> Calls:
    return Calls("sqs", answer, switches, **more)


def send(calls: Calls, count: int = 4) -> Any:
    entries = [{"Id": str(n), "MessageBody": f"body {n}"} for n in range(count)]
    return calls.result("SendMessageBatch", QueueUrl=QUEUE, Entries=entries)


# --- handles ---


def test_the_visibility_of_a_message_whose_time_ran_out_cannot_be_changed() -> None:
    calls = sqs("handles")

    def change() -> Any:
        return calls.result(
            "ChangeMessageVisibility", QueueUrl=QUEUE, ReceiptHandle="a", VisibilityTimeout=30
        )

    with time_machine.travel(START, tick=False) as clock:
        calls("ReceiveMessage", QueueUrl=QUEUE)
        clock.shift(59)
        assert change() == {}
        clock.shift(29)
        assert change() == {}
        clock.shift(31)
        assert change() == "InvalidParameterValue"


def test_the_receiver_may_choose_the_time() -> None:
    calls = sqs("handles")
    with time_machine.travel(START, tick=False) as clock:
        calls("ReceiveMessage", QueueUrl=QUEUE, VisibilityTimeout=5)
        clock.shift(6)
        change = {"QueueUrl": QUEUE, "ReceiptHandle": "a", "VisibilityTimeout": 30}
        assert calls.result("ChangeMessageVisibility", **change) == "InvalidParameterValue"


@pytest.mark.parametrize(("seconds", "ok"), [(0, True), (43_200, True), (43_201, False)])
def test_visibility_has_a_limit(seconds: int, *, ok: bool) -> None:
    change = {"QueueUrl": QUEUE, "ReceiptHandle": "x", "VisibilityTimeout": seconds}
    result = sqs("handles").result("ChangeMessageVisibility", **change)
    assert result == ({} if ok else "InvalidParameterValue")


@pytest.mark.parametrize(("delay", "ok"), [(0, True), (900, True), (901, False)])
def test_delays_have_a_limit(delay: int, *, ok: bool) -> None:
    calls = sqs("handles")
    one = {"MessageBody": "x", "DelaySeconds": delay}
    assert (calls.result("SendMessage", QueueUrl=QUEUE, **one) == {}) is ok
    many = calls.result("SendMessageBatch", QueueUrl=QUEUE, Entries=[one | {"Id": "0"}])
    assert (many == {"Successful": [{"Id": "0"}]}) is ok


def test_deleting_by_an_old_handle_succeeds_and_may_do_nothing() -> None:
    calls = sqs("handles")
    with time_machine.travel(START, tick=False) as clock:
        calls("ReceiveMessage", QueueUrl=QUEUE)
        clock.shift(61)
        for _ in range(TURNS):
            answered = calls("DeleteMessage", QueueUrl=QUEUE, ReceiptHandle="a")
            assert (
                answered.get("ResponseMetadata", {"HTTPStatusCode": 200})["HTTPStatusCode"] == 200
            )
    deleted = sum(operation == "DeleteMessage" for operation, _ in calls.made)
    assert 0 < deleted < TURNS


def test_deleting_twice_succeeds_where_the_emulator_refuses() -> None:
    def refuse(operation: str, params: dict[str, Any]) -> Any:
        if operation == "DeleteMessage":
            error: Any = {"Error": {"Code": "ReceiptHandleIsInvalid", "Message": "no"}}
            raise ClientError(error, operation)
        return {"Failed": [{"Id": "0", "Code": "ReceiptHandleIsInvalid", "SenderFault": True}]}

    calls = Calls("sqs", refuse, "handles")
    assert isinstance(calls.result("DeleteMessage", QueueUrl=QUEUE, ReceiptHandle="a"), dict)
    entries = [{"Id": "0", "ReceiptHandle": "b"}]
    answered = calls("DeleteMessageBatch", QueueUrl=QUEUE, Entries=entries)
    assert (answered["Successful"], answered["Failed"]) == ([{"Id": "0"}], [])


def test_a_batch_deletes_what_is_young_and_says_that_it_deleted_all() -> None:
    calls = sqs("handles")
    entries = [{"Id": "0", "ReceiptHandle": "a"}, {"Id": "1", "ReceiptHandle": "young"}]
    with time_machine.travel(START, tick=False) as clock:
        calls("ReceiveMessage", QueueUrl=QUEUE)
        clock.shift(61)
        answered = [calls("DeleteMessageBatch", QueueUrl=QUEUE, Entries=entries) for _ in range(20)]
    assert all(len(one["Successful"]) == 2 and not one["Failed"] for one in answered)
    sent = [params["Entries"] for operation, params in calls.made if "Delete" in operation]
    assert {len(one) for one in sent} >= {2}


# --- partial ---


def test_messages_of_a_batch_are_refused_by_fault_of_either_side() -> None:
    calls = sqs("partial")
    answers = [send(calls) for _ in range(TURNS * 5)]
    failed = [one for each in answers if isinstance(each, dict) for one in each.get("Failed", [])]
    assert {one["SenderFault"] for one in failed} == {True, False}
    assert "ServiceUnavailable" in answers
    some = [each for each in answers if isinstance(each, dict) and each.get("Failed")]
    assert any(each["Successful"] for each in some)
    assert sum(each in ("ServiceUnavailable", *some) for each in answers) < len(answers) / 2


def test_what_was_refused_was_not_queued_and_the_rest_was() -> None:
    calls = sqs("partial")
    for _ in range(TURNS * 5):
        calls.made.clear()
        answered = send(calls)
        queued = [one["Id"] for _, params in calls.made for one in params["Entries"]]
        if isinstance(answered, dict):
            assert [one["Id"] for one in answered["Successful"]] == queued
            assert len(answered["Successful"]) + len(answered.get("Failed", [])) == 4
        else:
            assert queued == []


def test_whoever_tries_three_times_queues_everything_where_it_is_lenient() -> None:
    calls = sqs("partial", lenient=True)
    for number in range(TURNS * 5):
        left = [{"Id": str(n), "MessageBody": f"{number} {n}"} for n in range(4)]
        for _ in range(3):
            answered = calls.result("SendMessageBatch", QueueUrl=QUEUE, Entries=left)
            if isinstance(answered, dict):
                failed = {one["Id"] for one in answered.get("Failed", [])}
                left = [one for one in left if one["Id"] in failed]
            if not left:
                break
        assert not left


# --- chain ---


def test_what_is_sent_carries_the_chain() -> None:
    calls = sqs("chain")
    with calls.hooks.chain.running(["Root=1-0-0;Lineage=1:a:4"]):
        send(calls)
    [(_, params)] = calls.made
    headers = [
        one["MessageSystemAttributes"]["AWSTraceHeader"]["StringValue"] for one in params["Entries"]
    ]
    assert [chain.hops([header]) for header in headers] == [5] * 4


# --- off, and the seed ---


def test_nothing_happens_while_they_are_off() -> None:
    calls = sqs("weak-reads")
    for _ in range(TURNS):
        assert send(calls) == {"Successful": [{"Id": str(n)} for n in range(4)]}
    assert all("MessageSystemAttributes" not in str(params) for _, params in calls.made)


def test_the_seed_repeats() -> None:
    def some(seed: str) -> list[Any]:
        calls = sqs("partial", seed=seed)
        return [send(calls) for _ in range(TURNS)]

    assert some("7") == some("7")
    assert some("7") != some("8")
