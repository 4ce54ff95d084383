"""`ops campaign`: what was sent, what came back, what was pushed."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from ops import campaign
from ops.commands.output import Json, Stage, command, show

app = typer.Typer(no_args_is_help=True, help="Campaigns, by their outId.")

_LABELS = {
    "bizIds": "their bizIds",
    "sent": "accepted by Tencent",
    "unsent": "not sent yet",
    "unreported": "no receipt yet",
    "unknown": "of unknown outcome",
    "pushed": "receipts pushed",
}


@app.command("show")
@command
def show_(
    out_id: Annotated[str, typer.Argument(metavar="OUT_ID", help="Quick Audience's outId.")],
    stage: Stage = "local",
    json: Json = False,
) -> None:
    """Count a campaign's recipients, from the table as it is now. Times are Beijing time.

    With --json, "waiting" is the sum of "unsent" (not sent yet) and "unreported" (no receipt yet).

    Example: ops campaign show 20260302-spring --stage prod
    """
    account = campaign.show(out_id)
    if json:
        show(account, as_json=True)
    else:
        show(_readable(account), as_json=False, title=f"Campaign {out_id}", labels=_LABELS)


def _readable(account: Mapping[str, Any]) -> dict[str, Any]:
    """Return an account for people: each count once, and the failures in lines of words."""
    hidden = {"outId", "waiting", "failureReasons", "failures", "files"}
    shown = {key: value for key, value in account.items() if key not in hidden}
    files = {"files": account["files"]} if "files" in account else {}
    lines = [
        f"{one['recipients']}  {one['code']}" + (f": {one['reason']}" if one["reason"] else "")
        for one in account["failures"]
    ]
    return shown | {"failures": "\n".join(lines) or None} | files
