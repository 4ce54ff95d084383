"""`ops campaign`: what was sent, what came back, what was pushed."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from chalicelib import dates
from ops import campaign, campaign_days, costs, export, not_taken, watching
from ops.commands import looks
from ops.commands.output import (
    Json,
    OutId,
    Stage,
    command,
    fail,
    print_json,
    show,
    show_rows,
)

app = typer.Typer(no_args_is_help=True, help="Campaigns, by their outId.")

_LABELS = {
    "bizIds": "their bizIds",
    "pauses": "paused now",
    "sent": "accepted by Tencent",
    "unsent": "not sent yet",
    "unreported": "no receipt yet",
    "unknown": "of unknown outcome",
    "pushed": "receipts pushed",
    "notTaken": "not taken by Quick Audience",
    "repliesNotTaken": "replies not taken",
    "segments": "segments billed",
    "unpriced": "messages without a known fee",
    "resent": "of the recipients, sent to again",
    "counted": "counted from",
}
_COUNTED = {"sums": "sums that are kept", "items": "every item"}
_COLUMNS = ("outId", "accepted", "sign", "templateCode", "recipients", "delivered", "failed")
_LIST_LABELS = {"outId": "campaign\n(outId)", "accepted": "accepted\n(Beijing)"}
_LEAST = ("sign", "templateCode")
"""What a list of campaigns leaves out at a terminal of 80 columns."""
Exact = Annotated[
    bool,
    typer.Option("--exact", help="Count every item. Takes long for large campaigns."),
]


@app.command("list")
@command
def list_(
    first: Annotated[
        str, typer.Option("--from", metavar="DATE", help="The first day, yyyy-MM-dd.")
    ] = "",
    last: Annotated[
        str, typer.Option("--to", metavar="DATE", help="The last day, yyyy-MM-dd.")
    ] = "",
    stage: Stage = "local",
    json: Json = False,
) -> None:
    """List the campaigns that were accepted on some days, the newest first. Times and days are Beijing time.

    Without --from and --to, these are today's. With one of them alone, both are the same day.

    Example: ops campaign list --from 2026-03-01 --to 2026-03-02 --stage prod
    """
    today = datetime.now(dates.BEIJING).date()
    begin, end = (_day(one) if one else today for one in (first or last, last or first))
    if begin > end:
        fail("--from is after --to")
    rows: Iterable[Mapping[str, Any]] = campaign_days.listed(begin, end)
    columns = (*_COLUMNS, *(("cost",) if costs.has_price() else ()), "state")
    if not json:
        # Without the year and the seconds, all columns but the least fit into 80.
        rows = [{**row, "accepted": row["accepted"][5:16], "cost": _cost(row)} for row in rows]
    show_rows(
        rows,
        columns,
        as_json=json,
        empty="No campaign was accepted on these days.",
        labels=_LIST_LABELS,
        least=_LEAST,
    )


@app.command("show")
@command
def show_(
    out_id: OutId,
    exact: Exact = False,
    watch: Annotated[
        bool, typer.Option("--watch", help="Show it every few seconds, until it is done.")
    ] = False,
    stage: Stage = "local",
    json: Json = False,
) -> None:
    """Show the counts of a campaign's recipients, from sums that the functions keep. Times are Beijing time.

    With --exact, and for what an older release worked on, every item is counted instead. "counted from" says so.

    With --json, "waiting" is the sum of "unsent" (not sent yet) and "unreported" (no receipt yet).

    With --watch, they are shown every three seconds, as bars with the rate and the time that is left, until every
    recipient has a final state, or until Ctrl-C: the campaign goes on. Without a terminal, each change is a line of
    text; with --json, it is an object on a line of its own.

    Example: ops campaign show 20260302-spring --stage prod
    """
    if watch and exact:
        fail("--watch shows the sums that are kept: leave out --exact")
    if watch:
        looks.show(watching.watch(out_id), as_json=json)
        return
    account = campaign.show(out_id, exact=exact)
    if json:
        show(account, as_json=True)
    else:
        show(_readable(account), as_json=False, title=f"Campaign {out_id}", labels=_LABELS)


@app.command("export")
@command
def export_(
    out_id: OutId,
    failed: Annotated[bool, typer.Option("--failed", help="Only recipients who failed.")] = False,
    output: Annotated[
        Path | None,
        typer.Option("--output", metavar="FILE", dir_okay=False, help="Write to this file."),
    ] = None,
    stage: Stage = "local",
    json: Json = False,
) -> None:
    """Export a campaign's recipients as CSV: a row for each, as the table is now. Times are Beijing time.

    The file is UTF-8 with a byte order mark, as spreadsheets expect it. A cell that a spreadsheet would take
    for a formula begins with an apostrophe. "waiting" is a recipient who was not sent to yet (without a time of
    sending), or whose receipt has not come yet. The file contains phone numbers: nobody but you may read that of
    --output, which is complete once it has its name.

    With --json, an array of objects with the names of the columns; with --output too, the number of rows.

    The audit log has an entry for each export, because the numbers leave the stage. Without the right to write it,
    nothing is exported.

    Examples:
    ops campaign export 20260302-spring --stage prod --output spring.csv
    ops campaign export 20260302-spring --stage prod --failed
    """
    with export.recorded(out_id, failed=failed) as rows:
        if output is None:
            for part in export.as_json(rows) if json else export.as_csv(rows):
                typer.echo(part, nl=False)
            return
        count = export.write(rows, output)
    if json:
        print_json({"outId": out_id, "rows": count, "file": str(output)})
    else:
        typer.echo(f"{output}: {count} recipients")


def _day(text: str) -> date:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=dates.BEIJING).date()
    except ValueError:
        fail(f"{text} is not a day of the form yyyy-MM-dd")


def _pause(pause: Mapping[str, Any]) -> str:
    """Return in words since when a request is paused, and why."""
    why = f"because of failures: {pause['reason']}" if pause["reason"] else "by an operator"
    return f"{pause['bizId']} since {pause['since']}, {why}"


def _cost(account: Mapping[str, Any]) -> str | None:
    return costs.in_words(account["cost"], unpriced=account["unpriced"])


def _readable(account: Mapping[str, Any]) -> dict[str, Any]:
    """Return an account for people: each count once, and the failures in lines of words."""
    hidden = {"outId", "waiting", "failureReasons", "failures", "files"}
    shown = {key: value for key, value in account.items() if key not in hidden}
    shown["counted"] = _COUNTED[account["counted"]]
    if not account["resent"]:
        del shown["resent"]
    shown["pauses"] = "\n".join(map(_pause, account["pauses"])) or None
    shown["cost"] = _cost(account) or "unknown: SEGMENT_PRICE is not set"
    for name in ("notTaken", "repliesNotTaken"):
        if shown[name] is None:
            del shown[name]
        else:
            shown[name] = not_taken.in_words(shown[name])
    files = {"files": account["files"]} if "files" in account else {}
    lines = [
        f"{one['recipients']}  {one['code']}" + (f": {one['reason']}" if one["reason"] else "")
        for one in account["failures"]
    ]
    return shown | {"failures": "\n".join(lines) or None} | files
