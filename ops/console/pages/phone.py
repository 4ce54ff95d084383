"""A number: everything that is known about it; searched by a form, so that no address contains it."""

from typing import Any

from ops import erasure, message, phone_numbers
from ops.console.actions import Action, Question, Result, require_typed
from ops.console.pages.unknown import masked, masks_number, phone_of
from ops.console.parts import Page, Part
from ops.console.visits import Values, Visit
from ops.errors import OperatorError

_MAX_SHOWN = 200


def search(visit: Visit) -> str:
    """Return the handle of the number that was searched for. Raises OperatorError if it is no number."""
    return visit.session.handle(phone_numbers.parse(visit.form.get("phone", "").strip()))


def _found(visit: Visit) -> Values:
    """Find a number's messages, the newest first."""
    handle = visit.given("number")
    if not handle:
        return {"phone": "", "handle": "", "messages": [], "more": 0}
    phone = phone_of(visit)
    rows = [_row(visit, row) for row in reversed(message.find(phone))]
    return {
        "phone": phone,
        "handle": handle,
        "messages": rows[:_MAX_SHOWN],
        "more": max(0, len(rows) - _MAX_SHOWN),
    }


def _row(visit: Visit, row: dict[str, Any]) -> dict[str, Any]:
    reason = visit.words.reason(row["code"], row["reason"]) if row["code"] else ""
    return row | {"words": reason if row["state"] == "failed" else ""}


@masks_number
def _ask_erase(visit: Visit) -> Question:
    found = erasure.find(phone_of(visit))
    if not found:
        raise OperatorError(visit.words("phone.nothing"))
    return Question(
        facts=[
            ("phone", masked(found.phone)),
            ("messages", len(found.messages)),
            ("campaigns", ", ".join(found.out_ids) or "—"),
            ("replies", len(found.replies)),
            ("parked", len(found.parked)),
        ],
        warning="action.erase.warning",
        kept={"number": visit.given("number")},
        typed=found.phone[-4:],
    )


@masks_number
def _erase(visit: Visit) -> Result:
    phone = phone_of(visit)
    require_typed(visit, phone[-4:])
    done = erasure.erase(erasure.find(phone))
    return Result(
        facts=[("phone", masked(phone)), *((name, done[name]) for name in _ERASED)],
        command=["message", "erase", masked(phone), "--yes"],
        note="result.masked",
    )


_ERASED = ("messages", "rows", "replies", "parked")
PAGE = Page("phone", (Part("messages", _found),), keys=("number",))
ACTIONS = (Action("erase", _ask_erase, _erase, danger=True),)
