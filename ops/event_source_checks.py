"""Checks of what makes Lambda poll a stage's queues."""

from collections.abc import Iterator
from functools import partial

from chalicelib import settings
from ops import findings
from ops.after_chalice import Deployed
from ops.cloud import event_sources, identity, lambdas
from ops.cloud.event_sources import EventSource
from ops.findings import Finding
from ops.function_settings import PARTIAL_BATCHES
from ops.resources.queues import QUEUES, Queue

# What Lambda says of a poll that went well. Everything else is a problem.
_WELL = ("", "OK", "No records processed")


def examine(stage: str) -> Iterator[Finding]:
    """Yield a finding for each queue."""
    deployed = Deployed(stage, settings.load())
    for queue in QUEUES:
        yield findings.run(f"polling of {queue.name}", partial(_polling, deployed, queue))


def _polling(deployed: Deployed, queue: Queue) -> Finding:
    check = f"polling of {queue.name}"
    function = deployed.function(queue)
    source = event_sources.find(identity.current(), deployed.queue(queue), function)
    if source is None:
        text = f"nothing polls the queue: `make deploy STAGE={deployed.stage}` creates the mapping"
        return Finding(check, "error", text)
    configuration = lambdas.configuration(function) or {}
    variables = configuration.get("Environment", {}).get("Variables", {})
    returns = variables.get(PARTIAL_BATCHES) == "on"
    if returns and not source.partial:
        text = (
            f"messages are lost: {queue.function} returns those that come again, and Lambda deletes them all, because "
            f"the mapping does not report partial batches. Deploy at once: `make deploy STAGE={deployed.stage}`"
        )
        return Finding(check, "error", text)
    return _state(check, queue, source, returns=returns)


def _state(check: str, queue: Queue, source: EventSource, *, returns: bool) -> Finding:
    if source.state == "Disabled":
        text = (
            f"paused, messages wait in the queue: `ops resume {queue.name}` lets Lambda poll again"
        )
        return Finding(check, "warning", text)
    if source.state != "Enabled":
        return Finding(check, "warning", f"AWS is changing the mapping: {source.state}")
    if source.last_result not in _WELL:
        return Finding(check, "warning", f"enabled, last result: {source.last_result}")
    if not returns:
        text = "enabled, but without partial batches: each failure slows it down. Deploy again"
        return Finding(check, "warning", text)
    return Finding(check, "ok", f"enabled, last result: {source.last_result or 'none yet'}")
