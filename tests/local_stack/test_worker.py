"""A worker treats a queue and a function as an event source mapping of Lambda does."""

import pytest

from local import worker
from local.processes import Process
from tests.support.local_stack.processes import Bridge
from tests.support.thoroughness import some
from tests.support.waiting import wait_for


def start(bridge: Bridge, function: str) -> Process:
    process = bridge.start("local.worker", function, ready=worker.READY)
    process.wait_ready()
    return process


def test_batches_are_full_where_possible_and_deleted_after_the_call(bridge: Bridge) -> None:
    bridge.create()
    bridge.send("sends", *"abcde")
    process = start(bridge, "deliver")
    calls = bridge.calls(2)
    assert [len(call["bodies"]) for call in calls] == [3, 2]
    assert sorted(calls[0]["bodies"] + calls[1]["bodies"]) == list("abcde")
    wait_for(lambda: bridge.count("sends") == 0)
    assert bridge.count("sends-dead") == 0
    process.terminate()
    assert process.wait(60)
    assert process.exit_code == 0


def test_the_event_and_the_context_are_lambdas(bridge: Bridge) -> None:
    bridge.create()
    bridge.sqs.send_message(
        QueueUrl=bridge.url("receipts"),
        MessageBody="你好",
        MessageAttributes={
            "text": {"DataType": "String", "StringValue": "值"},
            "bytes": {"DataType": "Binary", "BinaryValue": b"\x00\xff"},
        },
    )
    start(bridge, "push")
    [call] = bridge.calls(1)
    [message] = call["event"]["Records"]
    assert message["messageId"]
    assert message["receiptHandle"]
    assert message["body"] == "你好"
    assert message["md5OfBody"] == "7eca689f0d3389d9dea66ae112e5cfd7"
    assert message["eventSource"] == "aws:sqs"
    assert (
        message["eventSourceARN"] == f"arn:aws:sqs:us-east-1:000000000000:{bridge.prefix}receipts"
    )
    assert message["awsRegion"] == "us-east-1"
    assert message["attributes"]["ApproximateReceiveCount"] == "1"
    assert message["attributes"].keys() >= {
        "SentTimestamp",
        "SenderId",
        "ApproximateFirstReceiveTimestamp",
    }
    empty: dict[str, list[str]] = {"stringListValues": [], "binaryListValues": []}
    assert message["messageAttributes"] == {
        "text": {"dataType": "String", "stringValue": "值", **empty},
        "bytes": {"dataType": "Binary", "binaryValue": "AP8=", **empty},
    }
    assert call["function"] == "tiny-local-push"
    assert call["memory"] == "256"
    assert 0 < call["remaining"] <= 1000


def test_a_batching_window_gathers_more_than_one_receive(bridge: Bridge) -> None:
    bridge.create()
    bridge.send("callbacks", *(f"early {n}" for n in range(15)))
    start(bridge, "settle")
    # Within the first window (one second from the first message), so it joins the batch.
    wait_for(lambda: in_flight(bridge, "callbacks") > 0)
    bridge.send("callbacks", "late")
    [call] = bridge.calls(1)
    assert len(call["bodies"]) == 16
    assert "late" in call["bodies"]


def test_a_full_batch_does_not_wait_for_its_window(bridge: Bridge) -> None:
    bridge.create()
    bridge.send("callbacks", *(str(n) for n in range(21)))
    start(bridge, "settle")
    assert [len(call["bodies"]) for call in bridge.calls(2)] == [20, 1]


def in_flight(bridge: Bridge, queue: str) -> int:
    answer = bridge.sqs.get_queue_attributes(
        QueueUrl=bridge.url(queue), AttributeNames=["ApproximateNumberOfMessagesNotVisible"]
    )
    return int(answer["Attributes"]["ApproximateNumberOfMessagesNotVisible"])


