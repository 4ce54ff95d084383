"""What a deployment sets after Chalice, because Chalice can't set it.

Each step reads first, changes what differs, and reads back. Run again, it changes nothing. Chalice leaves all of
this in place when it updates a function, except environment variables; it is lost with a function that is deleted
and created again.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from chalicelib.settings import Settings
from ops import adoption, api_limits, emulated, stack, stages
from ops.cloud import event_sources, identity, lambdas, rest_apis
from ops.errors import OperatorError
from ops.function_settings import PARTIAL_BATCHES, RETRIES, SCHEDULES
from ops.progress import Progress
from ops.resources.queues import QUEUES, Queue


@dataclass(frozen=True)
class Deployed:
    """A stage whose functions are deployed."""

    stage: str
    settings: Settings

    def schedules(self) -> dict[str, str]:
        """Return the deployed names of the functions that schedules start, by Chalice's names."""
        return {name: stages.function_name(self.stage, name) for name in SCHEDULES}

    def function(self, queue: Queue) -> str:
        """Return the deployed name of the function that a queue starts."""
        return stages.function_name(self.stage, queue.function)

    def queue(self, queue: Queue) -> str:
        """Return the deployed name of a queue."""
        return self.settings.queue_prefix + queue.name


def apply(deployed: Deployed, config: dict[str, Any], progress: Progress) -> None:
    """Set it all for a stage. Raises OperatorError."""
    progress(_said("recursive loops", allow_loops(deployed)))
    progress(_said("partial batches", report_partial_batches(deployed)))
    progress(_said("schedules without retries", limit_retries(deployed)))
    progress(_said("throttle of the API", throttle(deployed.stage, config)))


def allow_loops(deployed: Deployed) -> list[str]:
    """Let messages go round between the queue functions and their queues; return for which functions it is new."""
    names = {deployed.function(queue): queue.function for queue in QUEUES}
    return [names[name] for name in lambdas.allow_loops(names)]


def report_partial_batches(deployed: Deployed) -> list[str]:
    """Have each queue function return the messages that come again; return for which functions it is new.

    Lambda has to read such an answer: if it does not, it deletes the messages. So a function is switched only after
    its mapping has been read back. Raises OperatorError.
    """
    account = identity.current()
    changed = []
    for queue in QUEUES:
        function = deployed.function(queue)
        source = event_sources.settled(account, deployed.queue(queue), function)
        if source is None:
            raise OperatorError(
                f"no event source mapping leads from {deployed.queue(queue)} to {function}: nothing polls the queue. "
                f"`make deploy STAGE={deployed.stage}` creates it"
            )
        event_sources.report_partial_batches(source)
        if lambdas.set_variable(function, PARTIAL_BATCHES, "on"):
            changed.append(queue.function)
    return changed


def limit_retries(deployed: Deployed) -> list[str]:
    """Let failed and late events of schedules go; return for which functions it is new."""
    return [
        name
        for name, function in deployed.schedules().items()
        if lambdas.limit_retries(function, RETRIES, SCHEDULES[name])
    ]


def throttle(stage: str, config: dict[str, Any]) -> list[str]:
    """Limit the requests that the stage's API accepts; return the limits if they are new."""
    limits = api_limits.of_stage(config, stage)
    api, api_stage = api_of(stage, config)
    if rest_apis.set_throttle(api, api_stage, limits.rate, limits.burst):
        return [f"{limits.rate} requests a second, {limits.burst} at once"]
    return []


def api_of(stage: str, config: dict[str, Any]) -> tuple[str, str]:
    """Return the id of the stage's API, and API Gateway's name of its stage. Raises OperatorError if there is none."""
    if stages.emulator():
        api = emulated.of_stage(stack.of_stage(stage)).outputs().get("RestAPIId", "")
    else:
        api = adoption.read(stage).get("rest_api", {}).get("rest_api_id", "")
    if not api:
        raise OperatorError(f"no API is known to this checkout: `make deploy STAGE={stage}`")
    return api, stages.of_function(config, stage, stages.HTTP_FUNCTION).api_gateway_stage


def _said(setting: str, changed: Iterable[str]) -> str:
    return f"{setting}: {', '.join(changed) or 'nothing to set'}"
