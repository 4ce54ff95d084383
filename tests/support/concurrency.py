"""Several calls at the same moment, and their results."""

import itertools
import json
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from chalicelib import aws
from chalicelib.domain.messages import Message, Origin
from chalicelib.domain.queue_names import QueueName
from chalicelib.functions import deliver
from chalicelib.queues import sending
from chalicelib.queues.receiving import UnfinishedError
from tests.support.in_process.bridge import SIGN, Bridge

T = TypeVar("T")
FUNCTIONS = 4
_numbers = itertools.count(1)


def at_once(*functions: Callable[[], T]) -> list[T]:
    """Call all functions at the same moment, each in its own thread, and return their results in order."""
    barrier = threading.Barrier(len(functions))

    def call(function: Callable[[], T]) -> T:
        barrier.wait(60)
        return function()

    with ThreadPoolExecutor(len(functions)) as pool:
        return list(pool.map(call, functions))


def unique(prefix: str = "task") -> str:
    return f"{prefix}-{next(_numbers)}"


def phone() -> str:
    """Return a new phone number without its country code."""
    return f"139{next(_numbers):08d}"


def record(body: Any, handle: str = "none") -> dict[str, Any]:
    return {
        "messageId": unique("message"),
        "body": json.dumps(body) if isinstance(body, dict) else body,
        "receiptHandle": handle,
        "attributes": {
            "ApproximateReceiveCount": "1",
            "SentTimestamp": str(int(time.time() * 1000)),
        },
    }


def event(*records: dict[str, Any]) -> dict[str, Any]:
    return {"Records": list(records)}


def message(number: str, out_id: str, sid: str, *, position: int = 0, sent_at: int = 0) -> Message:
    origin = Origin(
        out_id=out_id,
        biz_id=f"biz of {out_id}",
        sign=SIGN,
        template_code="7000",
        sent_at=sent_at or int(time.time()),
    )
    return Message(phone="86" + number, position=position, origin=origin, sid=sid, unknown=not sid)


class World:
    """The bridge with two fakes and the queues of ministack."""

    def __init__(self, bridge: Bridge) -> None:
        self.bridge = bridge
        self.tencent = bridge.tencent
        self.quick_audience = bridge.quick_audience
        # The table is kept between tests, so no two tests may get a template with the same id.
        self.tencent.templates[7000 + 10 * next(_numbers)] = {}

    def empty_queues(self) -> None:
        """Receive all messages: they stay in flight for longer than a test lasts."""
        queues: Sequence[QueueName] = ("sends", "callbacks", "receipts")
        for queue in queues:
            self.receive_all(queue)

    def receive_all(self, queue: QueueName) -> list[dict[str, Any]]:
        """Receive all messages of a queue that are visible now; they stay in flight."""
        found: list[dict[str, Any]] = []
        while True:
            answer = aws.sqs().receive_message(
                QueueUrl=sending.url(queue), MaxNumberOfMessages=10, VisibilityTimeout=600
            )
            if not answer.get("Messages"):
                return found
            found += [record(one["Body"], one["ReceiptHandle"]) for one in answer["Messages"]]

    def queued_entries(self) -> list[dict[str, Any]]:
        """Receive the entries on the queue of receipts and replies."""
        bodies = [json.loads(one["body"]) for one in self.receive_all("receipts")]
        return [entry for body in bodies for entry in body["entries"]]

    def deliver(self, records: Sequence[dict[str, Any]]) -> bool:
        """Invoke `deliver`; return whether it succeeded, without asking for a retry of its messages."""
        try:
            deliver.handle(event(*records), 300, FUNCTIONS)
        except (UnfinishedError, aws.sqs().exceptions.ReceiptHandleIsInvalid):
            # The second error: of two workers with one receipt handle, the other one has deleted the message.
            return False
        return True
