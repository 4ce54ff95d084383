"""New templates and changes of templates: text ones (§2, §3) and digital ones (§7, §8) alike.

A revision is stored before Tencent is asked to change a template's text, never after. So the bridge knows the names of
the variables in whichever text Tencent then has.
"""

import hashlib
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from chalicelib.domain import reviews, template_rules, template_text
from chalicelib.domain.template_text import Translation
from chalicelib.endpoints import template_revisions
from chalicelib.endpoints.tencent_refusals import asking_tencent
from chalicelib.errors import Refused
from chalicelib.logs import log
from chalicelib.store import template_submissions, templates
from chalicelib.store.template_submissions import TemplateSubmission
from chalicelib.store.templates import Revision
from chalicelib.tencent.answers import TemplateDraft
from chalicelib.tencent.error_codes import prohibits_listing
from chalicelib.tencent.interface import CallRefusedError, TencentApi


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A revision as a marketer requests it, without a number or a review."""

    name: str
    remark: str
    kind: int
    content: str
    translation: Translation
    author: str
    page: str = ""


def create(draft: Draft, code: str = "") -> str:
    """Submit a new template to Tencent and return its code: `code`, or Tencent's id if that is empty."""
    tpl_id, draft = _submit_to_tencent(draft)
    revision = _new_revision(code or str(tpl_id), 1, tpl_id, draft)
    _store(revision)
    return revision.code


def change(revisions: Sequence[Revision], draft: Draft) -> None:
    """Change a template that Tencent has not approved yet, or submit a new one under the same code.

    `revisions` are all of the template's, newest first.
    """
    revisions = template_revisions.refresh(revisions)
    newest = revisions[0]
    # Tencent can't change a template between domestic and international, so such a change needs a new template.
    crosses_border = (newest.kind == reviews.INTERNATIONAL) != (draft.kind == reviews.INTERNATIONAL)
    if crosses_border or not _modify_at_tencent(revisions, draft):
        tpl_id, draft = _submit_to_tencent(draft)
        _store(_new_revision(newest.code, newest.number + 1, tpl_id, draft))


def check_text(translation: Translation, kind: int) -> list[str]:
    """Return warnings about a text that is to be submitted. `kind` is Quick Audience's type of template.

    Raises Refused if the API that is called is documented to refuse the text.
    """
    with asking_tencent() as tencent:
        if not tencent.has_template_rules:
            return template_text.warnings(translation, promotional=kind == reviews.PROMOTION)
    if refusals := template_rules.refusals(translation.text):
        raise Refused("isv.SMS_TEMPLATE_ILLEGAL", f"腾讯云不接受该模板: {'; '.join(refusals)}")
    return template_rules.warnings(translation, kind)


def message_field(warnings: Sequence[str]) -> dict[str, str]:
    """Return the `message` field of an answer to §2, §3, §7 or §8; an empty dict if there are no warnings.

    The template is submitted in any case. The warnings say what Tencent will probably reject.
    """
    return {"message": "已提交审核, 但请注意: " + "; ".join(warnings)} if warnings else {}


def _modify_at_tencent(revisions: Sequence[Revision], draft: Draft) -> bool:
    """Change the text of Tencent's template; return False if Tencent has approved it, even just now."""
    newest = revisions[0]
    if _is_final(revisions):
        return False
    revision = _new_revision(newest.code, newest.number + 1, newest.tpl_id, draft)
    _store(revision)
    with asking_tencent() as tencent:
        try:
            tencent.modify_template(newest.tpl_id, _tencent_draft(draft))
        except CallRefusedError:
            templates.remove(revision)
            if _is_final(template_revisions.refresh(revisions)):
                return False
            raise
    return True


def _is_final(revisions: Sequence[Revision]) -> bool:
    """Return whether Tencent has approved the newest of its templates, in any revision's text."""
    return any(
        revision.status == reviews.APPROVED and revision.tpl_id == revisions[0].tpl_id
        for revision in revisions
    )


def _submit_to_tencent(draft: Draft) -> tuple[int, Draft]:
    """Submit a new template; return Tencent's id of it, and the draft as it was submitted.

    If an earlier submission of the same content got no answer, and Tencent has its text, that template is used.
    """
    key = [draft.name, draft.kind, draft.content, draft.author]
    digest = hashlib.sha256(json.dumps(key).encode()).hexdigest()
    with asking_tencent() as tencent:
        if earlier := template_submissions.find(digest):
            ids = _ids_of_text(tencent, earlier.text)
            if ids and not templates.find(str(max(ids)))[0]:
                log.info("an earlier submission is found at Tencent", extra={"template": max(ids)})
                text = replace(draft.translation, text=earlier.text)
                template_submissions.end(digest)
                return max(ids), replace(draft, translation=text, page=earlier.page)
        template_submissions.begin(
            TemplateSubmission(digest=digest, text=draft.translation.text, page=draft.page)
        )
        tpl_id = tencent.add_template(_tencent_draft(draft))
    template_submissions.end(digest)
    return tpl_id, draft


def _ids_of_text(tencent: TencentApi, text: str) -> list[int]:
    """Return the ids of Tencent's templates with a text; none if the key may not list templates."""
    try:
        return [template.id for template in tencent.all_templates() if template.text == text]
    except CallRefusedError as error:
        if not prohibits_listing(error.code):
            raise
        log.warning(
            "the key may not list templates: one whose answer was lost may be submitted twice",
            extra={"why": str(error)},
        )
        return []


def _tencent_draft(draft: Draft) -> TemplateDraft:
    return TemplateDraft(
        text=draft.translation.text, title=draft.name, remark=draft.remark, type=draft.kind
    )


def _new_revision(code: str, number: int, tpl_id: int, draft: Draft) -> Revision:
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


def _store(revision: Revision) -> None:
    """Store a new revision. Raises Refused if another request has stored one of this number."""
    if not templates.add(revision):
        raise Refused("isp.SYSTEM_ERROR", f"模板 {revision.code} 刚被其他人修改, 请刷新后重试")
