"""SQS: receipt handles, limits, and messages of a batch that are refused."""

import threading
import time
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from .calls import Call, Layer
from .draws import Draws

_MAX_DELAY = 900
_MAX_VISIBILITY = 43_200
_DEFAULT_VISIBILITY = 30
_OLD_HANDLE = "ReceiptHandleIsInvalid"
# Handles of one process whose times are known.
_REMEMBERED = 10_000
# Share of deletions by an old handle that do nothing, and of batches of which something is refused.
_IGNORED = 0.5
_REFUSED = 0.05

GoOn = Callable[[Call], Any]


class Handles(Layer):
    """The switch `handles`.

    It knows when the time of a handle ends if the handle was received through it, or was announced by `received`.
    """

    def __init__(self, draws: Draws) -> None:
        self._draws = draws
        self._ends: dict[str, float] = {}
        self._visibility: dict[str, int] = {}
        self._lock = threading.Lock()

    def received(self, handle: str, until: float) -> None:
        """Record that a message was received, and when its visibility ends (an epoch)."""
        with self._lock:
            self._ends[handle] = until
            if len(self._ends) > _REMEMBERED:
                del self._ends[next(iter(self._ends))]

    def __call__(self, call: Call, go_on: GoOn) -> Any:
        """Return the call's answer, or raise its error."""
        if call.service != "sqs":
            return go_on(call)
        match call.operation:
            case "ReceiveMessage":
                return self._receive(call, go_on)
            case "SendMessage":
                self._check_delay(call, call.params)
            case "SendMessageBatch":
                for entry in call.params["Entries"]:
                    self._check_delay(call, entry)
            case "ChangeMessageVisibility":
                return self._change(call, go_on)
            case "DeleteMessage":
                return self._delete(call, go_on)
            case "DeleteMessageBatch":
                return self._delete_batch(call, go_on)
        return go_on(call)

    def _receive(self, call: Call, go_on: GoOn) -> Any:
        asked_at = time.time()
        answer = go_on(call)
        seconds = call.params.get("VisibilityTimeout")
        if seconds is None and answer.get("Messages"):
            seconds = self._visibility_of(call)
        for message in answer.get("Messages", []):
            self.received(message["ReceiptHandle"], asked_at + float(seconds or 0))
        return answer

    def _visibility_of(self, call: Call) -> int:
        url = call.params["QueueUrl"]
        if url not in self._visibility:
            found = call.ask(
                "GetQueueAttributes", QueueUrl=url, AttributeNames=["VisibilityTimeout"]
            )
            value = found.get("Attributes", {}).get("VisibilityTimeout", _DEFAULT_VISIBILITY)
            self._visibility[url] = int(value)
        return self._visibility[url]

    @staticmethod
    def _check_delay(call: Call, message: dict[str, Any]) -> None:
        if not 0 <= message.get("DelaySeconds", 0) <= _MAX_DELAY:
            raise call.error(
                "InvalidParameterValue",
                f"Value {message['DelaySeconds']} for parameter DelaySeconds is invalid. Reason: DelaySeconds must be "
                f">= 0 and <= {_MAX_DELAY}.",
            )

    def _change(self, call: Call, go_on: GoOn) -> Any:
        handle, seconds = call.params["ReceiptHandle"], call.params["VisibilityTimeout"]
        if not 0 <= seconds <= _MAX_VISIBILITY:
            raise call.error(
                "InvalidParameterValue",
                f"Value {seconds} for parameter VisibilityTimeout is invalid. Reason: VisibilityTimeout must be an "
                f"integer between 0 and {_MAX_VISIBILITY}.",
            )
        if self._is_old(handle):
            self._draws.note()
            raise call.error(
                "InvalidParameterValue",
                f"Value {handle} for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not "
                "available for visibility timeout change.",
            )
        answer = go_on(call)
        self.received(handle, time.time() + seconds)
        return answer

    def _delete(self, call: Call, go_on: GoOn) -> Any:
        handle = call.params["ReceiptHandle"]
        if self._is_ignored(handle):
            return {"ResponseMetadata": {"HTTPStatusCode": 200}}
        try:
            answer = go_on(call)
        except ClientError as error:
            if error.response["Error"]["Code"] != _OLD_HANDLE:
                raise
            answer = {"ResponseMetadata": {"HTTPStatusCode": 200}}
        self._mark_deleted(handle)
        return answer

    def _delete_batch(self, call: Call, go_on: GoOn) -> Any:
        entries = call.params["Entries"]
        sent = [entry for entry in entries if not self._is_ignored(entry["ReceiptHandle"])]
        answer: dict[str, Any] = {"ResponseMetadata": {"HTTPStatusCode": 200}}
        if sent:
            answer = go_on(call.with_params(call.params | {"Entries": sent}))
        refused = [one for one in answer.get("Failed", []) if one["Code"] != _OLD_HANDLE]
        failed = {one["Id"] for one in refused}
        for entry in entries:
            if entry["Id"] not in failed:
                self._mark_deleted(entry["ReceiptHandle"])
        answer["Successful"] = [{"Id": one["Id"]} for one in entries if one["Id"] not in failed]
        answer["Failed"] = refused
        return answer

    def _is_old(self, handle: str) -> bool:
        with self._lock:
            return time.time() > self._ends.get(handle, float("inf"))

    def _is_ignored(self, handle: str) -> bool:
        if not self._is_old(handle) or not self._draws.chance(_IGNORED):
            return False
        self._draws.note()
        return True

    def _mark_deleted(self, handle: str) -> None:
        self.received(handle, until=0)


class Partial(Layer):
    """The switch `partial`: messages of a batch are refused; with `whole`, sometimes the whole call."""

    def __init__(self, draws: Draws, *, whole: bool) -> None:
        self._draws = draws
        self._whole = whole

    def __call__(self, call: Call, go_on: GoOn) -> Any:
        """Return the call's answer, or raise its error."""
        if (call.service, call.operation) != ("sqs", "SendMessageBatch"):
            return go_on(call)
        entries = call.params["Entries"]
        bodies = {entry["Id"]: (call.params["QueueUrl"], entry["MessageBody"]) for entry in entries}
        failing = self._draws.failing(bodies.values(), _REFUSED)
        refused = [entry for entry in entries if bodies[entry["Id"]] in failing]
        accepted = [entry for entry in entries if bodies[entry["Id"]] not in failing]
        if self._whole and refused and not accepted and self._draws.chance(0.5):
            raise call.error("ServiceUnavailable", "The service is unavailable.", status=503)
        answer: dict[str, Any] = {"ResponseMetadata": {"HTTPStatusCode": 200}, "Successful": []}
        if accepted:
            answer = go_on(call.with_params(call.params | {"Entries": accepted}))
        # By fault of either side: a sender's fault can be none of its message, but of its credentials.
        failed = [self._failure(entry["Id"]) for entry in refused]
        return answer | {"Failed": [*answer.get("Failed", []), *failed]} if failed else answer

    def _failure(self, id_: str) -> dict[str, Any]:
        if self._draws.chance(0.5):
            return {
                "Id": id_,
                "SenderFault": False,
                "Code": "InternalError",
                "Message": "try again",
            }
        code = "AccessDenied"
        return {"Id": id_, "SenderFault": True, "Code": code, "Message": "a moment ago"}
