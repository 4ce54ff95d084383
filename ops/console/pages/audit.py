"""The audit log: who changed what, when, and with what result."""

import json
import re
from datetime import datetime
from typing import Any

from chalicelib import dates
from ops import audit
from ops.console.parts import Page, Part
from ops.console.visits import Values, Visit

_MAX_SHOWN = 500
_MONTH = re.compile(r"2[0-9]{3}-(0[1-9]|1[0-2])")


def _entries(visit: Visit) -> Values:
    """Show a month; this one without a choice."""
    this = f"{datetime.now(dates.BEIJING):%Y-%m}"
    given = visit.query.get("month", "")
    month = given if _MONTH.fullmatch(given) else this
    last = datetime.now(dates.BEIJING).date().isoformat() if month == this else _last_day(month)
    found = audit.entries(f"{month}-01", last)
    return {
        "entries": [_row(entry) for entry in found[:_MAX_SHOWN]],
        "more": max(0, len(found) - _MAX_SHOWN),
        "month": month,
        "this": this,
    }


def _last_day(month: str) -> str:
    year, number = int(month[:4]), int(month[5:])
    after = datetime(year + number // 12, number % 12 + 1, 1, tzinfo=dates.BEIJING)
    return datetime.fromtimestamp(after.timestamp() - 1, dates.BEIJING).date().isoformat()


def _row(entry: dict[str, Any]) -> dict[str, Any]:
    outcome = entry["outcome"]
    if isinstance(outcome, dict):
        # What an argument says already, and lists of details, are left to the command line.
        outcome = {
            name: value
            for name, value in outcome.items()
            if name not in entry["arguments"] and not isinstance(value, list | dict)
        }
    return entry | {
        "who": entry["who"].rpartition("/")[2] or entry["who"],
        "identity": entry["who"],
        "arguments": _readable(entry["arguments"]),
        "outcome": "" if outcome is None else _readable(outcome),
    }


def _readable(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        return ", ".join(f"{name}: {_readable(one)}" for name, one in value.items())
    return json.dumps(value, ensure_ascii=False)


PAGE = Page("audit", (Part("entries", _entries),), keys=("month",))
