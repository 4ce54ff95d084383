"""Refuse a deployment that would put other queues or another table in the place of those that hold messages.

CloudFormation replaces a resource whose name changes. The old queues stay, since their policy is Retain, but
nothing polls them any more; and messages refer to items of the table that they were sent with.
"""

from collections.abc import Mapping

from botocore.exceptions import ClientError

from chalicelib import aws
from ops import queue_counts, waiting_counts
from ops.errors import OperatorError, is_missing_queue
from ops.stack import Stack

# The stack's parameters that name queues and table, and the settings that they follow.
_NAMES = {"QueuePrefix": "BRIDGE_QUEUE_PREFIX", "Table": "BRIDGE_TABLE"}
_STATES = ("", "NotVisible", "Delayed")


def require_empty(own: Stack, parameters: Mapping[str, str]) -> None:
    """Raise OperatorError if names change while messages wait in what the stack has now."""
    present = own.parameters()
    changed = {
        name: setting
        for name, setting in _NAMES.items()
        if name in present and present[name] != parameters[name]
    }
    if not changed:
        return
    waits = messages(present["QueuePrefix"], present["Table"])
    if waits:
        held = ", ".join(f"{place}: {count}" for place, count in waits.items())
        changes = ", ".join(
            f"{setting} from {present[name]} to {parameters[name]}"
            for name, setting in changed.items()
        )
        raise OperatorError(
            f"{changes}: this replaces what messages still wait in ({held}), and nothing would process them. Take "
            "back the change and wait until nothing waits (`ops doctor`), or deploy with --replace and lose them"
        )


def messages(prefix: str, table: str) -> dict[str, str]:
    """Return how many messages wait, by queue and by gate of the table, for people. Empty ones are left out."""
    queued = {queue: _in_queue(prefix + queue) for queue in queue_counts.ALL}
    parked = {
        f"the table at {gate}": waiting_counts.at(table, gate) for gate in waiting_counts.GATES
    }
    parked["paused requests"] = waiting_counts.paused_requests(table)
    return {place: str(count) for place, count in queued.items() if count} | {
        place: waiting_counts.shown(count) for place, count in parked.items() if count
    }


def _in_queue(name: str) -> int:
    try:
        url = aws.sqs().get_queue_url(QueueName=name)["QueueUrl"]
        answer = aws.sqs().get_queue_attributes(QueueUrl=url, AttributeNames=["All"])
    except ClientError as error:
        if is_missing_queue(error):
            return 0
        raise
    attributes = {str(key): value for key, value in answer["Attributes"].items()}
    return sum(int(attributes[f"ApproximateNumberOfMessages{state}"]) for state in _STATES)
