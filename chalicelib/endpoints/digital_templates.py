"""§7-10: digital templates; and the revision that a digital campaign (§11) uses."""

import json
import secrets
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from chalice.app import Request

from chalicelib import dates, deadline, settings
from chalicelib.domain import digital_message, reviews, template_text
from chalicelib.domain.digital_message import ContentError, Part
from chalicelib.endpoints import template_revisions
from chalicelib.endpoints.envelope import path_names
from chalicelib.endpoints.tencent_refusals import asking_tencent
from chalicelib.errors import NotFound, Refused
from chalicelib.store import pages, templates
from chalicelib.store.pages import Page
from chalicelib.store.templates import Revision

if TYPE_CHECKING:
    from chalicelib.endpoints.template_changes import Draft
    from chalicelib.quickaudience.bodies import DigitalTemplate

CREATE_FIELDS = {"templateCode": ""}
"""The documented field of §7, §8 and §9, with its value in a refusal."""

QUERY_FIELDS = {
    "templateCode": "",
    "templateName": "",
    "templateStatus": 0,
    "reason": "",
    "supportFactory": "{}",
    "createDate": "",
}
"""The documented fields of §10, with their values in a refusal."""

# Of the request's time, this is left for Tencent, which is called after the files are read.
_SECONDS_FOR_TENCENT = 8
_SECONDS_FOR_FILES = 15
_PATH = "/sms/digitalSmsTemplate"


def create(body: dict[str, Any], request: Request) -> dict[str, Any]:
    """Answer §7: check the parts, store their page, and submit a text with a link to the page to Tencent."""
    from chalicelib.endpoints import template_changes  # noqa: PLC0415 -- see _draft

    fields = _parse(body)
    draft, warnings = _draft(fields, fields.creatorAccount, request)
    code = template_changes.create(draft, "DIGITAL_" + secrets.token_hex(6).upper())
    return {"templateCode": code, **template_changes.message_field(warnings)}


def modify(raw_code: str, body: dict[str, Any], request: Request) -> dict[str, Any]:
    """Answer §8 as §3 is answered. Messages that were sent before keep their page."""
    from chalicelib.endpoints import template_changes  # noqa: PLC0415 -- see _draft

    fields = _parse(body)
    revisions = _require_digital(raw_code)
    draft, warnings = _draft(fields, fields.modifierAccount or fields.creatorAccount, request)
    template_changes.change(revisions, draft)
    return {"templateCode": revisions[0].code, **template_changes.message_field(warnings)}


def delete(raw_code: str) -> dict[str, Any]:
    """Answer §9; deleting a deleted template again succeeds.

    Its pages stay, and so do the revisions, which receipts of earlier campaigns need.
    """
    revisions, deleted = _find(raw_code)
    code = revisions[0].code
    if not deleted:
        # Delete at Tencent first: if Tencent does not answer, nothing has changed and the request may be
        # repeated. Tencent refuses the whole call if it does not have one of the ids, so ask which it has.
        with asking_tencent() as tencent:
            existing = tencent.get_templates(sorted({revision.tpl_id for revision in revisions}))
            if existing:
                tencent.delete_templates([template.id for template in existing])
        templates.delete(code, int(time.time()))
    return {"templateCode": code}


def query(raw_code: str) -> dict[str, Any]:
    """Answer §10: the newest revision and its review, which is the same for all three carriers."""
    revision = template_revisions.refresh(_require_digital(raw_code))[0]
    carriers = reviews.carriers(revision.status, revision.reply)
    return {
        "templateCode": revision.code,
        "templateName": revision.name,
        "templateStatus": reviews.DIGITAL_STATUS.get(revision.status, 0),
        "reason": reviews.reason(revision.status, revision.reply, reviews.NO_COMMENT_ON_TEMPLATE),
        "supportFactory": json.dumps(carriers, ensure_ascii=False),
        "createDate": dates.to_beijing(revision.created_at),
    }


def require_approved(code: str) -> Revision:
    """Return the revision that a digital campaign (§11) uses.

    Raises NotFound for an unknown or deleted code, Refused for a text template or if no revision is approved.
    """
    try:
        revisions = _require_digital(code)
    except NotFound:
        text_template, deleted = templates.find(code)
        if not text_template or deleted or text_template[0].page:
            raise
        raise Refused(
            "isv.SMS_TEMPLATE_ILLEGAL",
            f"模板 {code} 是文本短信模板, 请通过文本短信接口 sendBatchList 发送",
        ) from None
    revision = template_revisions.require_approved(revisions)
    if not pages.keep(revision.page):
        raise Refused(
            "isv.SMS_TEMPLATE_ILLEGAL",
            f"模板 {revision.code} 的图文页面已过期或已下线, 请修改模板并重新提交审核",
        )
    return revision


