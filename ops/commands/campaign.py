"""`ops campaign`: what was sent, what came back, what was pushed."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

import typer

from chalicelib import dates
from ops import campaign
from ops.commands.output import Json, Stage, command, fail, show, show_rows

app = typer.Typer(no_args_is_help=True, help="Campaigns, by their outId.")

_LABELS = {
    "bizIds": "their bizIds",
    "sent": "accepted by Tencent",
    "unsent": "not sent yet",
    "unreported": "no receipt yet",
    "unknown": "of unknown outcome",
    "pushed": "receipts pushed",
    "segments": "segments billed",
    "unpriced": "messages without a known fee",
    "counted": "counted from",
}
_COUNTED = {"sums": "sums that are kept", "items": "every item"}
_COLUMNS = ("outId", "accepted", "sign", "templateCode", "recipients", "delivered", "failed")

Exact = Annotated[
    bool,
    typer.Option("--exact", help="Count every item. Takes long for large campaigns."),
]


@app.command("list")
@command
def list_(
    first: Annotated[
        datetime | None,
        typer.Option("--from", formats=["%Y-%m-%d"], metavar="DATE", help="The first day."),
    ] = None,
    last: Annotated[
        datetime | None,
        typer.Option("--to", formats=["%Y-%m-%d"], metavar="DATE", help="The last day."),
    ] = None,
    stage: Stage = "local",
    json: Json = False,
) -> None:
    """List the campaigns that were accepted on some days, the newest first. Times and days are Beijing time.

    Without --from and --to, these are today's. With one of them alone, both are the same day.

    Example: ops campaign list --from 2026-03-01 --to 2026-03-02 --stage prod
    """
    today = datetime.now(dates.BEIJING).date()
    begin, end = (one.date() if one else today for one in (first or last, last or first))
    if begin > end:
        fail("--from is after --to")
    show_rows(
        campaign.listed(begin, end),
        (*_COLUMNS, "state"),
        as_json=json,
        empty="no campaign was accepted on these days",
    )


@app.command("show")
@command
def show_(
    out_id: Annotated[str, typer.Argument(metavar="OUT_ID", help="Quick Audience's outId.")],
    exact: Exact = False,
    stage: Stage = "local",
    json: Json = False,
) -> None:
    """Show the counts of a campaign's recipients, from sums that the functions keep. Times are Beijing time.

    With --exact, and for what an older release worked on, every item is counted instead. "counted from" says so.

    With --json, "waiting" is the sum of "unsent" (not sent yet) and "unreported" (no receipt yet).

    Example: ops campaign show 20260302-spring --stage prod
    """
    account = campaign.show(out_id, exact=exact)
    if json:
        show(account, as_json=True)
    else:
        show(_readable(account), as_json=False, title=f"Campaign {out_id}", labels=_LABELS)


def _readable(account: Mapping[str, Any]) -> dict[str, Any]:
    """Return an account for people: each count once, and the failures in lines of words."""
    hidden = {"outId", "waiting", "failureReasons", "failures", "files"}
    shown = {key: value for key, value in account.items() if key not in hidden}
    shown["counted"] = _COUNTED[account["counted"]]
    for name in ("pushed", "replies"):
        if shown[name] is None:
            shown[name] = "too many to count in passing: see --exact"
    files = {"files": account["files"]} if "files" in account else {}
    lines = [
        f"{one['recipients']}  {one['code']}" + (f": {one['reason']}" if one["reason"] else "")
        for one in account["failures"]
    ]
    return shown | {"failures": "\n".join(lines) or None} | files
