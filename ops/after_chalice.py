"""What a deployment sets after Chalice, because Chalice can't set it.

Each step reads first, changes what differs, and reads back. Run again, it changes nothing. Chalice leaves all of
this in place when it updates a function, except environment variables; it is lost with a function that is deleted
and created again.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from chalicelib.settings import Settings
from ops import stages
from ops.cloud import event_sources, identity, lambdas
from ops.errors import OperatorError
from ops.progress import Progress
from ops.resources.queues import QUEUES, Queue

PARTIAL_BATCHES = "BRIDGE_PARTIAL_BATCHES"


@dataclass(frozen=True)
class Deployed:
    """A stage whose functions are deployed."""

    stage: str
    settings: Settings

    def function(self, queue: Queue) -> str:
        """Return the deployed name of the function that a queue starts."""
        return stages.function_name(self.stage, queue.function)

    def queue(self, queue: Queue) -> str:
        """Return the deployed name of a queue."""
        return self.settings.queue_prefix + queue.name


def apply(deployed: Deployed, progress: Progress) -> None:
    """Set it all for a stage. Raises OperatorError."""
    progress(_said("recursive loops", allow_loops(deployed)))
    progress(_said("partial batches", report_partial_batches(deployed)))


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


def _said(setting: str, changed: Iterable[str]) -> str:
    return f"{setting}: {', '.join(changed) or 'nothing to set'}"
