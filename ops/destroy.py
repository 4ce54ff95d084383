"""`ops destroy`: a stage's functions, queues and alarms, gone; its table only if asked for. `make destroy` calls it."""

from typing import Annotated

import boto3
import typer
from botocore.exceptions import ClientError

from chalicelib import aws, settings
from ops import emulated, stack
from ops import stage as stages
from ops.deploy import done, run_chalice
from ops.doctor import QUEUES, waiting
from ops.output import Stage, Yes, command, confirm, fail


@command
def destroy(
    stage: Stage,
    with_table: Annotated[
        bool, typer.Option("--with-table", help="Delete the table too, and all that it knows.")
    ] = False,
    yes: Yes = False,
) -> None:
    """Delete a stage. The table stays, protected, unless --with-table is given."""
    if stage == stages.LOCAL:
        fail("the local stack is not deployed: Ctrl-C ends it, and its data are in .local")
    own = stack.of_stage(stage)
    table = settings.load().table
    _ask(stage, own, table, with_table=with_table, yes=yes)
    try:
        if stages.emulator():
            emulated.of_stage(own).delete()
        else:
            run_chalice("delete", stage)
        done("functions and API: deleted")
        was = own.delete()
        done(f"queues, alarms: stack {own.name} " + ("deleted" if was else "was not there"))
    except stack.StackFailed as error:
        fail(str(error))
    if with_table:
        _delete(table)
        done(f"table {table}: deleted")
        return
    typer.echo(
        f"The table {table} stays, with everything in it; `make deploy STAGE={stage}` takes it up again. "
        f"To delete it: python -m ops destroy --stage {stage} --with-table"
    )


def _ask(stage: str, own: stack.Stack, table: str, *, with_table: bool, yes: bool) -> None:
    lost = (
        [f"{queue}: {count}" for queue in QUEUES if (count := _count(queue))]
        if own.status()
        else []
    )
    held = f", with the messages in them ({', '.join(lost)})" if lost else ""
    also = f", AND THE TABLE {table} with all campaigns and receipts" if with_table else ""
    confirm(
        f"Delete the functions and the API of {stage}, its queues{held}, its alarms{also}? Quick Audience's and "
        "Tencent's requests will fail, and a later deployment has another address",
        yes=yes,
    )


def _count(queue: str) -> int:
    """Messages in a queue and in its dead-letter queue; none where it is gone already."""
    try:
        return waiting(queue) + waiting(f"{queue}-dead")
    except ClientError as error:
        if "NonExistentQueue" in error.response["Error"]["Code"]:
            return 0
        raise


def _delete(table: str) -> None:
    client = aws.dynamodb()
    try:
        client.update_table(TableName=table, DeletionProtectionEnabled=False)
        # A table that is being changed is not deleted.
        client.get_waiter("table_exists").wait(TableName=table, WaiterConfig={"Delay": 2})
        client.delete_table(TableName=table)
        boto3.client("dynamodb").get_waiter("table_not_exists").wait(TableName=table)
    except client.exceptions.ResourceNotFoundException:
        typer.echo(f"there is no table {table}")
