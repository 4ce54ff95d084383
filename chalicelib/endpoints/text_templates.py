"""§2-4: text templates; and which revision a campaign of texts uses."""

import time
from typing import TYPE_CHECKING, Any

from chalicelib import dates
from chalicelib.domain import reviews, template_text
from chalicelib.endpoints import template_revisions
from chalicelib.endpoints.envelope import path_names
from chalicelib.endpoints.template_revisions import Draft
from chalicelib.endpoints.tencent_refusals import asking_tencent
from chalicelib.errors import NotFound, Refused
from chalicelib.store import templates
from chalicelib.store.templates import Revision

if TYPE_CHECKING:
    from chalicelib.quickaudience.bodies import Template

CREATE_FIELDS = {"templateCode": ""}
"""§2's and §3's documented field."""

QUERY_FIELDS = {
    "templateCode": "",
    "templateName": "",
    "templateContent": "",
    "templateType": 0,
    "templateStatus": 0,
    "reason": "",
    "createDate": "",
}
"""§4's documented fields, as they stand in a refusal."""


def create(body: dict[str, Any]) -> dict[str, Any]:
    """Answer §2: submit a template to Tencent; its id there becomes the templateCode."""
    asked = _read(body)
    draft = _draft(asked, asked.creatorAccount)
    return {"templateCode": template_revisions.create(draft), **_warned(draft)}


def modify(raw_code: str, body: dict[str, Any]) -> dict[str, Any]:
    """Answer §3: change a template that Tencent has not approved yet, or put a new one behind the same code."""
    asked = _read(body)
    draft = _draft(asked, asked.modifierAccount or asked.creatorAccount)
    found = _known(raw_code)
    template_revisions.change(found, draft)
    return {"templateCode": found[0].code, **_warned(draft)}


def query(raw_code: str) -> dict[str, Any]:
    """Answer §4: the newest revision and its review."""
    revision = template_revisions.refreshed(_known(raw_code))[0]
    return {
        "templateCode": revision.code,
        "templateName": revision.name,
        "templateContent": revision.content,
        "templateType": revision.kind,
        "templateStatus": reviews.STATUS.get(revision.status, 0),
        "reason": reviews.reason(revision.status, revision.reply, reviews.NO_COMMENT_ON_TEMPLATE),
        "createDate": dates.to_beijing(revision.created_at),
    }


def approved(code: str) -> Revision:
    """The revision that a campaign of texts (§5, §6) uses.

    Raises NotFound for an unknown code, Refused for a digital one or where nothing is approved.
    """
    found = _found(code)
    if found[0].page:
        raise Refused(
            "isv.SMS_TEMPLATE_ILLEGAL",
            f"模板 {found[0].code} 是数字短信模板, 请通过数字短信接口 sendDigitalBatchList 发送",
        )
    return template_revisions.approved(found)


def _read(body: dict[str, Any]) -> "Template":
    # Imported where there is a body: to ask for a template's status, it would be a fifth of a cold start.
    from chalicelib.quickaudience import bodies  # noqa: PLC0415

    return bodies.read(bodies.Template, body)


def _draft(asked: "Template", author: str) -> Draft:
    try:
        translation = template_text.translate(asked.templateContent)
    except template_text.UntranslatableError as error:
        raise Refused("isv.SMS_TEMPLATE_ILLEGAL", str(error)) from None
    return Draft(
        name=asked.templateName,
        remark=asked.remark,
        kind=asked.templateType,
        content=asked.templateContent,
        translation=translation,
        author=author,
    )


def _warned(draft: Draft) -> dict[str, str]:
    promotional = draft.kind == reviews.PROMOTION
    return template_revisions.warned(
        template_text.warnings(draft.translation, promotional=promotional)
    )


def _known(raw_code: str) -> list[Revision]:
    """A text template's revisions, newest first."""
    found = _found(raw_code)
    if found[0].page:
        raise NotFound(
            f"模板 {found[0].code} 是数字短信模板, 请通过数字短信接口 digitalSmsTemplate 查询或修改"
        )
    return found


def _found(raw_code: str) -> list[Revision]:
    """Any template's revisions, newest first; one made in Tencent's console is taken in by its id."""
    codes = path_names(raw_code)
    for code in codes:
        found, deleted = templates.find(code)
        if deleted:
            raise NotFound(f"模板 {code} 已删除")
        if found:
            return found
    code = codes[0]
    if code.isascii() and code.isdigit() and len(code) < 16:
        with asking_tencent() as tencent:
            items = tencent.get_template([int(code)])
        for item in items:
            if item.get("id") == int(code):
                return [_taken_in(item)]
    raise NotFound(f"没有模板 {code}: 请核对模板编号")


def _taken_in(item: dict[str, Any]) -> Revision:
    now = int(time.time())
    text = str(item.get("text") or "")
    names = template_text.variables(text)
    revision = Revision(
        code=str(item["id"]),
        number=1,
        tpl_id=item["id"],
        name=str(item.get("title") or f"腾讯云模板 {item['id']}"),
        remark="",
        kind=reviews.kind_of(int(item.get("type") or 0), int(item.get("international") or 0)),
        content=template_text.restore(text, names),
        text=text,
        names=names,
        status=int(item.get("status", reviews.PENDING)),
        reply=str(item.get("reply") or ""),
        author="",
        created_at=now,
        checked_at=now,
    )
    templates.add(revision)
    return revision
