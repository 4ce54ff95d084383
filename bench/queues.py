"""The stub's SQS, and Lambda's reading of its queues."""

import hashlib
import json
import time
import uuid
from collections import deque
from typing import Any

from bench.bill import Bill

Json = dict[str, Any]


class Queues:
    """The queues by the last word of their names, with the operations that the bridge uses."""

    def __init__(self, bill: Bill) -> None:
        self._bill = bill
        self._waiting: dict[str, deque[tuple[float, str]]] = {}

    def answer(self, operation: str, body: Json, base: str) -> bytes:
        """Perform an operation and return its answer. `base` is the root of the queues' URLs."""
        if operation == "GetQueueUrl":
            self._bill.queue(0)
            return json.dumps({"QueueUrl": f"{base}/000000000000/{body['QueueName']}"}).encode()
        if operation != "SendMessageBatch":
            raise ValueError(f"SQS {operation} is not supported by the stub")
        queue = self._waiting.setdefault(body["QueueUrl"].rpartition("-")[2], deque())
        self._bill.queue(sum(len(one["MessageBody"].encode()) for one in body["Entries"]))
        successful = []
        for one in body["Entries"]:
            text = one["MessageBody"]
            queue.append((time.time() + one.get("DelaySeconds", 0), text))
            digest = hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
            successful.append(
                {"Id": one["Id"], "MessageId": str(uuid.uuid4()), "MD5OfMessageBody": digest}
            )
        return json.dumps({"Successful": successful, "Failed": []}).encode()

    def take(self, queue: str, limit: int) -> list[str]:
        """Remove the next messages that are due, and return their bodies.

        Lambda is billed for one receive and one deletion.
        """
        waiting = self._waiting.get(queue, deque())
        due = [waiting.popleft()[1] for _ in range(min(limit, len(waiting))) if _is_due(waiting)]
        if due:
            self._bill.queue(sum(len(text.encode()) for text in due))
            self._bill.queue(0)
        return due


def _is_due(waiting: deque[tuple[float, str]]) -> bool:
    return waiting[0][0] <= time.time()
