"""Lambda and SQS: receive messages, call functions, and delete the messages of those that succeed."""

import json
import math
import time
from collections.abc import Callable
from typing import Any

from moto.dynamodb.models import dynamodb_backends
from moto.sqs.models import sqs_backends

import app
from chalicelib import settings
from chalicelib.domain.breaker import Breaker
from chalicelib.domain.halts import HOURS, ends_at
from chalicelib.domain.send_hours import SendHours
from chalicelib.store import attributes, table
from chalicelib.store.packing import unpack
from tests.support.in_process import aws, hostile
from tests.support.in_process.clock import Clock
from tests.support.in_process.events import Context, message_record, scheduled
from tests.support.in_process.outside import Fault, Killed, Outside

# Each function with its queue and its batch size. The real `deliver` gets five messages; with one, moto is used
# by one thread at a time.
_FUNCTIONS: dict[str, tuple[Callable[..., Any], str, int]] = {
    "read": (app.read, "files", 1),
    "deliver": (app.deliver, "sends", 1),
    "settle": (app.settle, "callbacks", 10),
    "push": (app.push, "receipts", 10),
}
FUNCTIONS = tuple(_FUNCTIONS)


class Pump:
    """Runs the functions on the messages of their queues."""

    def __init__(self, clock: Clock, outside: Outside, restart: Callable[[], None]) -> None:
        self.restart = restart
        self._clock = clock
        self._outside = outside
        self.failures: list[BaseException] = []

    def receive(self, function: str, batch: int | None = None) -> dict[str, Any] | None:
        """Receive the next event for a function; None if there is none. Its messages are in flight from now on."""
        _, queue, size = _FUNCTIONS[function]
        if any(due <= time.time() for due in self._due_waiting(function)):
            self.release()
        if not any(due <= time.time() for due in self.due(function)):
            return None
        messages = self._receive(queue, batch or size)
        if not messages:
            return None
        self._outside.observe("ReceiveMessage", {}, {"Messages": [one.body for one in messages]})
        event = {"Records": [message_record(message, queue) for message in messages]}
        return None if hostile.current.stops(function, event) else event

    def _receive(self, queue: str, count: int) -> list[Any]:
        """Receive messages. If a receive is lost, the messages become visible again at once."""
        seconds = int(self._backend.get_queue(aws.PREFIX + queue).visibility_timeout)
        while True:
            messages: list[Any] = self._backend.receive_message(
                aws.PREFIX + queue,
                count=count,
                wait_seconds_timeout=0,
                visibility_timeout=seconds,
            )
            if not messages or not hostile.current.loses_receive(messages[0].id):
                break
            ids = {message.id for message in messages}
            for message in self._messages(queue):
                if message.id in ids:
                    # A moment ago: for moto, a message that becomes visible now is not visible yet.
                    message.visible_at = 0
        for message in messages:
            hostile.current.hooks.handles.received(message.receipt_handle, time.time() + seconds)
        return messages

    def invoke(self, function: str, event: dict[str, Any], seconds: float | None = None) -> bool:
        """Call a function as Lambda does, and return whether it succeeded."""
        handler, queue, _ = _FUNCTIONS[function]
        try:
            with hostile.current.invocation(event):
                handler(event, Context(function, seconds))
        except (Exception, Killed) as error:
            self.failures.append(error)
            return False
        self._delete(queue, event)
        return True

    def invoke_once(self, function: str, batch: int | None = None) -> bool | None:
        """Invoke a function once; return whether it succeeded, or None if its queue gives no message."""
        event = self.receive(function, batch)
        return None if event is None else self.invoke(function, event)

    def _invoke_perhaps_twice(self, function: str) -> bool | None:
        """Invoke a function as `invoke_once` does, and with HOSTILE, now and then with the same event again.

        A test that invokes a function once says itself what happens in that invocation.
        """
        event = self.receive(function)
        if event is None:
            return None
        succeeded = self.invoke(function, event)
        if succeeded and hostile.current.delivers_again():
            failures = len(self.failures)
            self.invoke(function, event)
            # The message is deleted, so setting its pause is an error.
            del self.failures[failures:]
        return succeeded

    def watch(
        self, function: str, at: int | None = None, how: Fault = "killed before"
    ) -> list[str]:
        """Invoke a function in a new process with a fault at one of its calls, and return the names of its calls."""
        event = self.receive(function)
        assert event is not None, f"nothing for {function} to do"
        handler, queue, _ = _FUNCTIONS[function]
        returned = False
        self.restart()
        with self._outside.watched(at, how), hostile.current.invocation(event):
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
        """Run functions until none of their queues has a visible message.

        Messages that wait in the table count as queued: they are released as soon as they may be.
        """
        for _ in range(2000):
            ran = [self._invoke_perhaps_twice(function) for function in functions or FUNCTIONS]
            if all(one is None for one in ran):
                return
        raise AssertionError("the queues do not become empty")

    def run(self, *functions: str, hours: float = 100) -> None:
        """Run functions and move the clock until their queues are empty or the hours have passed."""
        wanted = functions or FUNCTIONS
        end = time.time() + hours * 3600
        while True:
            self.drain(*wanted)
            due = [moment for function in wanted for moment in self.due(function)]
            if not due or min(due) > end:
                return
            self._clock.move_to(max(min(due), time.time()) + 0.001)

    def sweep(self, seconds: float | None = None) -> None:
        """Run `sweep` as its schedule does."""
        self._schedule("sweep", seconds)

    def release(self, seconds: float | None = None) -> None:
        """Run `release` as its schedule does, a moment early."""
        self._schedule("release", seconds)

    @staticmethod
    def _schedule(function: str, seconds: float | None) -> None:
        event = scheduled()
        with hostile.current.invocation(event):
            getattr(app, function)(event, Context(function, seconds))

    def due(self, function: str) -> list[float]:
        """Return when each message of a function's queue becomes visible."""
        return [
            max(message.visible_at, message.delayed_until) / 1000
            for message in self._messages(_FUNCTIONS[function][1])
        ] + self._due_waiting(function)

    def _due_waiting(self, function: str) -> list[float]:
        """Return when each message that waits in the table for a function's queue may be queued again."""
        return [
            self._gate_opens(gate) or float(item["due"].value)
            for gate, item in self._waiting(_FUNCTIONS[function][1])
        ]

    def _waiting(self, queue: str) -> list[tuple[str, Any]]:
        """Return the messages of a queue that wait in the table, each with its gate."""
        return [
            (str(pk.value).removeprefix("WAITING#"), item.attrs)
            for pk, items in list(self._items.items())
            if str(pk.value).startswith("WAITING#")
            for item in items.values()
            if item.attrs["queue"].value == queue
        ]

    def _gate_opens(self, gate: str) -> float:
        """Return when a side may be probed; 0 if it may be called, and for a gate that is a time.

        The gate of a paused request opens after 72 hours, that of SEND_HOURS when they begin.
        """
        if gate == HOURS:
            hours = settings.load().send_hours
            return time.time() + SendHours(*hours).opens_in(time.time()) if hours else 0
        if gate.startswith("request-"):
            return self._pause_ends(gate.removeprefix("request-"))
        for pk, breakers in self._items.items():
            if pk.value == "BREAKER":
                for sk, item in breakers.items():
                    if sk.value == gate and not int(item.attrs["closed_at"].value):
                        stored = {
                            name: attributes.read(value.to_regular_json())
                            for name, value in item.attrs.items()
                        }
                        return float(table.read_as(Breaker, stored).release_at)
        return 0.0

    def _pause_ends(self, biz_id: str) -> float:
        for items in list(self._items.values()):
            halt = next((one for sk, one in items.items() if sk.value == f"HALT#{biz_id}"), None)
            if halt and halt.attrs["state"].value == "paused":
                [request] = [one for sk, one in items.items() if sk.value == f"REQUEST#{biz_id}"]
                return float(ends_at(int(request.attrs["accepted_at"].value)))
        return 0.0

    @property
    def _items(self) -> Any:
        return dynamodb_backends[aws.ACCOUNT][aws.REGION].tables[aws.TABLE].items

    def bodies(self, queue: str) -> list[dict[str, Any]]:
        """Return the bodies of a queue, also of messages that are not visible or wait in the table, without ids."""
        waiting = [str(unpack(item["body"].value)) for _, item in self._waiting(queue)]
        texts = [message.body for message in self._messages(queue)] + waiting
        found = [json.loads(text) for text in texts]
        return [{name: one for name, one in body.items() if name != "id"} for body in found]

    def count(self, queue: str) -> int:
        """Return the number of messages of a queue, including those that wait in the table."""
        return len(self._messages(queue)) + self.set_aside(queue)

    def set_aside(self, queue: str) -> int:
        """Return the number of messages of a queue that wait in the table."""
        return len(self._waiting(queue))

    def kept_until(self) -> float:
        """Return until when SQS keeps each message of the queues."""
        queues = [
            self._backend.get_queue(aws.PREFIX + queue) for _, queue, _ in _FUNCTIONS.values()
        ]
        return min(
            (
                message.sent_timestamp / 1000 + queue.message_retention_period
                for queue in queues
                for message in queue._messages
            ),
            default=math.inf,
        )

    def put(self, queue: str, body: str) -> None:
        """Put a text on a queue."""
        self._backend.send_message(aws.PREFIX + queue, body)

    def _delete(self, queue: str, event: dict[str, Any]) -> None:
        for record in event["Records"]:
            self._backend.delete_message(aws.PREFIX + queue, record["receiptHandle"])

    @property
    def _backend(self) -> Any:
        """Return the backend of moto's SQS: Lambda's side needs no HTTP."""
        return sqs_backends[aws.ACCOUNT][aws.REGION]

    def _messages(self, queue: str) -> Any:
        return self._backend.queues[aws.PREFIX + queue]._messages
