"""Sending again to recipients whom Tencent never accepted, as an action of a campaign's page."""

from typing import Any

from ops import costs, resend_reasons
from ops.console import out_ids
from ops.console.actions import Action, Counts, Fact, Question, Result, require_typed
from ops.console.visits import Visit
from ops.errors import OperatorError

_WHY = {
    resend_reasons.ACCEPTED: "left_out.accepted",
    resend_reasons.UNKNOWN: "left_out.unknown",
    resend_reasons.UNCERTAIN: "left_out.uncertain",
    resend_reasons.UNDER_WAY: "left_out.under_way",
    resend_reasons.LATER: "left_out.later",
    resend_reasons.ERASED: "left_out.erased",
    resend_reasons.WHOLE_FILE: "left_out.whole_file",
    resend_reasons.NO_NUMBER: "left_out.no_number",
    resend_reasons.NO_VALUES: "left_out.no_values",
    resend_reasons.NO_REVISION: "left_out.no_revision",
    resend_reasons.OTHER_NUMBER: "left_out.other_number",
    resend_reasons.REPEATED: "left_out.repeated",
}
"""The words for why recipients are left out. A refusal of a sign or a template is shown as it is."""


def _facts(visit: Visit, account: dict[str, Any]) -> list[Fact]:
    return [
        ("campaign", account["outId"]),
        ("recipients", account["recipients"]),
        ("estimated_segments", account["segments"]),
        ("estimated_cost", costs.in_words(account["cost"]) or visit.words("cost.no_price")),
    ]


def _counts(visit: Visit, account: dict[str, Any]) -> list[Counts]:
    """Return the recipients by the code of their failure, and those who are left out by the reason."""
    failures = [
        (f"{visit.words.reason(one['code'], one['reason'])} {one['code']}", one["recipients"])
        for one in account["failures"]
    ]
    left_out = [
        (visit.words(_WHY[why]) if (why := one["why"]) in _WHY else why, one["recipients"])
        for one in account["leftOut"]
    ]
    return [
        Counts(name, rows)
        for name, rows in (("failures", failures), ("left_out", left_out))
        if rows
    ]


def _ask(visit: Visit) -> Question:
    """Count first who would be sent to. What was counted is posted with the answer: no more is sent."""
    # It is imported late: it brings the models of Quick Audience's requests, and the console would start a tenth more
    # slowly.
    from ops import resending  # noqa: PLC0415

    out_id = visit.given("outId")
    account = resending.resend(out_id, dry_run=True)
    useful = account["recipients"] > 0 or account["cutOff"]
    return Question(
        facts=_facts(visit, account),
        warning="action.resend.warning" if useful else "action.resend.nobody",
        kept={"outId": out_id, "atMost": str(account["recipients"])},
        typed=out_ids.confirmation(out_id) if useful else "",
        counts=_counts(visit, account),
        warnings=account["warnings"],
        offered=useful,
    )


def _resend(visit: Visit) -> Result:
    from ops import resending  # noqa: PLC0415

    out_id, at_most = visit.given("outId"), visit.form.get("atMost", "")
    require_typed(visit, out_ids.confirmation(out_id))
    if not (at_most.isascii() and at_most.isdigit() and len(at_most) <= 12):
        raise OperatorError(visit.words("action.resend.uncounted"))
    done = resending.resend(out_id, at_most=int(at_most))
    return Result(
        facts=[*_facts(visit, done), ("requests", len(done["requests"]))],
        command=["campaign", "resend", out_id, "--yes"],
        note="action.resend.completed" if done["cutOff"] else "action.resend.note",
    )


ACTIONS = (Action("resend", _ask, _resend, danger=True),)
