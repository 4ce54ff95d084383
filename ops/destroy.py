"""Delete a stage: its functions, queues and alarms, and its table only if asked."""

from pathlib import Path

import boto3
from botocore.exceptions import ClientError

from chalicelib import aws, settings
from ops import adoption, audit, emulated, queue_counts, queue_names, stack, stages
from ops.after_chalice import Deployed
from ops.cloud import event_sources, identity
from ops.deploy import run_chalice
from ops.errors import OperatorError, is_missing_queue
from ops.progress import Progress
from ops.queue_counts import QUEUES
from ops.resources import queues


def require_deployed(stage: str) -> None:
    """Raise OperatorError for the local stack, which is not deployed."""
    if stage == stages.LOCAL:
        raise OperatorError(
            "the local stack is not deployed: Ctrl-C ends it, and its data are in .local"
        )


def table() -> str:
    """Return the name of the stage's table."""
    return settings.load().table


def messages(stage: str) -> dict[str, int]:
    """Return how many messages would be lost, by queue, dead letters included. Empty queues are left out."""
    if not stack.of_stage(stage).status():
        return {}
    counts = {queue: _count(queue) for queue in QUEUES}
    return {queue: count for queue, count in counts.items() if count}


@audit.recorded("destroy", "stage", "with_table", needs_table=False)
def destroy(stage: str, progress: Progress, *, with_table: bool) -> None:
    """Delete a stage; with `with_table`, its table too. Raises OperatorError."""
    require_deployed(stage)
    own = stack.of_stage(stage)
    if stages.emulator():
        emulated.of_stage(own).delete()
    else:
        # Chalice deletes what its record names, and stops at what does not exist any more.
        adoption.reconcile(stages.read_config(), stage)
        run_chalice("delete", stage, Path.cwd())
        _wait_for_mappings(stage)
    progress("functions and API: deleted")
    existed = own.delete()
    if existed and not stages.emulator():
        queue_names.note_deleted(stage)
    progress(f"queues, alarms: stack {own.name} " + ("deleted" if existed else "did not exist"))
    if with_table:
        deleted = _delete(table())
        progress(f"table {table()}: " + ("deleted" if deleted else "did not exist"))


def _wait_for_mappings(stage: str) -> None:
    """Wait until AWS has deleted the mappings of the queues: a deployment right afterwards makes new ones."""
    account, deployed = identity.current(), Deployed(stage, settings.load())
    for queue in queues.QUEUES:
        event_sources.settled(account, deployed.queue(queue), deployed.function(queue))


def _count(queue: str) -> int:
    """Return the messages in a queue and in its dead-letter queue; 0 if the queue is deleted already."""
    try:
        return queue_counts.count(queue) + queue_counts.count(f"{queue}-dead")
    except ClientError as error:
        if is_missing_queue(error):
            return 0
        raise


def _delete(table: str) -> bool:
    """Delete a table; return whether there was one."""
    client = aws.dynamodb()
    try:
        client.update_table(TableName=table, DeletionProtectionEnabled=False)
        # DynamoDB deletes no table that is being changed.
        client.get_waiter("table_exists").wait(TableName=table, WaiterConfig={"Delay": 2})
        client.delete_table(TableName=table)
        boto3.client("dynamodb").get_waiter("table_not_exists").wait(TableName=table)
    except client.exceptions.ResourceNotFoundException:
        return False
    return True
