"""`ops unknown`: sends of unknown outcome, and settling them by hand."""

from typing import Annotated

import typer

from ops import unknown
from ops.commands.output import Json, Stage, Yes, command, confirm, show, show_rows
from ops.unknown import CLOSED_HOURS, State

app = typer.Typer(no_args_is_help=True, help="Sends of unknown outcome.")

_COLUMNS = ("sent", "phone", "outId", "bizId", "sign", "template")
_LABELS = {"sent": "sent (Beijing time)"}


@app.command("list")
@command
def list_(
    out_id: Annotated[str, typer.Option(metavar="OUT_ID", help="Only those of one campaign.")] = "",
    hours: Annotated[
        int,
        typer.Option(min=1, help="Without --out-id: those accepted in this number of hours."),
    ] = CLOSED_HOURS,
    stage: Stage = "local",
    json: Json = False,
) -> None:
    """List recipients whose send got no answer that can be understood. They are not sent to again.

    Most are settled by their receipts within the hour. After 72 hours, the others are reported as failed
    (OUTCOME_UNKNOWN), and no longer listed. Times are Beijing time.

    Examples:
    ops unknown list --stage prod
    ops unknown list --out-id 20260302-spring
    """
    rows = unknown.list_all(out_id, hours)
    show_rows(rows, _COLUMNS, as_json=json, empty="No outcome is unknown.", labels=_LABELS)


@app.command()
@command
def settle(  # noqa: PLR0917 -- its options
    out_id: Annotated[str, typer.Option(metavar="OUT_ID", help="The campaign.")],
    phone: Annotated[str, typer.Option(help="The recipient.")],
    state: Annotated[State, typer.Option("--as", help="What became of the message.")],
    reason: Annotated[
        str, typer.Option(help="For marketers to read: in Chinese, at most 100 characters.")
    ] = "",
    yes: Yes = False,
    stage: Stage = "local",
    json: Json = False,
) -> None:
    """Settle a send of unknown outcome by what you know from elsewhere, and report it to Quick Audience.

    That is final. A status of Tencent's that arrives in the same moment is reported in its place, never as
    well. One that arrives later is parked, unless another send to this phone is of unknown outcome: then
    the bridge may take it for the status of that one.

    Examples:
    ops unknown settle --out-id 20260302-spring --phone 13900001111 --as delivered
    ops unknown settle --out-id 20260302-spring --phone 13900001111 --as failed --reason 空号
    """
    unknown.require_reason(reason)
    sends = unknown.find(out_id, phone)
    count = "the send" if len(sends) == 1 else f"all {len(sends)} sends"
    confirm(f"Settle {count} of {out_id} to {phone} as {state}, for good?", yes=yes)
    show(unknown.settle(out_id, phone, sends, state, reason), as_json=json)