def _find(raw_code: str) -> tuple[list[Revision], bool]:
    """Return a digital template's revisions, newest first, and whether it was deleted.

    Raises NotFound for any other code.
    """
    codes = path_names(raw_code)
    for code in codes:
        revisions, deleted = templates.find(code)
        if revisions and revisions[0].page:
            return revisions, deleted
    raise NotFound(f"没有数字短信模板 {codes[0]}: 请核对模板编号")


def _require_digital(raw_code: str) -> list[Revision]:
    """Return a digital template's revisions, newest first. Raises NotFound if it was deleted, too."""
    revisions, deleted = _find(raw_code)
    if deleted:
        raise NotFound(f"数字短信模板 {revisions[0].code} 已删除")
    return revisions


def _parse(body: dict[str, Any]) -> "DigitalTemplate":
    # Imported only here, because §9 and §10 have no body, and this import would be a fifth of their cold start.
    from chalicelib.quickaudience import bodies  # noqa: PLC0415

    return bodies.read(bodies.DigitalTemplate, body)


def _draft(fields: "DigitalTemplate", author: str, request: Request) -> "tuple[Draft, list[str]]":
    """Store the page of a digital template; return its draft, and warnings for the marketer."""
    # Imported only here, because campaigns (§11) need neither of them.
    from chalicelib.domain import foreign_placeholders  # noqa: PLC0415
    from chalicelib.endpoints import template_changes  # noqa: PLC0415

    page = pages.new_code()
    try:
        parts = digital_message.read_parts(fields.templateContent)
        foreign_placeholders.check(fields.templateTheme, "templateTheme ")
        for number, part in enumerate(parts, 1):
            if part.kind == "text":
                foreign_placeholders.check(part.contents, f"第 {number} 部分")
        translation = digital_message.tencent_template(
            fields.templateTheme, parts, f"{_public_base(request)}/m/{page}"
        )
        warnings = template_changes.check_text(translation, reviews.PROMOTION)
        warnings += _check_files(parts)
    except (ContentError, template_text.UntranslatableError) as error:
        raise Refused("isv.SMS_TEMPLATE_ILLEGAL", str(error)) from None
    content = digital_message.text_of(fields.templateTheme, parts)
    warnings = foreign_placeholders.warnings(content) + warnings
    pages.put(
        Page(
            code=page,
            theme=digital_message.mask_variables(fields.templateTheme, content),
            parts=tuple(digital_message.masked_part(part, content) for part in parts),
            made_at=int(time.time()),
        )
    )
    draft = template_changes.Draft(
        name=fields.templateTheme,
        remark=fields.remark,
        kind=reviews.PROMOTION,
        content=content,
        translation=translation,
        author=author,
        page=page,
    )
    return draft, warnings


def _check_files(parts: Sequence[Part]) -> list[str]:
    """Fetch every file once and check that it is of the kind that its part says; return warnings.

    Raises ContentError for a file that can't be fetched or used.
    """
    # Imported only here, because sending a digital message (§11) fetches no file.
    from chalicelib.fetching import addresses, stream  # noqa: PLC0415

    files = [(number, part) for number, part in enumerate(parts, 1) if part.kind != "text"]
    left = deadline.left()
    seconds = (
        _SECONDS_FOR_FILES if left is None else min(_SECONDS_FOR_FILES, left - _SECONDS_FOR_TENCENT)
    )

    def fetch(file: tuple[int, Part]) -> bytes:
        number, part = file
        try:
            return stream.read_all(
                part.contents, max_bytes=digital_message.MAX_BYTES, seconds=seconds
            )
        except addresses.FetchError as error:
            raise ContentError(f"第 {number} 部分: {error}") from None

    with ThreadPoolExecutor(digital_message.MAX_PARTS) as pool:
        contents = list(pool.map(fetch, files))
    warnings = []
    for (number, part), data in zip(files, contents, strict=True):
        warnings += digital_message.check_file(number, part, data)
    digital_message.check_total([len(data) for data in contents])
    return warnings


def _public_base(request: Request) -> str:
    """Return the base URL of links to pages: PUBLIC_BASE_URL, or the address that this request was sent to."""
    if base := settings.load().public_base_url.rstrip("/"):
        return base
    host, path = request.context.get("domainName"), str(request.context.get("path") or "")
    if not host or _PATH not in path:
        raise Refused(
            "isp.SYSTEM_ERROR",
            "短信平台没有配置 PUBLIC_BASE_URL(图文页面的公网地址), 请联系管理员设置后重试",
        )
    return f"https://{host}{path.partition(_PATH)[0]}"
