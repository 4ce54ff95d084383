"""Revisions of templates and Tencent's review of them, for text templates (§2-4) and digital ones (§7-10) alike.

A template has one code and one or more revisions; each change of its text is a new revision (`template_changes`).
"""

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from chalicelib.domain import reviews
from chalicelib.endpoints.tencent_refusals import asking_tencent
from chalicelib.errors import Refused
from chalicelib.logs import log
from chalicelib.store import templates
from chalicelib.store.templates import Revision

if TYPE_CHECKING:
    from chalicelib.tencent.answers import TemplateReview

# A campaign asks Tencent about a pending revision at most this often.
_RECHECK_SECONDS = 30


def require_approved(revisions: Sequence[Revision]) -> Revision:
    """Return the revision that a campaign uses: the newest that Tencent has approved.

    `revisions` are all of the template's, newest first. Raises Refused if none is approved.
    """
    has_approved = any(revision.status == reviews.APPROVED for revision in revisions)
    if not has_approved or (
        revisions[0].status == reviews.PENDING
        and time.time() - revisions[0].checked_at > _RECHECK_SECONDS
    ):
        try:
            revisions = refresh(revisions)
        except Refused as refusal:
            if not has_approved:
                raise
            log.warning(
                "the pending revision could not be checked: an approved one is sent",
                extra={"why": refusal.message},
            )
    for revision in revisions:
        if revision.status == reviews.APPROVED:
            return revision
    newest = revisions[0]
    state = reviews.state(newest.status, newest.reply)
    raise Refused("isv.SMS_TEMPLATE_ILLEGAL", f"模板 {newest.code} {state}, 审核通过后才能发送")


def refresh(revisions: Sequence[Revision]) -> list[Revision]:
    """Ask Tencent for the reviews of revisions, store what changed, and return the revisions.

    Asks about the newest revision and every pending one; an approved one can't change. `revisions` must be all
    of the template's, newest first, because the text that Tencent has may be that of any of them.
    """
    tpl_ids = {
        revision.tpl_id
        for revision in revisions
        if revision.status == reviews.PENDING
        or (revision is revisions[0] and revision.status != reviews.APPROVED)
    }
    if not tpl_ids:
        return list(revisions)
    with asking_tencent() as tencent:
        items = {item.id: item for item in tencent.get_templates(sorted(tpl_ids))}
    fresh = []
    for revision in revisions:
        item = items.get(revision.tpl_id)
        if item is None or revision.status == reviews.APPROVED:
            fresh.append(revision)
            continue
        same_template = [one for one in revisions if one.tpl_id == revision.tpl_id]
        status, reply = int(item.status), item.reply
        if revision is not _revision_at_tencent(item, same_template):
            status, reply = reviews.REJECTED, "未生效: 腾讯云中的内容属于另一版本"
        now = int(time.time())
        unchanged = (status, reply) == (revision.status, revision.reply)
        if unchanged and now - revision.checked_at < _RECHECK_SECONDS:
            now = revision.checked_at
        fresh.append(replace(revision, status=status, reply=reply, checked_at=now))
    pairs = zip(revisions, fresh, strict=True)
    templates.update([(read, revision) for read, revision in pairs if revision != read])
    return fresh


def _revision_at_tencent(item: "TemplateReview", candidates: list[Revision]) -> Revision:
    """Return the candidate whose text Tencent has; the newest if Tencent's reviewers edited the text.

    `item` is Tencent's template, `candidates` are its revisions, newest first.
    """
    text = "".join(item.text.split())
    same = [revision for revision in candidates if "".join(revision.text.split()) == text]
    # Even in an edited text of a digital template, the link is that of one revision only.
    linked = [revision for revision in candidates if revision.page and revision.page in text]
    return (same or linked or candidates)[0]
