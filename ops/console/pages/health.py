"""Health: breakers and holds, queues, what is left to send, and the doctor on demand."""

import time
from collections.abc import Iterator, Mapping
from typing import Any

from chalicelib import settings
from chalicelib.delivery import package_balance
from chalicelib.domain.breaker import NAMES, BreakerName
from chalicelib.store import daily_counts, table
from chalicelib.tencent import api
from ops import breaker, doctor, queue_counts, waiting_counts
from ops.console import problems
from ops.console.actions import Action, Question, Result
from ops.console.parts import Page, Part
from ops.console.visits import Values, Visit
from ops.errors import OperatorError


def _breakers(_: Visit) -> Values:
    return {"breakers": [breaker.state(name) for name in NAMES]}


def _queues(visit: Visit) -> Values:
    """Count the queues. The ages of their oldest messages come from CloudWatch, which does not always know them."""
    ages = visit.console.ages.get()
    why = problems.of(ages.error, visit.console.stage) if ages.error else None
    return {"queues": list(_rows(ages.seconds)), "ages": bool(ages.seconds), "why": why}


def _rows(ages: Mapping[str, int]) -> Iterator[dict[str, Any]]:
    for queue in queue_counts.QUEUES:
        found = queue_counts.attributes(queue)
        yield {
            "queue": queue,
            "waiting": int(found["ApproximateNumberOfMessages"]),
            "flight": int(found["ApproximateNumberOfMessagesNotVisible"]),
            "delayed": int(found["ApproximateNumberOfMessagesDelayed"]),
            "dead": queue_counts.count(f"{queue}-dead"),
            "oldest": ages.get(queue),
        }


def _volume(_: Visit) -> Values:
    """Return today's recipients beside DAILY_LIMIT. Without a limit they are not counted."""
    limit = settings.load().daily_limit
    return {"limit": limit, "accepted": daily_counts.accepted(int(time.time())) if limit else None}


def _packages(_: Visit) -> Values:
    """Ask Tencent what is left in the account's packages; v5 does not say."""
    tencent = api.client()
    if not tencent.reports_packages:
        return {"reported": False, "left": None, "billed": False}
    found, now = tencent.packages(), time.time()
    return {
        "reported": True,
        "billed": package_balance.is_billed_by_package(found, now),
        "left": package_balance.left(package_balance.in_force(found, now)),
    }


def _doctor(visit: Visit) -> Values:
    return {"findings": [_finding(visit, one.row()) for one in doctor.examine(visit.console.stage)]}


def _finding(visit: Visit, row: dict[str, Any]) -> dict[str, Any]:
    name, helps = visit.words.check(row["check"])
    code = row["check"] if name != row["check"] else ""
    return row | {"name": name, "code": code, "helps": "" if row["state"] == "ok" else helps}


def _ask_close(visit: Visit) -> Question:
    found = breaker.state(_name(visit))
    waiting = waiting_counts.at(table.table_name(), found["breaker"])
    return Question(
        facts=[
            ("breaker", found["breaker"]),
            ("since", found["since"]),
            ("why", found.get("why")),
            ("waiting", waiting_counts.shown(waiting)),
        ],
        warning="action.close.quickaudience"
        if found["breaker"] == "quickaudience"
        else "action.close.tencent",
        kept={"breaker": found["breaker"]},
    )


def _close(visit: Visit) -> Result:
    name = _name(visit)
    found = breaker.close(name)
    return Result(
        facts=[("breaker", name), ("state", visit.words(f"breaker.{found['state']}"))],
        command=["breaker", "close", name],
        note="action.close.note",
    )


def _name(visit: Visit) -> BreakerName:
    name = visit.given("breaker")
    if name not in NAMES:
        raise OperatorError(f"no breaker {name}")
    return name


PAGE = Page(
    "health",
    (
        Part("breakers", _breakers, seconds=5),
        Part("queues", _queues, seconds=5),
        Part("volume", _volume, seconds=15),
        Part("packages", _packages, seconds=300),
        Part("doctor", _doctor, asked=True),
    ),
)
ACTIONS = (Action("close", _ask_close, _close, danger=True),)
