"""The event source mappings of a stage: what makes Lambda poll a queue and call the queue's function."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from ops.cloud import lambdas, polling
from ops.cloud.identity import Identity
from ops.errors import OperatorError

PARTIAL = "ReportBatchItemFailures"

_SETTLING_SECONDS = 300.0
_SETTLED = ("Enabled", "Disabled")
_BUSY = ("ResourceInUseException", "ResourceConflictException")


@dataclass(frozen=True, slots=True)
class EventSource:
    """A mapping as AWS describes it."""

    id: str
    state: str
    last_result: str
    partial: bool
    """Whether Lambda reads `batchItemFailures` from the function's answer."""
    function_arn: str


def find(identity: Identity, queue: str, function: str) -> EventSource | None:
    """Return the mapping from a queue to a function, both by their deployed names; None if there is none.

    It is looked up by the queue's ARN: that also finds the mapping of a function or a queue that was deleted.
    """
    pages = lambdas.client().get_paginator("list_event_source_mappings")
    for page in pages.paginate(EventSourceArn=identity.arn("sqs", queue)):
        for found in page["EventSourceMappings"]:
            if _function(found) == function:
                return _read(found)
    return None


def settled(identity: Identity, queue: str, function: str) -> EventSource | None:
    """Return the mapping once it is enabled or disabled, with no change under way; None if there is none.

    A deleted mapping exists for up to some minutes, in which another one for the same queue is refused.
    """

    def look() -> list[EventSource | None] | None:
        found = find(identity, queue, function)
        return [found] if found is None or found.state in _SETTLED else None

    return polling.until(look, _SETTLING_SECONDS, f"the last change of the mapping of {queue}")[0]


def report_partial_batches(source: EventSource) -> EventSource:
    """Have Lambda read `batchItemFailures` from the function's answers; return the mapping as read back.

    Raises OperatorError if AWS does not confirm it.
    """
    if source.partial:
        return source
    changed = _change(source.id, FunctionResponseTypes=[PARTIAL])
    if not changed.partial:
        raise OperatorError(
            f"the event source mapping {source.id} does not report partial batches, although "
            "UpdateEventSourceMapping was accepted. Deploy again"
        )
    return changed


def enable(source: EventSource, *, on: bool) -> EventSource:
    """Let Lambda poll a queue, or stop it; return the mapping once that is done."""
    return _change(source.id, Enabled=on)


def _change(uuid: str, **changes: Any) -> EventSource:
    """Change a mapping; return it once the change is done."""

    def try_it() -> bool | None:
        try:
            lambdas.client().update_event_source_mapping(UUID=uuid, **changes)
        except ClientError as error:
            if error.response["Error"]["Code"] in _BUSY:
                return None
            raise
        return True

    def look() -> EventSource | None:
        found = _read(lambdas.client().get_event_source_mapping(UUID=uuid))
        return found if found.state in _SETTLED else None

    what = f"a change of the event source mapping {uuid}"
    polling.until(try_it, _SETTLING_SECONDS, what)
    return polling.until(look, _SETTLING_SECONDS, what)


def _read(found: Mapping[str, Any]) -> EventSource:
    return EventSource(
        id=found["UUID"],
        state=found.get("State", ""),
        last_result=found.get("LastProcessingResult", ""),
        partial=PARTIAL in found.get("FunctionResponseTypes", []),
        function_arn=found["FunctionArn"],
    )


def _function(found: Mapping[str, Any]) -> str:
    return str(found["FunctionArn"]).rpartition(":")[2]
