"""Pausing, resuming and stopping a campaign, as actions of its page."""

from typing import Any

from ops import campaign, halting
from ops.console import out_ids
from ops.console.actions import Action, Fact, Question, Result, require_typed
from ops.console.visits import Visit


def _facts(account: dict[str, Any]) -> list[Fact]:
    return [
        ("campaign", account["outId"]),
        ("requests", account["requests"]),
        ("recipients", account["recipients"]),
        ("unsent", account["unsent"]),
    ]


def _ask(visit: Visit, name: str, typed: str = "") -> Question:
    """Ask with the counts as they are now."""
    account = campaign.show(visit.given("outId"))
    return Question(
        facts=_facts(account),
        warning=f"action.{name}.warning",
        kept={"outId": account["outId"]},
        typed=typed,
    )


def _result(visit: Visit, name: str, done: dict[str, Any]) -> Result:
    out_id = visit.given("outId")
    facts: list[Fact] = [
        ("campaign", out_id),
        ("state", visit.words(f"state.{done['state']}")),
        ("requests", len(done["requests"])),
    ]
    facts += [(key, done[key]) for key in ("queued", "unsent") if key in done]
    left = min(one["secondsLeft"] for one in done["requests"])
    if name != "stop":
        facts.append(
            ("left", visit.words("duration", hours=left // 3600, minutes=left % 3600 // 60))
        )
    return Result(facts, ["campaign", name, out_id, "--yes"], note=f"action.{name}.note")


def _pause(visit: Visit) -> Result:
    return _result(visit, "pause", halting.pause(visit.given("outId")))


def _resume(visit: Visit) -> Result:
    return _result(visit, "resume", halting.resume(visit.given("outId")))


def _ask_stop(visit: Visit) -> Question:
    return _ask(visit, "stop", out_ids.confirmation(visit.given("outId")))


def _stop(visit: Visit) -> Result:
    out_id = visit.given("outId")
    require_typed(visit, out_ids.confirmation(out_id))
    return _result(visit, "stop", halting.stop(out_id))


ACTIONS = (
    Action("pause", lambda visit: _ask(visit, "pause"), _pause),
    Action("resume", lambda visit: _ask(visit, "resume"), _resume),
    Action("stop", _ask_stop, _stop, danger=True),
)
