"""The four queues, each with its dead-letter queue. `QUEUES` is the list; the rest follows from it."""

from dataclasses import dataclass
from typing import Any

from ops.resources.intrinsics import attribute, number, ref, sub, text

# A message that moves to a dead-letter queue keeps its age. So it has ten days left there at least.
_RETENTION = 4 * 24 * 3600
_DEAD_RETENTION = 14 * 24 * 3600
_MAX_VISIBILITY = 12 * 3600
_MAX_RECEIVES = 1000


@dataclass(frozen=True, kw_only=True)
class Queue:
    """A queue, the function that it feeds, and the defaults of its parameters."""

    name: str
    function: str
    message: str
    """What one message is, for the parameters' descriptions."""
    visibility: int
    """Seconds for which a received message stays hidden: six time-outs of the function."""
    receives: int
    """Receives of a message before it goes to the dead-letter queue."""
    oldest: int
    """Seconds after which the age of the oldest message raises an alarm."""
    wait: int = 3600
    """Seconds after which a message that is retried, or waits in the table, raises an alarm."""
    about_visibility: str = ""
    """What else the parameter's description says."""

    @property
    def resource(self) -> str:
        """Its logical name, with which the names of its parameters begin."""
        return self.name.title()

    @property
    def dead(self) -> str:
        """The logical name of its dead-letter queue."""
        return f"{self.resource}Dead"


QUEUES = (
    Queue(
        name="sends",
        function="deliver",
        message="a send",
        visibility=1800,
        receives=1000,
        oldest=3600,
        about_visibility=", as AWS advises for queues that feed functions",
    ),
    Queue(
        name="callbacks",
        function="settle",
        message="a callback",
        visibility=360,
        receives=1000,
        oldest=900,
    ),
    Queue(
        name="receipts",
        function="push",
        message="a receipt",
        visibility=360,
        receives=1000,
        oldest=3600,
    ),
    Queue(
        name="files",
        function="read",
        message="a file",
        visibility=5400,
        receives=1000,
        oldest=3600,
    ),
)


def _visibility(queue: Queue) -> dict[str, Any]:
    said = f"Seconds, 6 x the time-out of {queue.function}{queue.about_visibility}"
    return number(said, queue.visibility, 0, _MAX_VISIBILITY)


def _receives(queue: Queue) -> dict[str, Any]:
    said = (
        f"Receives of {queue.message} before it goes to the dead-letter queue. A backstop: the functions "
        "end their retries themselves, 72 hours after the message was queued"
    )
    return number(said, queue.receives, 1, _MAX_RECEIVES)


def _resources(queue: Queue) -> dict[str, Any]:
    return {
        queue.dead: _queue(f"{queue.name}-dead", _DEAD_RETENTION),
        queue.resource: _queue(
            queue.name,
            _RETENTION,
            VisibilityTimeout=ref(f"{queue.resource}Visibility"),
            RedrivePolicy={
                "deadLetterTargetArn": attribute(queue.dead, "Arn"),
                "maxReceiveCount": ref(f"{queue.resource}Receives"),
            },
        ),
    }


def _queue(name: str, retention: int, **properties: Any) -> dict[str, Any]:
    return {
        "Type": "AWS::SQS::Queue",
        # Deleted with the stack. Under another name, the old queue stays: messages may arrive in it until the last
        # function has the new name.
        "DeletionPolicy": "Delete",
        "UpdateReplacePolicy": "Retain",
        "Properties": {
            "QueueName": sub("${QueuePrefix}" + name),
            "MessageRetentionPeriod": retention,
            "SqsManagedSseEnabled": True,
            **properties,
        },
    }


PARAMETERS = {
    "QueuePrefix": text("Start of the queues' names (BRIDGE_QUEUE_PREFIX)", MinLength=1),
    **{f"{queue.resource}Visibility": _visibility(queue) for queue in QUEUES},
    **{f"{queue.resource}Receives": _receives(queue) for queue in QUEUES},
}

RESOURCES = {name: resource for queue in QUEUES for name, resource in _resources(queue).items()}

OUTPUTS = {
    "QueuePrefix": {"Value": ref("QueuePrefix")},
    **{
        f"{name}Url": {"Value": ref(name)}
        for queue in QUEUES
        for name in (queue.resource, queue.dead)
    },
}
