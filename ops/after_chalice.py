"""What a deployment sets after Chalice, because Chalice has no words for it.

Each step reads first, changes what differs, and reads back. Run again, it changes nothing. Chalice leaves all of
this in place when it updates a function; it is lost with a function that is deleted and created again.
"""

from ops import stages
from ops.cloud import lambdas
from ops.progress import Progress
from ops.resources.queues import QUEUES


def apply(stage: str, progress: Progress) -> None:
    """Set it all for a stage. Raises OperatorError."""
    changed = lambdas.allow_loops(queue_functions(stage))
    progress(f"recursive loops: allowed for {_names(stage, changed)}")


def queue_functions(stage: str) -> list[str]:
    """Return the deployed names of the functions that queues start."""
    return [stages.function_name(stage, queue.function) for queue in QUEUES]


def _names(stage: str, changed: list[str]) -> str:
    """Return the short names of changed functions, for a sentence."""
    start = stages.function_name(stage, "")
    return ", ".join(name.removeprefix(start) for name in changed) or "all four before"
