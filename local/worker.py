"""One execution environment of a queue's function, called as by Lambda's event source mapping.

`python -m local.worker deliver` polls the queue of `deliver`, calls the function with a batch, and deletes the
batch when the function returns. When it raises, nothing is deleted, and the queue delivers the messages again:
after its visibility timeout, or after the timeout that the function has set for a message.

The mappings that `chalice deploy` creates ignore `batchItemFailures`. With BRIDGE_PARTIAL_BATCHES=on, which a
deployment sets once a mapping reads them, messages that the function names stay on the queue.

A stack runs several workers for each function. On SIGTERM, a worker finishes its batch first. With HOSTILE, it is
as bad as AWS can be (`local.hostile`).
"""

import argparse
import os
import signal
import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from chalice.app import SQSEventConfig

from local import event_source, faults
from local.event_source import Record
from local.functions import App, Function, log
from local.hostile import chain
from local.hostile.switches import Switch
from local.processes import StackError
from local.state import adopt_environment
from local.worst import Worst

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient
    from types_boto3_sqs.type_defs import MessageTypeDef

READY = r"polling \S+"
"""Pattern of the line that a worker prints when it is ready."""

_MAX_PER_CALL = 10
# AWS polls for 20 s at a time. For the queue, shorter polls make no difference. A message that arrives
# while a poll is aborted would stay invisible for its whole visibility timeout, so polls are short
# instead, and a worker that is asked to stop waits for the end of its last one.
_POLL_SECONDS = 1
_RETRY_SECONDS = 0.5


