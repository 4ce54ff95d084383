import json
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib import aws
from chalicelib.queues import sending
from chalicelib.queues.bodies import Body
from tests.support.property_tests import examples


@dataclass(frozen=True)
class Plain(Body):
    """A body with any fields."""

    fields: dict[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        return self.fields


class Sqs:
    """A client of SQS that keeps the batches sent to it, and refuses chosen messages a chosen number of times."""

    def __init__(self) -> None:
        self.batches: list[list[dict[str, Any]]] = []
        self.refuse: dict[str, int] = {}

    def send_message_batch(self, QueueUrl: str, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803 -- boto3's names
        assert QueueUrl == "the url of receipts"
        self.batches.append(Entries)
        failed = []
        for entry in Entries:
            if self.refuse.get(entry["MessageBody"], 0):
                self.refuse[entry["MessageBody"]] -= 1
                failed.append({"Id": entry["Id"], "Message": "busy"})
        return {"Failed": failed} if failed else {}

    def bodies(self) -> list[Any]:
        return [json.loads(entry["MessageBody"]) for batch in self.batches for entry in batch]


@pytest.fixture
def sqs(monkeypatch: pytest.MonkeyPatch) -> Sqs:
    made = Sqs()
    monkeypatch.setattr(aws, "sqs", lambda: made)
    monkeypatch.setattr(sending, "url", lambda queue: f"the url of {queue}")
    return made


@given(st.lists(st.integers(0, 100_000), max_size=25))
@examples(30)
def test_batches_hold_every_message_and_fit_sqs_limits(sizes: list[int]) -> None:
    bodies = [
        json.dumps({"n": number, "x": "长" * (size // 3)}, ensure_ascii=False)
        for number, size in enumerate(sizes)
    ]
    batches = list(sending._batches(bodies))
    assert [body for batch in batches for body in batch] == bodies
    assert all(1 <= len(batch) <= 10 for batch in batches)
    assert all(sum(len(body.encode()) for body in batch) <= 256 * 1024 for batch in batches)


def test_messages_are_sent_in_batches_of_ten(sqs: Sqs) -> None:
    sending.send("receipts", (Plain({"n": number}) for number in range(21)))
    assert [len(batch) for batch in sqs.batches] == [10, 10, 1]
    assert sqs.bodies() == [{"form": 1, "n": number} for number in range(21)]
    assert all(len({entry["Id"] for entry in batch}) == len(batch) for batch in sqs.batches)


def test_chinese_is_sent_unescaped(sqs: Sqs) -> None:
    sending.send("receipts", [Plain({"a": "中文"})])
    assert sqs.batches[0][0]["MessageBody"] == '{"form":1,"a":"中文"}'


def test_characters_that_sqs_refuses_are_escaped(sqs: Sqs) -> None:
    text = "\x00\x0b\ufffe\uffff😀"
    sending.send("receipts", [Plain({"text": text})])
    [[entry]] = sqs.batches
    body = entry["MessageBody"]
    assert not [character for character in body if character < " " or character in "\ufffe\uffff"]
    assert json.loads(body) == {"form": 1, "text": text}


@pytest.mark.parametrize(
    ("asked", "given_one"), [(0, 0), (5, 5), (900, 900), (901, 900), (10**6, 900)]
)
def test_a_delay_is_cut_to_what_sqs_accepts(sqs: Sqs, asked: int, given_one: int) -> None:
    sending.send("receipts", [Plain()], delay=asked)
    assert sqs.batches[0][0]["DelaySeconds"] == given_one


def test_only_refused_messages_are_sent_again(sqs: Sqs) -> None:
    sqs.refuse = {'{"form":1,"n":1}': 2}
    sending.send("receipts", [Plain({"n": number}) for number in range(3)])
    assert [[entry["Id"] for entry in batch] for batch in sqs.batches] == [
        ["0", "1", "2"],
        ["1"],
        ["1"],
    ]


def test_messages_that_sqs_keeps_refusing_are_an_error(sqs: Sqs) -> None:
    sqs.refuse = {'{"form":1,"n":1}': 99}
    with pytest.raises(sending.NotQueuedError, match="1 messages: busy"):
        sending.send("receipts", [Plain({"n": number}) for number in range(2)])


def test_without_messages_no_request_is_made(sqs: Sqs) -> None:
    sending.send("receipts", [])
    assert sqs.batches == []
