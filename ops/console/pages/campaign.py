"""One campaign: its counts, reasons, files and times; receipts again, an exact count, an export."""

from typing import Any

from ops import campaign, receipts, timelines
from ops.campaign import NoSumsError
from ops.console.actions import Action, Question, Result
from ops.console.pages.campaigns import RUNNING, shares
from ops.console.parts import Page, Part
from ops.console.visits import Values, Visit

_MAX_REASONS = 20
_MAX_REQUESTS = 200


def _account(visit: Visit) -> Values:
    """Read the campaign's sums. Nothing is counted item by item, since this is read every few seconds."""
    out_id = visit.given("outId")
    try:
        return _values(visit, campaign.show(out_id, from_sums=True))
    except NoSumsError:
        return {"account": None, "out_id": out_id, "pushes": receipts.pushes()}


def _exact(visit: Visit) -> Values:
    return _values(visit, campaign.show(visit.given("outId"), exact=True))


def _values(visit: Visit, account: dict[str, Any]) -> Values:
    reasons = [
        one | {"reason": visit.words.reason(one["code"], one["reason"])}
        for one in account["failures"][:_MAX_REASONS]
    ]
    return {
        "account": account,
        "shares": shares(account),
        "reasons": reasons,
        "files": account.get("files", []),
        "requests": account["bizIds"][:_MAX_REQUESTS],
        "running": account["state"] in RUNNING,
        "pushes": receipts.pushes(),
    }


def _timeline(visit: Visit) -> Values:
    found = timelines.of(campaign.accepted(visit.given("outId"), consistent=False))
    return {
        "timeline": found,
        "sends": [[("waiting", one.sent)] for one in found.columns],
        "finals": [[("delivered", one.delivered), ("failed", one.failed)] for one in found.columns],
    }


def _ask_replay(visit: Visit) -> Question:
    """Count first what would be queued."""
    out_id = visit.given("outId")
    found = receipts.replay(out_id, dry_run=True)
    return Question(
        facts=[
            ("campaign", out_id),
            ("settled_receipts", found["settled"]),
            ("pushed", found["pushed"]),
            ("to_queue", found["queued"]),
        ],
        warning="action.receipts.warning",
        kept={"outId": out_id},
    )


def _replay(visit: Visit) -> Result:
    out_id = visit.given("outId")
    done = receipts.replay(out_id)
    return Result(
        facts=[("campaign", out_id), ("queued", done["queued"]), ("rows_added", done["rowsAdded"])],
        command=["receipts", "replay", "--out-id", out_id],
    )


PAGE = Page(
    "campaign",
    (
        Part("account", _account, seconds=3),
        Part("timeline", _timeline, seconds=15),
        Part("exact", _exact, asked=True),
    ),
    keys=("outId",),
    section="campaigns",
)
ACTIONS = (Action("receipts", _ask_replay, _replay),)