class Worker:
    """Calls one function with batches from one queue, one batch at a time.

    `number` counts a function's workers from 1. With `partial`, the mapping reads `batchItemFailures`.
    """

    def __init__(
        self,
        function: Function,
        trigger: SQSEventConfig,
        worst: Worst,
        *,
        number: int = 1,
        partial: bool = False,
    ) -> None:
        self.stopping = False
        self._function = function
        self._size = trigger.batch_size
        self._window = trigger.maximum_batching_window_in_seconds
        self._partial = partial
        self._polling = worst.polling(function.name, number)
        self._slots = worst.slots()
        self._freezing = worst.freezing()
        self._recursion = worst.recursion()
        self._chain = worst.hooks.chain
        self._note = worst.switches.note
        self._sqs = _connect()
        assert trigger.queue is not None  # noqa: S101 - for the type checker; App uses names only
        self._url = self._sqs.get_queue_url(QueueName=trigger.queue)["QueueUrl"]
        attributes = self._sqs.get_queue_attributes(
            QueueUrl=self._url, AttributeNames=["QueueArn", "VisibilityTimeout"]
        )["Attributes"]
        self._arn = attributes["QueueArn"]
        self._visibility = int(attributes["VisibilityTimeout"])

    def run(self) -> None:
        """Process batches until `stopping` is set."""
        while not self.stopping:
            try:
                if batch := self._next():
                    self._process(batch)
                    self._freeze()
            except (BotoCoreError, ClientError) as error:
                log("ERROR", f"The queue does not answer: {error}", function=self._function.name)
                time.sleep(_RETRY_SECONDS)

    def _freeze(self) -> None:
        """Where HOSTILE says so: be frozen until the next event."""
        if self._freezing.between_events():
            log("INFO", "Frozen between two events", function=self._function.name)
            # The poller is Lambda's own, and keeps its connections.
            self._sqs = _connect()

    def _next(self) -> Sequence[Record]:
        """Return the next batch, after a moment if there is none."""
        if not self._polling.may_poll():
            time.sleep(_POLL_SECONDS)
            return []
        return self._polling.take() or [
            event_source.record(message, self._arn, self._function.region)
            for message in self._collect()
        ]

    def _collect(self) -> "list[MessageTypeDef]":
        """Return up to a batch of messages. A batch that is not full waits for the batching window."""
        batch = self._receive(self._size, _POLL_SECONDS)
        deadline = time.monotonic() + self._polling.window(self._window)
        while batch and len(batch) < self._size and not self.stopping:
            left = deadline - time.monotonic()
            if left <= 0:
                break
            more = self._receive(self._size - len(batch), min(_POLL_SECONDS, int(left)))
            batch += more
            if not more and left < _POLL_SECONDS:
                # Long polls last whole seconds, so the rest of the window is spent asleep.
                time.sleep(min(left, 0.05))
        return batch

    def _receive(self, limit: int, wait: int) -> "list[MessageTypeDef]":
        answer = self._sqs.receive_message(
            QueueUrl=self._url,
            MaxNumberOfMessages=min(limit, _MAX_PER_CALL),
            WaitTimeSeconds=wait,
            MessageSystemAttributeNames=["All"],
            MessageAttributeNames=["All"],
        )
        return answer.get("Messages", [])

    def _process(self, batch: Sequence[Record]) -> None:
        headers = chain.of_records(batch)
        name = self._function.name
        allowed = self._recursion.allows(name, self._function.deployed_name)
        if chain.stops(headers, allowed=allowed):
            log("ERROR", "RecursiveInvocationsDropped", function=name, messages=len(batch))
            self._note(Switch.CHAIN)
            return
        if self._polling.loses():
            return
        self._polling.offer(batch)
        with self._slots.take(self._visibility) as slot, self._chain.running(headers):
            if not slot:
                log("ERROR", "Throttled", function=name, messages=len(batch))
                self._note(Switch.SLOTS)
                return
            invocation = self._function.invoke({"Records": list(batch)})
        if not invocation.returned:
            self._polling.failed()
            return
        done = event_source.succeeded(batch, invocation.value, partial=self._partial)
        for start in range(0, len(done), _MAX_PER_CALL):
            self._delete(done[start : start + _MAX_PER_CALL])

    def _delete(self, batch: Sequence[Record]) -> None:
        answer = self._sqs.delete_message_batch(
            QueueUrl=self._url,
            Entries=[
                {"Id": str(n), "ReceiptHandle": record["receiptHandle"]}
                for n, record in enumerate(batch)
            ],
        )
        for failed in answer.get("Failed", []):
            # The function may have deleted a message itself. SQS accepts a second deletion, whereas
            # ministack calls the handle invalid.
            if failed["Code"] != "ReceiptHandleIsInvalid":
                record = batch[int(failed["Id"])]
                log("ERROR", "Not deleted", messageId=record["messageId"], code=failed["Code"])


def _connect() -> "SQSClient":
    # The loop retries by itself, and boto3's own retries would only delay the end of the process.
    return boto3.client("sqs", config=Config(retries={"total_max_attempts": 2}))


def main() -> None:
    """Run a worker until SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m local.worker", description=__doc__)
    parser.add_argument("function", help="a function of the app that a queue triggers")
    parser.add_argument("--app", default="app", help="module of the Chalice app")
    parser.add_argument("--number", type=int, default=1, help="number among the function's workers")
    arguments = parser.parse_args()
    adopt_environment()
    worst = Worst(f"{arguments.function}-{arguments.number}")
    worst.install()
    faults.install()
    app = App(arguments.app)
    trigger = app.queues.get(arguments.function)
    if trigger is None:
        raise StackError(
            f"No queue triggers {arguments.function!r}; queues trigger {sorted(app.queues)}"
        )
    function = app.function(arguments.function)
    partial = os.environ.get("BRIDGE_PARTIAL_BATCHES") == "on"
    worker = Worker(function, trigger, worst, number=arguments.number, partial=partial)

    def stop(*_: object) -> None:
        worker.stopping = True

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    print(f"polling {trigger.queue}", flush=True)
    worker.run()


if __name__ == "__main__":
    try:
        main()
    except (StackError, BotoCoreError, ClientError) as error:
        sys.exit(f"local.worker: {error}")
