"""Sends of unknown outcome of the last 72 hours, by campaign; settling one by hand."""

from itertools import groupby
from typing import cast

from ops import unknown
from ops.console.actions import Action, Choice, Question, Result
from ops.console.parts import Page, Part
from ops.console.visits import Values, Visit
from ops.errors import OperatorError

_MAX_SHOWN = 500
_STATES = (("delivered", "state.delivered"), ("failed", "state.failed"))


def _sends(visit: Visit) -> Values:
    """Read the open chunks of 72 hours. That is expensive, so it is not repeated by itself."""
    found = sorted(unknown.list_all(), key=lambda row: (row["outId"], row["sent"]))
    rows = [row | {"handle": visit.session.handle(row["phone"])} for row in found[:_MAX_SHOWN]]
    campaigns = [(out_id, list(of)) for out_id, of in groupby(rows, lambda row: row["outId"])]
    return {"campaigns": campaigns, "total": len(found), "more": len(found) - len(rows)}


def _ask(visit: Visit) -> Question:
    out_id, phone = visit.given("outId"), phone_of(visit)
    sends = unknown.find(out_id, phone)
    return Question(
        facts=[("campaign", out_id), ("phone", masked(phone)), ("sends", len(sends))],
        warning="action.settle.warning",
        kept={"outId": out_id, "number": visit.given("number")},
        choices=[Choice("state", _STATES)],
        text_limit=unknown.MAX_REASON,
    )


def _settle(visit: Visit) -> Result:
    out_id, phone, state = visit.given("outId"), phone_of(visit), visit.form.get("state", "")
    if state not in ("delivered", "failed"):
        raise OperatorError(visit.words("dialog.choose"))
    reason = visit.form.get("reason", "").strip()
    unknown.require_reason(reason)
    sends = unknown.find(out_id, phone)
    done = unknown.settle(out_id, phone, sends, cast("unknown.State", state), reason)
    command = ["unknown", "settle", "--out-id", out_id, "--phone", masked(phone), "--as", state]
    return Result(
        facts=[
            ("campaign", out_id),
            ("phone", masked(phone)),
            ("state", visit.words(f"state.{state}")),
            ("settled", done["settled"]),
        ],
        command=[*command, *(["--reason", reason] if reason else [])],
        note="result.masked",
    )


def phone_of(visit: Visit) -> str:
    """Return the number that the visit names by its handle. Raises OperatorError for an unknown handle."""
    found = visit.session.phone(visit.given("number"))
    if found is None:
        raise OperatorError(visit.words("phone.forgotten"))
    return found


def masked(phone: str) -> str:
    """Return a number of which only the last four digits are shown."""
    return f"…{phone[-4:]}"


PAGE = Page("unknown", (Part("unknown_sends", _sends, asked=False),))
ACTIONS = (Action("settle", _ask, _settle, danger=True),)
