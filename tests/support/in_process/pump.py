"""Lambda and SQS between them: messages in, functions called, and deleted only when one returned."""

import base64
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from moto.dynamodb.models import dynamodb_backends
from moto.sqs.models import sqs_backends

import app
from chalicelib.store.packing import unpack
from tests.support.in_process import aws
from tests.support.in_process.clock import Clock
from tests.support.in_process.outside import How, Killed, Outside

# Function, its queue, and how many messages it gets at once. The real `deliver` gets five; with one,
# moto is used by one thread at a time.
_FUNCTIONS: dict[str, tuple[Callable[..., Any], str, int]] = {
    "read": (app.read, "files", 1),
    "deliver": (app.deliver, "sends", 1),
    "settle": (app.settle, "callbacks", 10),
    "push": (app.push, "receipts", 10),
}
FUNCTIONS = tuple(_FUNCTIONS)
_CONFIG = json.loads(Path(".chalice/config.json").read_text())["lambda_functions"]


def timeout(function: str) -> float:
    """Seconds that Lambda gives a function."""
    return float(_CONFIG[function]["lambda_timeout"])


class Context:
    """What a function may ask of Lambda."""

    def __init__(self, function: str, seconds: float | None = None) -> None:
        self._end = time.time() + (timeout(function) if seconds is None else seconds)

    def get_remaining_time_in_millis(self) -> int:
        return max(0, int((self._end - time.time()) * 1000))


