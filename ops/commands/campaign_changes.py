"""`ops campaign pause`, `resume`, `stop` and `resend`: what an operator changes about a campaign."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from ops import campaign, costs, halting
from ops.commands.output import (
    Json,
    OutId,
    Stage,
    Yes,
    command,
    confirm,
    show,
    show_rows,
    warn,
)

_HALT_COLUMNS = ("bizId", "accepted", "state", "left")
_HALT_LABELS = {
    "accepted": "accepted\n(Beijing time)",
    "left": "time left",
    "ends": "ends\n(Beijing time)",
}

_RESEND_LABELS = {
    "recipients": "recipients to send to",
    "segments": "segments (estimate)",
    "cost": "cost (estimate)",
    "failures": "failed before with",
    "leftOut": "left out",
    "requests": "new requests",
}


@command
def pause(out_id: OutId, yes: Yes = False, stage: Stage = "local", json: Json = False) -> None:
    """Pause the requests that were accepted under an outId so far. Later ones are sent.

    No call to Tencent for them begins later than 5 seconds after this command returned; calls under way
    are accounted for. Their statuses and replies go on to Quick Audience. A request that is still paused
    72 hours after its acceptance ends: its recipients are reported as failed with NOT_SENT. Nothing
    changes for a request that has been sent entirely, and `show` does not call it paused. Times are Beijing time.

    Example: ops campaign pause 20260302-spring --stage prod
    """
    count = _count(out_id)
    confirm(f"Pause {count} of {out_id}?", yes=yes)
    _print(halting.pause(out_id), json=json)


@command
def resume(out_id: OutId, yes: Yes = False, stage: Stage = "local", json: Json = False) -> None:
    """Go on with the paused requests of an outId, within a minute; say how long each is still sent.

    That is until 72 hours after its acceptance. Recipients who were sent to are not sent to again. Times are
    Beijing time.

    Example: ops campaign resume 20260302-spring --stage prod
    """
    count = _count(out_id)
    confirm(f"Resume {count} of {out_id}?", yes=yes)
    _print(halting.resume(out_id), json=json)


@command
def stop(out_id: OutId, yes: Yes = False, stage: Stage = "local", json: Json = False) -> None:
    """Stop the requests that were accepted under an outId so far, for good. Later ones are sent.

    No call to Tencent for them begins later than 5 seconds after this command returned. Each recipient
    who was not sent to is reported to Quick Audience as failed with STOPPED. Recipients of a file (§5)
    that is still being read are reported as it is read. For 12 hours, a repetition of a stopped request
    is refused. Times are Beijing time.

    Example: ops campaign stop 20260302-spring --stage prod
    """
    count = _count(out_id)
    confirm(f"Stop {count} of {out_id}, for good?", yes=yes)
    stopped = halting.stop(out_id)
    _print(stopped, json=json)
    if not json:
        typer.echo(_unsent(stopped["unsent"]))
    if not all(request["fileIsRead"] for request in stopped["requests"]):
        warn("a file is still being read: its further recipients are reported as STOPPED, too")


# The further arguments are the codes of `--code A B`.
@command
def resend(
    context: typer.Context,
    out_id: OutId,
    *,
    code: Annotated[
        list[str] | None,
        typer.Option(
            "--code",
            metavar="CODE",
            help="Only recipients who failed with this code. Several: --code A --code B, --code A B, or --code A,B.",
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show who would be sent to, and who would not.")
    ] = False,
    yes: Yes = False,
    stage: Stage = "local",
    json: Json = False,
) -> None:
    """Send again, under the same outId, to recipients whom Tencent certainly never accepted.

    That is: whom the bridge or Tencent refused, or who ended as STOPPED or NOT_SENT. Nobody is sent to
    whose phone was sent to under this outId by whatever request, perhaps was, or still may be: what
    Tencent accepted once is never sent again, whatever its receipt says. Sign, template, DAILY_LIMIT,
    ALLOWED_COUNTRIES and SEND_HOURS apply as they are now. The recipients become a new request of the
    outId, which `show` counts in addition: a recipient who failed first and is delivered now counts once
    as failed and once as delivered.

    Quick Audience gets a second receipt for these recipients. That it replaces the first one follows from
    its key, outId and phone, but is not documented.

    Examples:
    ops campaign resend 20260302-spring --code STOPPED --dry-run --stage prod
    ops campaign resend 20260302-spring --code STOPPED NOT_SENT --stage prod
    """
    # Imported here, because it brings the models of Quick Audience's requests, which no other command needs.
    from ops import resending  # noqa: PLC0415

    codes = _codes(code or [], context.args)
    if dry_run:
        _print_resend(resending.resend(out_id, codes, dry_run=True), json=json)
        return
    at_most = None
    if not yes:
        planned = resending.resend(out_id, codes, dry_run=True)
        if not planned["recipients"] and not planned["cutOff"]:
            # There is nothing to confirm.
            _print_resend(planned, json=json)
            return
        _print_resend(planned, json=json, err=True)
        at_most = planned["recipients"]
        price = f" for about {cost}" if (cost := costs.in_words(planned["cost"])) else ""
        confirm(
            f"Send again to {at_most} recipients of {out_id}, about {planned['segments']} segments{price}?",
            yes=False,
        )
    _print_resend(resending.resend(out_id, codes, at_most=at_most), json=json)


def _codes(given: Sequence[str], words: Sequence[str]) -> list[str]:
    """Return the codes of `--code A --code B`, `--code A B` and `--code A,B`, each once.

    Raises BadParameter for words without --code, and for a --code without a code: no code would mean all recipients.
    """
    if words and not given:
        raise typer.BadParameter(
            f"only one OUT_ID is expected; before codes, give --code: {' '.join(words)}"
        )
    codes = list[str]()
    for text in (*given, *words):
        found = [code.strip() for code in text.split(",") if code.strip()]
        if not found:
            raise typer.BadParameter("--code has no code: leave it out to send to all who failed")
        codes += found
    return list(dict.fromkeys(codes))


def _print_resend(account: Mapping[str, Any], *, json: bool, err: bool = False) -> None:
    """Print whom a resend sends to, and who is left out; with `err`, before a confirmation, on standard error."""
    if json and not err:
        show(account, as_json=True)
    else:
        hidden = {"outId", "dryRun", "cutOff", "failures", "leftOut", "requests", "warnings"}
        shown = {name: value for name, value in account.items() if name not in hidden}
        shown["cost"] = costs.in_words(account["cost"]) or "unknown: SEGMENT_PRICE is not set"
        shown["failures"] = "\n".join(
            f"{one['recipients']}  {one['code']}: {one['reason']}" for one in account["failures"]
        )
        shown["leftOut"] = "\n".join(
            f"{one['recipients']}  {one['why']}" for one in account["leftOut"]
        )
        shown["requests"] = "\n".join(
            f"{one['recipients']}  【{one['sign']}】 {one['templateCode']}"
            + (f", bizId {one['bizId']}" if one["bizId"] else "")
            for one in account["requests"]
        )
        title = _resend_title(account)
        show(
            {name: value if value != "" else None for name, value in shown.items()},
            as_json=False,
            title=f"{title}: {account['outId']}",
            labels=_RESEND_LABELS,
            err=err,
        )
    for warning in account["warnings"]:
        warn(warning)


def _resend_title(account: Mapping[str, Any]) -> str:
    if not account["recipients"]:
        return "Nobody to send to again"
    return "Would be sent again" if account["dryRun"] else "Sent again"


def _unsent(recipients: int) -> str:
    """Return in words what happens to the recipients whom a stopped campaign did not send to."""
    if not recipients:
        return "Nobody is left to be reported as STOPPED: all recipients were sent to, refused, or reported before."
    return f"Reported as STOPPED: {recipients} recipients, except those of a call that is under way now."


def _count(out_id: str) -> str:
    count = len(campaign.accepted(out_id))
    return "the one request" if count == 1 else f"all {count} requests"


def _print(account: Mapping[str, Any], *, json: bool) -> None:
    if json:
        show(account, as_json=True)
        return
    rows = [row | {"left": _duration(row["secondsLeft"])} for row in account["requests"]]
    ends = () if account["state"] == "stopped" else ("ends",)
    show_rows(
        rows,
        (*_HALT_COLUMNS, *ends),
        as_json=False,
        empty="",
        labels=_HALT_LABELS,
        least=("accepted",),
    )


def _duration(seconds: int) -> str:
    """Return a duration in words, in hours and minutes."""
    return f"{seconds // 3600} h {seconds % 3600 // 60} min" if seconds else "none"


def add_to(app: typer.Typer) -> None:
    """Add the commands to those about campaigns."""
    for each in (pause, resume, stop):
        app.command()(each)
    # `--code A B`: typer gives the second word to no option.
    app.command(context_settings={"allow_extra_args": True})(resend)
