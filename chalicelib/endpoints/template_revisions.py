"""What text templates (§2-4) and digital ones (§7-10) share: their revisions and Tencent's review of them.

A revision is kept before Tencent is asked to change a template's text, never after: whatever text
Tencent then shows, the names that fill its variables are known.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from chalicelib.domain import reviews
from chalicelib.domain.template_text import Translation
from chalicelib.endpoints.tencent_refusals import asking_tencent
from chalicelib.errors import Refused
from chalicelib.logs import log
from chalicelib.store import templates
from chalicelib.store.templates import Revision

# Between two questions to Tencent whether a pending revision has been approved, on behalf of campaigns.
_ASK_AGAIN_SECONDS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A revision as a marketer asks for it: not numbered, not reviewed."""

    name: str
    remark: str
    kind: int
    content: str
    translation: Translation
    author: str
    page: str = ""


def create(draft: Draft, code: str = "") -> str:
    """Submit a new template; answers its code, which is Tencent's id where none is given."""
    tpl_id = _submit(draft)
    revision = _revision(code or str(tpl_id), 1, tpl_id, draft)
    _add(revision)
    return revision.code


def change(revisions: Sequence[Revision], draft: Draft) -> None:
    """Change a template that Tencent has not approved yet, or put a new one behind the same code."""
    revisions = refreshed(revisions)
    # mod_template has no `international`: what is to go abroad from now on, or no more, is a new template.
    moves = (revisions[0].kind == reviews.INTERNATIONAL) != (draft.kind == reviews.INTERNATIONAL)
    if moves or not _modified(revisions, draft):
        tpl_id = _submit(draft)
        _add(_revision(revisions[0].code, revisions[0].number + 1, tpl_id, draft))


def approved(revisions: Sequence[Revision]) -> Revision:
    """The revision that a campaign uses: the newest that Tencent has approved.

    Raises Refused where none is.
    """
    known = any(revision.status == reviews.APPROVED for revision in revisions)
    if not known or (
        revisions[0].status == reviews.PENDING
        and time.time() - revisions[0].checked_at > _ASK_AGAIN_SECONDS
    ):
        try:
            revisions = refreshed(revisions)
        except Refused as refusal:
            if not known:
                raise
            log.warning("sending an approved revision", extra={"why": refusal.message})
    for revision in revisions:
        if revision.status == reviews.APPROVED:
            return revision
    newest = revisions[0]
    state = "审核中" if newest.status == reviews.PENDING else f"未通过审核: {newest.reply}"
    raise Refused("isv.SMS_TEMPLATE_ILLEGAL", f"模板 {newest.code} {state}, 审核通过后才能发送")


def refreshed(revisions: Sequence[Revision]) -> list[Revision]:
    """The revisions with what Tencent says of them now.

    Asked about are the newest and those that are pending; an approved one can't change.

    All of a template's are given: what Tencent shows may be any of them.
    """
    asked = {
        revision.tpl_id
        for revision in revisions
        if revision.status == reviews.PENDING
        or (revision is revisions[0] and revision.status != reviews.APPROVED)
    }
    if not asked:
        return list(revisions)
    with asking_tencent() as tencent:
        found = tencent.get_template(sorted(asked))
    items = {item["id"]: item for item in found if isinstance(item.get("id"), int)}
    fresh = []
    for revision in revisions:
        item = items.get(revision.tpl_id)
        if item is None or revision.status == reviews.APPROVED:
            fresh.append(revision)
            continue
        shown = _shown(item, [one for one in revisions if one.tpl_id == revision.tpl_id])
        status, reply = int(item.get("status", reviews.PENDING)), str(item.get("reply") or "")
        if revision is not shown:
            status, reply = reviews.REJECTED, "未生效: 腾讯云中的内容属于另一版本"
        now = int(time.time())
        same = (status, reply) == (revision.status, revision.reply)
        if same and now - revision.checked_at < _ASK_AGAIN_SECONDS:
            now = revision.checked_at
        fresh.append(replace(revision, status=status, reply=reply, checked_at=now))
    templates.update([revision for revision in fresh if revision not in revisions])
    return fresh


def warned(found: Sequence[str]) -> dict[str, str]:
    """The message of an answer to §2, §3, §7 or §8.

    A template is submitted as it is; what Tencent will probably reject is said at once.
    """
    return {"message": "已提交审核, 但请注意: " + "; ".join(found)} if found else {}


def _shown(item: dict[str, Any], candidates: list[Revision]) -> Revision:
    """The revision whose text Tencent shows; where its reviewers touched the text, the newest."""
    text = "".join(str(item.get("text") or "").split())
    same = [revision for revision in candidates if "".join(revision.text.split()) == text]
    # A digital template's text may be touched, but its link is its own revision's.
    linked = [revision for revision in candidates if revision.page and revision.page in text]
    return (same or linked or candidates)[0]


def _modified(revisions: Sequence[Revision], draft: Draft) -> bool:
    """Change Tencent's template; answers False where it is approved, if only a moment ago."""
    from chalicelib.tencent.interface import CallRefusedError  # noqa: PLC0415 -- see asking_tencent

    newest = revisions[0]
    if _is_final(revisions):
        return False
    revision = _revision(newest.code, newest.number + 1, newest.tpl_id, draft)
    _add(revision)
    with asking_tencent() as tencent:
        try:
            tencent.mod_template(newest.tpl_id, **_fields(draft))
        except CallRefusedError:
            templates.remove(revision)
            if _is_final(refreshed(revisions)):
                return False
            raise
    return True


def _is_final(revisions: Sequence[Revision]) -> bool:
    """Whether Tencent has approved its newest template, under whichever of our revisions."""
    return any(
        revision.status == reviews.APPROVED and revision.tpl_id == revisions[0].tpl_id
        for revision in revisions
    )


def _submit(draft: Draft) -> int:
    international = draft.kind == reviews.INTERNATIONAL
    with asking_tencent() as tencent:
        made = tencent.add_template(**_fields(draft), international=international)
    return int(made["id"])


def _fields(draft: Draft) -> dict[str, Any]:
    return {
        "text": draft.translation.text,
        "title": draft.name,
        "remark": draft.remark[:100],
        "kind": reviews.TENCENT_TYPE[draft.kind],
    }


def _revision(code: str, number: int, tpl_id: int, draft: Draft) -> Revision:
    now = int(time.time())
    return Revision(
        code=code,
        number=number,
        tpl_id=tpl_id,
        name=draft.name,
        remark=draft.remark,
        kind=draft.kind,
        content=draft.content,
        text=draft.translation.text,
        names=draft.translation.names,
        status=reviews.PENDING,
        reply="",
        author=draft.author,
        created_at=now,
        checked_at=now,
        page=draft.page,
    )


def _add(revision: Revision) -> None:
    if not templates.add(revision):
        raise Refused("isp.SYSTEM_ERROR", f"模板 {revision.code} 刚被其他人修改, 请刷新后重试")