class Pump:
    """Runs the functions on what their queues hold."""

    def __init__(self, clock: Clock, outside: Outside, restart: Callable[[], None]) -> None:
        self.restart = restart
        self._clock = clock
        self._outside = outside
        self.failures: list[BaseException] = []

    def receive(self, function: str, batch: int | None = None) -> dict[str, Any] | None:
        """The next event for a function, or None. Its messages are in flight from now on."""
        _, queue, size = _FUNCTIONS[function]
        if any(due <= time.time() for due in self._due_waiting(function)):
            self.release()
        if not any(due <= time.time() for due in self.due(function)):
            return None
        messages = self._backend.receive_message(
            aws.PREFIX + queue,
            count=batch or size,
            wait_seconds_timeout=0,
            visibility_timeout=int(self._backend.get_queue(aws.PREFIX + queue).visibility_timeout),
        )
        if not messages:
            return None
        self._outside.observe("ReceiveMessage", {}, {"Messages": [one.body for one in messages]})
        return {
            "Records": [
                {
                    "messageId": message.id,
                    "receiptHandle": message.receipt_handle,
                    "body": message.body,
                    "attributes": {
                        "ApproximateReceiveCount": str(message.approximate_receive_count),
                        "SentTimestamp": str(message.sent_timestamp),
                        "SenderId": message.sender_id,
                        "ApproximateFirstReceiveTimestamp": str(
                            message.approximate_first_receive_timestamp
                        ),
                    },
                    "messageAttributes": {},
                    "md5OfBody": message.body_md5,
                    "eventSource": "aws:sqs",
                    "eventSourceARN": f"arn:aws:sqs:{aws.REGION}:{aws.ACCOUNT}:{aws.PREFIX}{queue}",
                    "awsRegion": aws.REGION,
                }
                for message in messages
            ]
        }

    def invoke(self, function: str, event: dict[str, Any], seconds: float | None = None) -> bool:
        """Call a function as Lambda does; answers whether it returned."""
        handler, queue, _ = _FUNCTIONS[function]
        try:
            handler(event, Context(function, seconds))
        except (Exception, Killed) as error:
            self.failures.append(error)
            return False
        self._delete(queue, event)
        return True

    def once(self, function: str, batch: int | None = None) -> bool | None:
        """One invocation; None where nothing is to be had from the queue."""
        event = self.receive(function, batch)
        return None if event is None else self.invoke(function, event)

    def watch(self, function: str, at: int | None = None, how: How = "killed before") -> list[str]:
        """One invocation in a new process, one of whose calls may break; answers their names."""
        event = self.receive(function)
        assert event is not None, f"nothing for {function} to do"
        handler, queue, _ = _FUNCTIONS[function]
        returned = False
        self.restart()
        with self._outside.watched(at, how):
            try:
                handler(event, Context(function))
                returned = True
            except Exception as error:
                self.failures.append(error)
        self.restart()
        if returned:
            self._delete(queue, event)
        return self._outside.names

    def drain(self, *functions: str) -> None:
        """Run functions until none of their queues has anything to give now.

        What waits in the table counts as on its queue: it is released as soon as it may be.
        """
        for _ in range(2000):
            ran = [self.once(function) for function in functions or FUNCTIONS]
            if all(one is None for one in ran):
                return
        raise AssertionError("the queues never get empty")

    def run(self, *functions: str, hours: float = 100) -> None:
        """Run functions, and let time pass, until their queues are empty or time is up."""
        wanted = functions or FUNCTIONS
        end = time.time() + hours * 3600
        while True:
            self.drain(*wanted)
            due = [moment for function in wanted for moment in self.due(function)]
            if not due or min(due) > end:
                return
            self._clock.move_to(max(min(due), time.time()) + 0.001)

    def sweep(self, seconds: float | None = None) -> None:
        """One scheduled run."""
        self._schedule("sweep", seconds)

    def release(self, seconds: float | None = None) -> None:
        """One scheduled run, a moment earlier than its schedule would have it."""
        self._schedule("release", seconds)

    @staticmethod
    def _schedule(function: str, seconds: float | None) -> None:
        getattr(app, function)(
            {
                "version": "0",
                "account": aws.ACCOUNT,
                "region": aws.REGION,
                "detail": {},
                "detail-type": "Scheduled Event",
                "source": "aws.events",
                "time": "2026-03-02T02:00:00Z",
                "id": "7bf73129",
                "resources": [],
            },
            Context(function, seconds),
        )

    def due(self, function: str) -> list[float]:
        """When each message of a function's queue can be received."""
        return [
            max(message.visible_at, message.delayed_until) / 1000
            for message in self._messages(_FUNCTIONS[function][1])
        ] + self._due_waiting(function)

    def _due_waiting(self, function: str) -> list[float]:
        """When each message of a function's queue that waits in the table may be queued again."""
        return [
            self._gate_opens(gate) or float(item["due"].value)
            for gate, item in self._waiting(_FUNCTIONS[function][1])
        ]

    def _waiting(self, queue: str) -> list[tuple[str, Any]]:
        """The messages of a queue that wait in the table, each with its gate."""
        return [
            (str(pk.value).removeprefix("WAITING#"), item.attrs)
            for pk, items in list(self._items.items())
            if str(pk.value).startswith("WAITING#")
            for item in items.values()
            if item.attrs["queue"].value == queue
        ]

    def _gate_opens(self, gate: str) -> float:
        """When a side may be tried again; 0 where it may be called, and for what waits for a time."""
        for pk, breakers in self._items.items():
            if pk.value == "BREAKER":
                for sk, item in breakers.items():
                    if sk.value == gate and not int(item.attrs["closed_at"].value):
                        return float(item.attrs["probe_at"].value)
        return 0.0

    @property
    def _items(self) -> Any:
        return dynamodb_backends[aws.ACCOUNT][aws.REGION].tables[aws.TABLE].items

    def bodies(self, queue: str) -> list[dict[str, Any]]:
        """What a queue holds, or the table for it, whether it can be received or not; without callbacks' ids."""
        waiting = [
            str(unpack(base64.b64decode(item["body"].value))) for _, item in self._waiting(queue)
        ]
        texts = [message.body for message in self._messages(queue)] + waiting
        found = [json.loads(text) for text in texts]
        return [{name: one for name, one in body.items() if name != "id"} for body in found]

    def count(self, queue: str) -> int:
        """How many messages a queue holds, those included that wait for it in the table."""
        return len(self._messages(queue)) + self.set_aside(queue)

    def set_aside(self, queue: str) -> int:
        """How many messages of a queue wait in the table."""
        return len(self._waiting(queue))

    def put(self, queue: str, body: str) -> None:
        """Put something on a queue that the bridge did not put there."""
        self._backend.send_message(aws.PREFIX + queue, body)

    def _delete(self, queue: str, event: dict[str, Any]) -> None:
        for record in event["Records"]:
            self._backend.delete_message(aws.PREFIX + queue, record["receiptHandle"])

    @property
    def _backend(self) -> Any:
        """What stands behind moto's SQS: Lambda's side of it needs no HTTP."""
        return sqs_backends[aws.ACCOUNT][aws.REGION]

    def _messages(self, queue: str) -> Any:
        return self._backend.queues[aws.PREFIX + queue]._messages
