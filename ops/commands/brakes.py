"""`ops pause` and `ops resume`: an emergency brake on one queue's function."""

from typing import Annotated, get_args

import typer

from chalicelib.domain.queue_names import QueueName
from ops import brakes, stages
from ops.commands.output import Json, Stage, command, fail, show

Queue = Annotated[str, typer.Argument(help=f"The queue: {', '.join(get_args(QueueName))}.")]


@command
def pause(queue: Queue, stage: Stage = "local", json: Json = False) -> None:
    """Stop the function of a queue. Its messages wait, up to four days, until `ops resume`.

    Batches that have begun are finished. Deployments leave a paused queue paused.

    Example: ops pause sends --stage prod
    """
    _set(queue, stage, on=False, json=json)


@command
def resume(queue: Queue, stage: Stage = "local", json: Json = False) -> None:
    """Let the function of a paused queue go on with its messages.

    Example: ops resume sends --stage prod
    """
    _set(queue, stage, on=True, json=json)


def _set(name: str, stage: str, *, on: bool, json: bool) -> None:
    found = [queue for queue in get_args(QueueName) if queue == name]
    if not found:
        fail(f"no queue {name}: there are {', '.join(get_args(QueueName))}")
    if stage == stages.LOCAL:
        fail(
            "the local stack has no event source mappings, so its queues can't be paused: Ctrl-C in `make up` stops "
            "all of it, and the next `make up` goes on with what is queued"
        )
    show(brakes.set_polling(stage, found[0], on=on), as_json=json)
