"""Campaigns: those that were accepted on a day, the running ones first."""

import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any

from chalicelib import dates
from ops import campaign_days
from ops.console.parts import Page, Part
from ops.console.visits import Values, Visit
from ops.errors import OperatorError

RUNNING = ("sending", "held", "hours", "paused")
"""States of campaigns in which recipients wait to be sent to."""

# A campaign without sums, whose state is not known, may be running.
_FIRST = (*RUNNING, None)
_PER_PAGE = 50
_MAX_PAGES = 20


def _load(visit: Visit) -> Values:
    """Read the sums of a day's campaigns. Nothing is counted item by item, since this is read every few seconds."""
    day = _day(visit)
    most = _PER_PAGE * _pages(visit)
    rows = list(islice(campaign_days.listed(day, day, from_sums=True), most + 1))
    shown = sorted(rows[:most], key=lambda row: row["state"] not in _FIRST)
    return {
        "campaigns": [row | {"shares": shares(row) if row["state"] else []} for row in shown],
        "more": _pages(visit) + 1 if len(rows) > most else 0,
        "totals": {name: sum(row[name] or 0 for row in shown) for name in ("recipients", *_TOTALS)},
        **_days(day),
    }


_TOTALS = ("sent", "delivered", "failed", "unknown")


def shares(row: Mapping[str, Any]) -> list[tuple[str, int]]:
    """Return the shares of a campaign's bar. What they leave of it was not sent to yet."""
    names = ("delivered", "failed", "unknown")
    return [*((name, row[name]) for name in names), ("waiting", row["unreported"])]


def _days(day: date) -> dict[str, str]:
    today = datetime.now(dates.BEIJING).date()
    after = day + timedelta(days=1)
    return {
        "day": day.isoformat(),
        "before": (day - timedelta(days=1)).isoformat(),
        "after": after.isoformat() if after <= today else "",
        "today": today.isoformat(),
    }


def _day(visit: Visit) -> date:
    given = visit.query.get("day", "")
    if not given:
        return datetime.now(dates.BEIJING).date()
    try:
        if re.fullmatch(r"2[0-9]{3}-[0-9]{2}-[0-9]{2}", given):
            return date.fromisoformat(given)
    except ValueError:
        pass
    raise OperatorError(visit.words("campaigns.no_day", day=given[:40]))


def _pages(visit: Visit) -> int:
    given = visit.query.get("pages", "")
    return min(max(int(given), 1), _MAX_PAGES) if re.fullmatch(r"[0-9]{1,3}", given) else 1


PAGE = Page("campaigns", (Part("campaigns", _load, seconds=10),), keys=("day", "pages"))
