"""§2-4: text templates; and the revision that a text campaign uses."""

import time
from typing import TYPE_CHECKING, Any

from chalicelib import dates
from chalicelib.domain import reviews, template_text
from chalicelib.endpoints import template_revisions
from chalicelib.endpoints.envelope import path_names
from chalicelib.endpoints.tencent_refusals import asking_tencent
from chalicelib.errors import NotFound, Refused
from chalicelib.store import templates
from chalicelib.store.templates import Revision

if TYPE_CHECKING:
    from chalicelib.endpoints.template_changes import Draft
    from chalicelib.quickaudience.bodies import Template
    from chalicelib.tencent.answers import TemplateReview

CREATE_FIELDS = {"templateCode": ""}
"""The documented field of §2 and §3, with its value in a refusal."""

QUERY_FIELDS = {
    "templateCode": "",
    "templateName": "",
    "templateContent": "",
    "templateType": 0,
    "templateStatus": 0,
    "reason": "",
    "createDate": "",
}
"""The documented fields of §4, with their values in a refusal."""


def create(body: dict[str, Any]) -> dict[str, Any]:
    """Answer §2: submit a template to Tencent; its id there becomes the templateCode."""
    from chalicelib.endpoints import template_changes  # noqa: PLC0415 -- see _draft

    fields = _parse(body)
    draft = _draft(fields, fields.creatorAccount)
    message = _message_field(draft)
    return {"templateCode": template_changes.create(draft), **message}


def modify(raw_code: str, body: dict[str, Any]) -> dict[str, Any]:
    """Answer §3: change a template that Tencent has not approved yet, or submit a new one under the same code."""
    from chalicelib.endpoints import template_changes  # noqa: PLC0415 -- see _draft

    fields = _parse(body)
    draft = _draft(fields, fields.modifierAccount or fields.creatorAccount)
    revisions = _require_text(raw_code)
    message = _message_field(draft)
    template_changes.change(revisions, draft)
    return {"templateCode": revisions[0].code, **message}


def query(raw_code: str) -> dict[str, Any]:
    """Answer §4: the newest revision and its review."""
    revision = template_revisions.refresh(_require_text(raw_code))[0]
    return {
        "templateCode": revision.code,
        "templateName": revision.name,
        "templateContent": revision.content,
        "templateType": revision.kind,
        "templateStatus": reviews.STATUS.get(revision.status, 0),
        "reason": reviews.reason(revision.status, revision.reply, reviews.NO_COMMENT_ON_TEMPLATE),
        "createDate": dates.to_beijing(revision.created_at),
    }


def require_approved(code: str) -> Revision:
    """Return the revision that a text campaign (§5, §6) uses.

    Raises NotFound for an unknown code, Refused for a digital template or if no revision is approved.
    """
    revisions = _find_or_import(code)
    if revisions[0].page:
        raise Refused(
            "isv.SMS_TEMPLATE_ILLEGAL",
            f"模板 {revisions[0].code} 是数字短信模板, 请通过数字短信接口 sendDigitalBatchList 发送",
        )
    return template_revisions.require_approved(revisions)


def _parse(body: dict[str, Any]) -> "Template":
    # Imported only here, because a query (§4) has no body, and this import would be a fifth of its cold start.
    from chalicelib.quickaudience import bodies  # noqa: PLC0415

    return bodies.read(bodies.Template, body)


def _draft(fields: "Template", author: str) -> "Draft":
    # Imported only here, because campaigns (§5, §6) need neither of them.
    from chalicelib.domain import foreign_placeholders  # noqa: PLC0415
    from chalicelib.endpoints.template_changes import Draft  # noqa: PLC0415

    try:
        foreign_placeholders.check(fields.templateContent)
        translation = template_text.translate(fields.templateContent)
    except template_text.UntranslatableError as error:
        raise Refused("isv.SMS_TEMPLATE_ILLEGAL", str(error)) from None
    return Draft(
        name=fields.templateName,
        remark=fields.remark,
        kind=fields.templateType,
        content=fields.templateContent,
        translation=translation,
        author=author,
    )


def _message_field(draft: "Draft") -> dict[str, str]:
    """Return the warnings about a draft. Raises Refused for what Tencent is documented to refuse."""
    from chalicelib.domain import foreign_placeholders  # noqa: PLC0415 -- see _draft
    from chalicelib.endpoints import template_changes  # noqa: PLC0415

    return template_changes.message_field(
        [
            *foreign_placeholders.warnings(draft.content),
            *template_changes.check_text(draft.translation, draft.kind),
        ]
    )


def _require_text(raw_code: str) -> list[Revision]:
    """Return a text template's revisions, newest first. Raises NotFound for any other code."""
    revisions = _find_or_import(raw_code)
    if revisions[0].page:
        raise NotFound(
            f"模板 {revisions[0].code} 是数字短信模板, 请通过数字短信接口 digitalSmsTemplate 查询或修改"
        )
    return revisions


def _find_or_import(raw_code: str) -> list[Revision]:
    """Return a template's revisions, newest first, whether it is a text or a digital template.

    A code that the bridge does not know may be the id of a template that was made in Tencent's console: such a
    template is imported. Raises NotFound if Tencent does not know it either, or if it was deleted.
    """
    codes = path_names(raw_code)
    for code in codes:
        revisions, deleted = templates.find(code)
        if deleted:
            raise NotFound(f"模板 {code} 已删除")
        if revisions:
            return revisions
    code = codes[0]
    if code.isascii() and code.isdigit() and len(code) < 16:
        with asking_tencent() as tencent:
            found = tencent.get_templates([int(code)])
        for template in found:
            if template.id == int(code):
                return [_import_from_tencent(template)]
    raise NotFound(f"没有模板 {code}: 请核对模板编号")


def _import_from_tencent(template: "TemplateReview") -> Revision:
    """Store a template of Tencent's and return it as a first revision."""
    now = int(time.time())
    names = template_text.variables(template.text)
    revision = Revision(
        code=str(template.id),
        number=1,
        tpl_id=template.id,
        name=template.title or f"腾讯云模板 {template.id}",
        remark="",
        kind=template.type,
        content=template_text.restore(template.text, names),
        text=template.text,
        names=names,
        status=int(template.status),
        reply=template.reply,
        author="",
        created_at=now,
        checked_at=now,
        anywhere=template.anywhere,
    )
    templates.add(revision)
    return revision
