"""`ops destroy`: what `make destroy` calls."""

from typing import Annotated

import typer

from ops import destroy as destruction
from ops.commands.output import Json, Stage, Yes, command, confirm, print_json
from ops.commands.steps import Steps


@command
def destroy(
    stage: Stage,
    with_table: Annotated[
        bool, typer.Option("--with-table", help="Delete the table too, with all its content.")
    ] = False,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Delete a stage: its functions, API, queues and alarms. The table stays, unless --with-table is given.

    Example: ops destroy --stage test
    """
    destruction.require_deployed(stage)
    table = destruction.table()
    messages = destruction.messages(stage)
    lost = ", ".join(f"{queue}: {count}" for queue, count in messages.items())
    held = f", with the messages in them ({lost})" if lost else ""
    also = f", AND THE TABLE {table} with all campaigns and receipts" if with_table else ""
    confirm(
        f"Delete the functions and the API of {stage}, its queues{held}, its alarms{also}? Quick Audience's and "
        "Tencent's requests will fail, and a later deployment has another address",
        yes=yes,
    )
    steps = Steps(as_json=json)
    destruction.destroy(stage, steps.done, with_table=with_table)
    if json:
        print_json(
            {
                "stage": stage,
                "steps": steps.finished,
                "messagesLost": messages,
                "table": table,
                "tableDeleted": with_table,
            }
        )
    elif not with_table:
        steps.say(
            f"The table {table} stays, with everything in it; `make deploy STAGE={stage}` uses it again. "
            f"To delete it: python -m ops destroy --stage {stage} --with-table"
        )
