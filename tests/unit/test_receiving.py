"""How an invocation ends, with and without partial batch responses."""

from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chalicelib import aws, metrics, settings
from chalicelib.queues import receiving, sending
from chalicelib.queues.receiving import DEAD_LETTER, DONE, Record, UnfinishedError, later


class Queue:
    """An SQS client that records calls. Setting the pause of the handles in `over` is an error."""

    def __init__(self) -> None:
        self.deleted: list[str] = []
        self.pauses: dict[str, int] = {}
        self.dead: list[str] = []
        self.over: set[str] = set()

    def delete_message_batch(self, Entries: list[dict[str, str]], **_: Any) -> None:  # noqa: N803
        self.deleted += [entry["ReceiptHandle"] for entry in Entries]

    def change_message_visibility(
        self,
        ReceiptHandle: str,  # noqa: N803
        VisibilityTimeout: int,  # noqa: N803
        **_: Any,
    ) -> None:
        if ReceiptHandle in self.over:
            error: Any = {"Error": {"Code": "InvalidParameterValue", "Message": "its time is over"}}
            raise ClientError(error, "ChangeMessageVisibility")
        self.pauses[ReceiptHandle] = VisibilityTimeout


@pytest.fixture
def queue(monkeypatch: pytest.MonkeyPatch) -> Queue:
    made = Queue()
    monkeypatch.setattr(aws, "sqs", lambda: made)
    monkeypatch.setattr(receiving, "url", lambda name: f"https://sqs.test/{name}")
    monkeypatch.setattr(sending, "send_dead", lambda _, texts: made.dead.extend(texts))
    monkeypatch.setattr(metrics, "longest_wait", lambda *_: None)
    return made


def set_partial_batches(monkeypatch: pytest.MonkeyPatch, setting: str) -> None:
    monkeypatch.setattr(settings, "load", lambda: SimpleNamespace(partial_batches=setting))


def record(name: str) -> Record:
    return Record(body=name, handle=f"handle-{name}", tries=1, sent_at=0, id=f"id-{name}")


RESULTS = [
    (record("done"), DONE),
    (record("later"), later(30)),
    (record("dead"), DEAD_LETTER),
    (record("much-later"), later(900)),
]


def test_with_partial_batches_the_unfinished_are_named_and_lambda_deletes_the_others(
    queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_partial_batches(monkeypatch, "on")
    answer = receiving.finish("callbacks", RESULTS)
    failures = [{"itemIdentifier": "id-later"}, {"itemIdentifier": "id-much-later"}]
    assert answer == {"batchItemFailures": failures}
    assert queue.deleted == []
    assert queue.pauses == {"handle-later": 30, "handle-much-later": 900}
    assert queue.dead == ["dead"]


def test_without_them_the_finished_are_deleted_and_the_invocation_fails(
    queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the answer, Lambda would delete all of the batch."""
    set_partial_batches(monkeypatch, "off")
    with pytest.raises(UnfinishedError):
        receiving.finish("callbacks", RESULTS)
    assert queue.deleted == ["handle-done", "handle-dead"]
    assert queue.pauses == {"handle-later": 30, "handle-much-later": 900}
    assert queue.dead == ["dead"]


@pytest.mark.parametrize("setting", ["on", "off"])
def test_if_all_are_finished_lambda_deletes_them(
    queue: Queue, monkeypatch: pytest.MonkeyPatch, setting: str
) -> None:
    set_partial_batches(monkeypatch, setting)
    assert receiving.finish("callbacks", [RESULTS[0], RESULTS[2]]) is None
    assert (queue.deleted, queue.dead) == ([], ["dead"])


@pytest.mark.parametrize("setting", ["on", "off"])
def test_a_pause_that_cannot_be_set_keeps_no_other_message_from_its_own(
    queue: Queue, monkeypatch: pytest.MonkeyPatch, setting: str
) -> None:
    """SQS refuses it once the message's visibility timeout is over: the message comes again anyway."""
    set_partial_batches(monkeypatch, setting)
    queue.over.add("handle-later")
    if setting == "on":
        answer = receiving.finish("callbacks", RESULTS)
        assert answer
        assert len(answer["batchItemFailures"]) == 2
    else:
        with pytest.raises(UnfinishedError):
            receiving.finish("callbacks", RESULTS)
    assert queue.pauses == {"handle-much-later": 900}
