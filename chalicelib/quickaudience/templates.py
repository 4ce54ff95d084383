"""§2-4: text templates; and which revision a campaign uses.

A revision is kept before Tencent is asked to change a template's text, never after: whatever text
Tencent then shows, the names that fill its variables are known.
"""

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from chalicelib import dates
from chalicelib.campaigns import reviews
from chalicelib.campaigns import templates as texts
from chalicelib.errors import NotFound, Refused
from chalicelib.quickaudience import requests
from chalicelib.quickaudience.http import path_names
from chalicelib.quickaudience.refusals import asking_tencent
from chalicelib.store import templates
from chalicelib.store.templates import Revision
from chalicelib.tencent import client as tencent
from chalicelib.tencent.client import CallRefusedError

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

# Between two questions to Tencent whether a pending revision has been approved, on behalf of campaigns.
_ASK_AGAIN_SECONDS = 30


def create(body: dict[str, Any]) -> dict[str, Any]:
    """Answer §2: submit a template to Tencent; its id there becomes the templateCode."""
    asked = requests.read(requests.Template, body)
    translation = _translate(asked)
    tpl_id = _submit(asked, translation)
    _add(_revision(str(tpl_id), 1, tpl_id, asked, translation, asked.creatorAccount))
    return {"templateCode": str(tpl_id), **_warned(asked, translation)}


def modify(raw_code: str, body: dict[str, Any]) -> dict[str, Any]:
    """Answer §3: change a template that Tencent has not approved yet, or put a new one behind the same code."""
    asked = requests.read(requests.Template, body)
    translation = _translate(asked)
    newest = _refreshed(_known(raw_code))[0]
    author = asked.modifierAccount or asked.creatorAccount
    if newest.status == reviews.APPROVED or not _modified(newest, asked, translation, author):
        tpl_id = _submit(asked, translation)
        _add(_revision(newest.code, newest.number + 1, tpl_id, asked, translation, author))
    return {"templateCode": newest.code, **_warned(asked, translation)}


def query(raw_code: str) -> dict[str, Any]:
    """Answer §4: the newest revision and its review."""
    revision = _refreshed(_known(raw_code))[0]
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
    """The revision that a campaign uses: the newest that Tencent has approved.

    Raises NotFound for an unknown code, Refused where nothing is approved.
    """
    revisions = _known(code)
    if not any(revision.status == reviews.APPROVED for revision in revisions) or (
        revisions[0].status == reviews.PENDING
        and time.time() - revisions[0].checked_at > _ASK_AGAIN_SECONDS
    ):
        revisions = _refreshed(revisions)
    for revision in revisions:
        if revision.status == reviews.APPROVED:
            return revision
    newest = revisions[0]
    state = "审核中" if newest.status == reviews.PENDING else f"未通过审核: {newest.reply}"
    raise Refused("isv.SMS_TEMPLATE_ILLEGAL", f"模板 {code} {state}, 审核通过后才能发送")


def _translate(asked: requests.Template) -> texts.Translation:
    try:
        return texts.translate(asked.templateContent)
    except texts.UntranslatableError as error:
        raise Refused("isv.SMS_TEMPLATE_ILLEGAL", str(error)) from None


def _modified(
    newest: Revision, asked: requests.Template, translation: texts.Translation, author: str
) -> bool:
    """Change Tencent's template; answers False where it was approved meanwhile and can't be changed."""
    revision = _revision(newest.code, newest.number + 1, newest.tpl_id, asked, translation, author)
    _add(revision)
    with asking_tencent():
        try:
            tencent.client().mod_template(newest.tpl_id, **_fields(asked, translation))
        except CallRefusedError:
            templates.remove(revision)
            if _refreshed([newest])[0].status == reviews.APPROVED:
                return False
            raise
    return True


def _submit(asked: requests.Template, translation: texts.Translation) -> int:
    international = asked.templateType == reviews.INTERNATIONAL
    with asking_tencent():
        made = tencent.client().add_template(
            **_fields(asked, translation), international=international
        )
    return int(made["id"])


def _fields(asked: requests.Template, translation: texts.Translation) -> dict[str, Any]:
    return {
        "text": translation.text,
        "title": asked.templateName,
        "remark": asked.remark[:100],
        "kind": reviews.TENCENT_TYPE[asked.templateType],
    }


def _revision(
    code: str,
    number: int,
    tpl_id: int,
    asked: requests.Template,
    translation: texts.Translation,
    author: str,
) -> Revision:
    now = int(time.time())
    return Revision(
        code=code,
        number=number,
        tpl_id=tpl_id,
        name=asked.templateName,
        remark=asked.remark,
        kind=asked.templateType,
        content=asked.templateContent,
        text=translation.text,
        names=translation.names,
        status=reviews.PENDING,
        reply="",
        author=author,
        created_at=now,
        checked_at=now,
    )


def _add(revision: Revision) -> None:
    if not templates.add(revision):
        raise Refused("isp.SYSTEM_ERROR", f"模板 {revision.code} 刚被其他人修改, 请刷新后重试")


def _warned(asked: requests.Template, translation: texts.Translation) -> dict[str, str]:
    """A template is submitted as it is; what Tencent will probably reject is said at once."""
    found = texts.warnings(translation, promotional=asked.templateType == reviews.PROMOTION)
    return {"message": "已提交审核, 但可能被腾讯云驳回: " + "; ".join(found)} if found else {}


def _known(raw_code: str) -> list[Revision]:
    """A template's revisions, newest first; one made in Tencent's console is taken in by its id."""
    codes = path_names(raw_code)
    for code in codes:
        if revisions := templates.revisions(code):
            return revisions
    code = codes[0]
    if code.isascii() and code.isdigit() and len(code) < 16:
        with asking_tencent():
            found = tencent.client().get_template([int(code)])
        for item in found:
            if item.get("id") == int(code):
                return [_taken_in(item)]
    raise NotFound(f"没有模板 {code}: 请核对模板编号")


def _taken_in(item: dict[str, Any]) -> Revision:
    now = int(time.time())
    text = str(item.get("text") or "")
    names = texts.variables(text)
    revision = Revision(
        code=str(item["id"]),
        number=1,
        tpl_id=item["id"],
        name=str(item.get("title") or f"腾讯云模板 {item['id']}"),
        remark="",
        kind=reviews.kind_of(int(item.get("type") or 0), int(item.get("international") or 0)),
        content=texts.restore(text, names),
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


def _refreshed(revisions: Sequence[Revision]) -> list[Revision]:
    """The revisions with what Tencent says of them now. Approved ones can't change and are not asked about."""
    asked = {revision.tpl_id for revision in revisions if revision.status != reviews.APPROVED}
    if not asked:
        return list(revisions)
    with asking_tencent():
        found = tencent.client().get_template(sorted(asked))
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
        fresh.append(replace(revision, status=status, reply=reply, checked_at=int(time.time())))
    templates.update([revision for revision in fresh if revision not in revisions])
    return fresh


def _shown(item: dict[str, Any], candidates: list[Revision]) -> Revision:
    """The revision whose text Tencent shows; where its reviewers touched the text, the newest."""
    text = "".join(str(item.get("text") or "").split())
    same = [revision for revision in candidates if "".join(revision.text.split()) == text]
    return (same or candidates)[0]
