"""Sends of unknown outcome of the last 72 hours, by campaign; settling one by hand."""

from collections.abc import Callable
from functools import wraps
from itertools import groupby
from typing import TypeVar, cast

from chalicelib.domain import phones
from ops import unknown
from ops.console.actions import Action, Choice, Question, Result
from ops.console.parts import Page, Part
from ops.console.visits import Values, Visit
from ops.errors import OperatorError

T = TypeVar("T")

_MAX_SHOWN = 500
_STATES = (("delivered", "state.delivered"), ("failed", "state.failed"))


def _sends(visit: Visit) -> Values:
    """Read the open chunks of 72 hours. That is expensive, so it is not repeated by itself."""
    found = sorted(unknown.list_all(), key=lambda row: (row["outId"], row["sent"]))
    rows = [row | {"handle": visit.session.handle(row["phone"])} for row in found[:_MAX_SHOWN]]
    campaigns = [(out_id, list(of)) for out_id, of in groupby(rows, lambda row: row["outId"])]
    return {"campaigns": campaigns, "total": len(found), "more": len(found) - len(rows)}


def masks_number(work: Callable[[Visit], T]) -> Callable[[Visit], T]:
    """Wrap work on the number of a visit, so that its errors show only the last digits.

    A whole number is shown by the action that records it.
    """

    @wraps(work)
    def wrapped(visit: Visit) -> T:
        try:
            return work(visit)
        except OperatorError as error:
            text = str(error)
            if phone := visit.session.phone(visit.given("number")):
                for form in (phone, phones.to_quick_audience(phone)):
                    text = text.replace(form, masked(phone))
            raise OperatorError(text) from error

    return wrapped


@masks_number
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


@masks_number
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
