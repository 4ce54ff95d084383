"""One execution environment of a queue's function, called as by Lambda's event source mapping.

`python -m local.worker deliver` polls the queue of `deliver`, calls the function with a batch, and
deletes the batch when the function returns. When it raises, nothing is deleted, and the queue
delivers the messages again: after its visibility timeout, or after the timeout that the function has
set for a message. It ignores `batchItemFailures`, as do the mappings that `chalice deploy` creates.

A stack runs several workers for each function. On SIGTERM, a worker finishes its batch first.
"""

import argparse
import base64
import signal
import sys
import time
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from chalice.app import SQSEventConfig

from local import faults
from local.functions import App, Function, log
from local.processes import StackError
from local.state import adopt_environment

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient
    from types_boto3_sqs.type_defs import MessageAttributeValueOutputTypeDef, MessageTypeDef

READY = r"polling \S+"
"""Pattern of the line that a worker prints when it is ready."""

_MAX_PER_CALL = 10
# AWS polls for 20 s at a time. For the queue, shorter polls make no difference. A message that arrives
# while a poll is aborted would stay invisible for its whole visibility timeout, so polls are short
# instead, and a worker that is asked to stop waits for the end of its last one.
_POLL_SECONDS = 1
_RETRY_SECONDS = 0.5


class Worker:
    """Calls one function with batches from one queue, one batch at a time."""

    def __init__(self, function: Function, trigger: SQSEventConfig, sqs: "SQSClient") -> None:
        self.stopping = False
        self._function = function
        self._size = trigger.batch_size
        self._window = trigger.maximum_batching_window_in_seconds
        self._sqs = sqs
        assert trigger.queue is not None  # noqa: S101 - for the type checker; App uses names only
        self._url = sqs.get_queue_url(QueueName=trigger.queue)["QueueUrl"]
        attributes = sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=["QueueArn"])
        self._arn = attributes["Attributes"]["QueueArn"]

    def run(self) -> None:
        """Process batches until `stopping` is set."""
        while not self.stopping:
            try:
                if batch := self._collect():
                    self._process(batch)
            except (BotoCoreError, ClientError) as error:
                log("ERROR", f"The queue does not answer: {error}", function=self._function.name)
                time.sleep(_RETRY_SECONDS)

    def _collect(self) -> "list[MessageTypeDef]":
        """Return up to a batch of messages. A batch that is not full waits for the batching window."""
        batch = self._receive(self._size, _POLL_SECONDS)
        deadline = time.monotonic() + self._window
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

    def _process(self, batch: "list[MessageTypeDef]") -> None:
        if self._function({"Records": [self._record(message) for message in batch]}):
            for start in range(0, len(batch), _MAX_PER_CALL):
                self._delete(batch[start : start + _MAX_PER_CALL])

    def _record(self, message: "MessageTypeDef") -> dict[str, Any]:
        attributes = message.get("MessageAttributes", {})
        return {
            "messageId": message["MessageId"],
            "receiptHandle": message["ReceiptHandle"],
            "body": message["Body"],
            "attributes": message["Attributes"],
            "messageAttributes": {name: _attribute(a) for name, a in attributes.items()},
            "md5OfBody": message["MD5OfBody"],
            "eventSource": "aws:sqs",
            "eventSourceARN": self._arn,
            "awsRegion": self._function.region,
        }

    def _delete(self, batch: "list[MessageTypeDef]") -> None:
        answer = self._sqs.delete_message_batch(
            QueueUrl=self._url,
            Entries=[
                {"Id": str(n), "ReceiptHandle": message["ReceiptHandle"]}
                for n, message in enumerate(batch)
            ],
        )
        for failed in answer.get("Failed", []):
            # The function may have deleted a message itself. SQS accepts a second deletion, whereas
            # ministack calls the handle invalid.
            if failed["Code"] != "ReceiptHandleIsInvalid":
                message = batch[int(failed["Id"])]
                log("ERROR", "Not deleted", messageId=message["MessageId"], code=failed["Code"])


def _attribute(value: "MessageAttributeValueOutputTypeDef") -> dict[str, Any]:
    """Return a message attribute in the format of an event."""
    attribute: dict[str, Any] = {
        "stringListValues": [],
        "binaryListValues": [],
        "dataType": value["DataType"],
    }
    if "StringValue" in value:
        attribute["stringValue"] = value["StringValue"]
    if "BinaryValue" in value:
        attribute["binaryValue"] = base64.b64encode(value["BinaryValue"]).decode()
    return attribute


def main() -> None:
    """Run a worker until SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m local.worker", description=__doc__)
    parser.add_argument("function", help="a function of the app that a queue triggers")
    parser.add_argument("--app", default="app", help="module of the Chalice app")
    arguments = parser.parse_args()
    adopt_environment()
    faults.install()
    app = App(arguments.app)
    trigger = app.queues.get(arguments.function)
    if trigger is None:
        raise StackError(
            f"No queue triggers {arguments.function!r}; queues trigger {sorted(app.queues)}"
        )
    # The loop retries by itself, and boto3's own retries would only delay the end of the process.
    sqs = boto3.client("sqs", config=Config(retries={"total_max_attempts": 2}))
    worker = Worker(app.function(arguments.function), trigger, sqs)

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