def test_after_an_exception_the_whole_batch_is_received_again(bridge: Bridge) -> None:
    bridge.create(visibility={"sends": 1})
    bridge.send("sends", "fail 1", "fine")
    process = start(bridge, "deliver")
    wait_for(lambda: bridge.count("sends") == 0)
    calls = bridge.calls(2)
    assert sorted(calls[0]["bodies"]) == ["fail 1", "fine"]
    assert calls[0]["receives"] == ["1", "1"]
    again = [body for call in calls[1:] for body in call["bodies"]]
    assert sorted(again) == ["fail 1", "fine"]
    assert {count for call in calls[1:] for count in call["receives"]} == {"2"}
    assert '"errorType": "ValueError"' in process.output()
    assert process.output().count("a message failed") >= 1


def test_a_message_that_fails_too_often_ends_in_the_dead_letter_queue(bridge: Bridge) -> None:
    bridge.create(visibility={"sends": 0}, receives={"sends": 3})
    bridge.send("sends", "fail 99")
    start(bridge, "deliver")
    wait_for(lambda: bridge.count("sends-dead") == 1)
    assert bridge.count("sends") == 0
    assert [call["receives"] for call in bridge.calls(3)] == [["1"], ["2"], ["3"]]
    dead = bridge.sqs.receive_message(QueueUrl=bridge.url("sends-dead"))["Messages"]
    assert [message["Body"] for message in dead] == ["fail 99"]


def test_a_visibility_that_the_function_sets_is_kept(bridge: Bridge) -> None:
    bridge.create(visibility={"sends": 600})
    bridge.send("sends", "again 2")
    start(bridge, "deliver")
    wait_for(lambda: bridge.count("sends") == 0)
    assert [call["receives"] for call in bridge.calls(3)] == [["1"], ["2"], ["3"]]


def test_a_message_that_the_function_deleted_is_not_received_again(bridge: Bridge) -> None:
    bridge.create(visibility={"sends": 600})
    bridge.send("sends", "delete", "again 1")
    process = start(bridge, "deliver")
    wait_for(lambda: bridge.count("sends") == 0)
    bodies = [call["bodies"] for call in bridge.calls(2)]
    assert sorted(bodies[0]) == ["again 1", "delete"]
    assert bodies[1:] == [["again 1"]]
    bridge.send("sends", "delete")
    wait_for(lambda: bridge.count("sends") == 0)
    assert "Not deleted" not in process.output()


def test_partial_batch_answers_are_not_honoured(bridge: Bridge) -> None:
    """The mapping's flag is off when deployed: such an answer loses messages there and here."""
    bridge.create(visibility={"sends": 0})
    bridge.send("sends", "partial")
    start(bridge, "deliver")
    wait_for(lambda: bridge.count("sends") == 0)
    assert len(bridge.calls(1)) == 1


def test_sigterm_finishes_the_batch_in_hand(bridge: Bridge) -> None:
    bridge.create()
    bridge.send("sends", "hold")
    process = start(bridge, "deliver")
    bridge.calls(1)
    process.terminate()
    bridge.send("sends", "not mine any more")
    bridge.release()
    assert process.wait(60)
    assert process.exit_code == 0
    assert len(bridge.calls(1)) == 1
    assert bridge.count("sends") == 1


def test_an_overrun_kills_the_process_and_keeps_the_message(bridge: Bridge) -> None:
    bridge.create()
    bridge.send("receipts", "hang")
    process = start(bridge, "push")
    assert process.wait(60)
    assert process.exit_code == -9
    assert "Task timed out after 1.00 seconds" in process.output()
    assert bridge.count("receipts") == 1


@pytest.mark.parametrize(
    ("function", "environment", "message"),
    some(
        [
            ("deliver", {"AWS_ENDPOINT_URL": "", "BRIDGE_STATE": "/nonexistent"}, "make up"),
            ("sweep", {}, "No queue triggers 'sweep'"),
            ("deliver", {"BRIDGE_QUEUE_PREFIX": "elsewhere-"}, "does not exist"),
        ],
        3,
    ),
)
def test_a_worker_that_cannot_start_ends_with_a_message(
    bridge: Bridge, function: str, environment: dict[str, str], message: str
) -> None:
    process = bridge.start("local.worker", function, ready=worker.READY, **environment)
    assert process.wait(60)
    assert process.exit_code == 1
    assert message in process.output()
    assert "Traceback" not in process.output()
