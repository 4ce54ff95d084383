"""Checks of the Tencent Cloud account of a stage, with API 3.0: signs, templates, packages, send records.

No check sends a message or changes anything.
"""

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Literal

from chalicelib import dates, settings
from chalicelib.delivery import package_balance
from chalicelib.domain import reviews, template_rules
from chalicelib.store import signs, templates
from chalicelib.store.templates import Revision
from chalicelib.tencent import api, error_codes
from chalicelib.tencent.answers import SignReview
from chalicelib.tencent.error_codes import Code, CodeClass
from chalicelib.tencent.interface import CallRefusedError, TencentApi
from ops import failure_words, findings
from ops.findings import Finding
from ops.sign_lists import STATUS, of_account

_QUALIFIED = 1
_SOON_SECONDS = 14 * 86400
# A number of the right form. Its records are read, and nothing is sent to it.
_PHONE = "8613800000000"
_MAX_NAMED = 10
_WITHOUT_VARIABLES = (reviews.NOTIFICATION, reviews.PROMOTION)

_POLICY = "the key's policy (CAM) lacks this action: docs/tencent-apis.md"


def remedy(code: Code) -> str:
    """Return which setting or console a refusal of the account points to; "" if that is not known."""
    return _POLICY if error_codes.lacks_policy(code) else failure_words.describe_refusal(code)


def examine() -> Iterator[Finding]:
    """Yield the findings of the checks that the API that is called allows. v5 allows none."""
    tencent = api.client()
    if tencent.lists_signs:
        yield findings.run("signs", lambda: _signs(tencent))
    if tencent.has_template_rules:
        yield findings.run("templates", lambda: _templates(tencent))
    if tencent.reports_packages:
        yield findings.run("packages", lambda: _packages(tencent))
    if tencent.keeps_records:
        yield findings.run("send records", lambda: _records(tencent))


def _signs(tencent: TencentApi) -> Finding:
    """Check that signs can be used: approved, and for the mainland with an approved qualification."""
    linked = {sign.sign_id: sign.name for sign in signs.all_signs()}
    listed, said = of_account(tencent), ""
    if listed is None:
        listed = tencent.get_signs(list(linked)) if linked else []
        said = "Tencent does not list this account's signs: link each with ops sign link. "
    approved = [sign for sign in listed if sign.status == reviews.APPROVED]
    problems = [_why_not(sign) for sign in listed if sign.id in linked and sign not in approved]
    problems += [
        f"{sign.text}: its qualification is not approved" for sign in approved if _unqualified(sign)
    ]
    problems += [
        f"{name}: linked to {sign_id}, which Tencent does not have"
        for sign_id, name in linked.items()
        if sign_id not in {sign.id for sign in listed}
    ]
    others = [sign for sign in listed if sign not in approved and sign.id not in linked]
    counted = f"{len(approved)} can be used" + "".join(f", {_why_not(sign)}" for sign in others)
    if problems or said or not approved:
        return Finding("signs", "warning", said + "; ".join([counted, *problems]))
    return Finding("signs", "ok", counted)


def _unqualified(sign: SignReview) -> bool:
    return not sign.international and sign.qualification_status not in (None, _QUALIFIED)


def _why_not(sign: SignReview) -> str:
    reply = f" ({sign.reply})" if sign.reply else ""
    return f"{sign.text} is {STATUS[sign.status]}{reply}"


def _templates(tencent: TencentApi) -> Finding:
    """Count the account's templates by review, and name those of the bridge that break Tencent's rules of today."""
    said = []
    try:
        counts = Counter(int(template.status) for template in tencent.all_templates())
        said.append(", ".join(f"{counts[one]} {STATUS[one]}" for one in STATUS))
    except CallRefusedError as error:
        if not error_codes.prohibits_listing(error.code):
            raise
        said.append("this sub-account may not list templates: the bridge asks for them by id")
    known = (templates.find(code) for code in templates.codes())
    newest = [revisions[0] for revisions, deleted in known if revisions and not deleted]
    problems = [
        _named(
            "would be refused if changed (variables side by side or alone, 【】)",
            [one for one in newest if template_rules.refusals(one.text)],
        ),
        _named(
            f"promotions that do not end with {template_rules.UNSUBSCRIBE}, as Tencent requires",
            [one for one in newest if not template_rules.unsubscribes(one.text, one.kind)],
        ),
    ]
    with_variables = [one for one in newest if one.names and one.kind in _WITHOUT_VARIABLES]
    # Most stages have such templates, and whether the rule concerns the account can't be found out.
    note = _named("with variables, which Tencent allows to some accounts only", with_variables)
    state: Literal["ok", "warning"] = "warning" if any(problems) else "ok"
    return Finding("templates", state, "; ".join(filter(None, [*said, *problems, note])))


def _named(rule: str, found: Sequence[Revision]) -> str:
    if not found:
        return ""
    more = ", …" if len(found) > _MAX_NAMED else ""
    return f"{rule}: {', '.join(one.code for one in found[:_MAX_NAMED])}{more}"


def _packages(tencent: TencentApi) -> Finding:
    """Count what is left in the account's packages, and what of it expires soon."""
    packages, now = tencent.packages(), time.time()
    if not package_balance.is_billed_by_package(packages, now):
        return Finding("packages", "ok", "none: the account is billed by the month, or not at all")
    current = package_balance.in_force(packages, now)
    if not current:
        return Finding("packages", "warning", "no message is left in any package: sends are held")
    left = package_balance.left(current)
    said = f"{left:,} messages left in {len(current)}"
    soon = [one for one in current if one.expires_at and one.expires_at < now + _SOON_SECONDS]
    if not soon:
        return Finding("packages", "ok", said)
    expiring = package_balance.left(soon)
    said += f", {expiring:,} of them expire within 14 days, the first on "
    said += f"{dates.to_beijing(soon[0].expires_at)} Beijing time"
    return Finding("packages", "warning" if expiring == left else "ok", said)


def _records(tencent: TencentApi) -> Finding:
    """Find out whether this account may read send records, which settle sends without an answer."""
    try:
        tencent.send_records(_PHONE, int(time.time()) - 60)
    except CallRefusedError as error:
        if error.meaning.kind in (CodeClass.NUMBER, CodeClass.WAIT):
            return Finding("send records", "ok", "offered to this account")
        why = remedy(error.code) if error_codes.lacks_policy(error.code) else ""
        said = "not offered: sends without an answer are settled by receipts only"
        return Finding("send records", "warning", f"{said} ({why or error})")
    return Finding("send records", "ok", "offered to this account")


def without_keys(text: str) -> str:
    """Return a text without Tencent's keys, which an answer may repeat."""
    for key in settings.load().tencent_keys.values():
        if key and key in text:
            text = text.replace(key, "…")
    return text
