"""§7-10: digital templates; and which revision a digital campaign (§11) uses."""

import json
import secrets
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from chalice.app import Request

from chalicelib import dates, settings
from chalicelib.domain import digital_message, reviews, template_text
from chalicelib.domain.digital_message import ContentError, Part
from chalicelib.endpoints import template_revisions
from chalicelib.endpoints.envelope import path_names
from chalicelib.endpoints.template_revisions import Draft
from chalicelib.endpoints.tencent_refusals import asking_tencent
from chalicelib.errors import NotFound, Refused
from chalicelib.store import pages, templates
from chalicelib.store.pages import Page
from chalicelib.store.templates import Revision

if TYPE_CHECKING:
    from chalicelib.quickaudience.bodies import DigitalTemplate

CREATE_FIELDS = {"templateCode": ""}
"""§7's, §8's and §9's documented field."""

QUERY_FIELDS = {
    "templateCode": "",
    "templateName": "",
    "templateStatus": 0,
    "reason": "",
    "supportFactory": "{}",
    "createDate": "",
}
"""§10's documented fields, as they stand in a refusal."""

# API Gateway gives a request 29 seconds; Tencent is to be asked after the files were read.
_SECONDS_FOR_FILES = 15
_PATH = "/sms/digitalSmsTemplate"


def create(body: dict[str, Any], request: Request) -> dict[str, Any]:
    """Answer §7: check the parts, keep their page, submit the text with its link to Tencent."""
    asked = _read(body)
    draft, found = _draft(asked, asked.creatorAccount, request)
    code = template_revisions.create(draft, "DIGITAL_" + secrets.token_hex(6).upper())
    return {"templateCode": code, **template_revisions.warned(found)}


def modify(raw_code: str, body: dict[str, Any], request: Request) -> dict[str, Any]:
    """Answer §8 as §3 is answered; what was sent before keeps the page that it was sent with."""
    asked = _read(body)
    known = _known(raw_code)
    draft, found = _draft(asked, asked.modifierAccount or asked.creatorAccount, request)
    template_revisions.change(known, draft)
    return {"templateCode": known[0].code, **template_revisions.warned(found)}


def delete(raw_code: str) -> dict[str, Any]:
    """Answer §9, as often as it is asked. Pages stay, and so does what receipts are matched by."""
    found, deleted = _found(raw_code)
    code = found[0].code
    if not deleted:
        # Tencent comes first: where it doesn't answer, nothing has changed and the request may be repeated.
        # It refuses all ids for the sake of one that it doesn't have.
        with asking_tencent() as tencent:
            there = tencent.get_template(sorted({revision.tpl_id for revision in found}))
            if there:
                tencent.del_template([item["id"] for item in there])
        templates.delete(code, int(time.time()))
    return {"templateCode": code}


def query(raw_code: str) -> dict[str, Any]:
    """Answer §10: the newest revision and its review, which is the same for all three carriers."""
    revision = template_revisions.refreshed(_known(raw_code))[0]
    carriers = reviews.carriers(revision.status, revision.reply)
    return {
        "templateCode": revision.code,
        "templateName": revision.name,
        "templateStatus": reviews.DIGITAL_STATUS.get(revision.status, 0),
        "reason": reviews.reason(revision.status, revision.reply, reviews.NO_COMMENT_ON_TEMPLATE),
        "supportFactory": json.dumps(carriers, ensure_ascii=False),
        "createDate": dates.to_beijing(revision.created_at),
    }


def approved(code: str) -> Revision:
    """The revision that a digital campaign uses.

    Raises NotFound for an unknown or deleted code, Refused for a text template's or where nothing is approved.
    """
    try:
        known = _known(code)
    except NotFound:
        found, deleted = templates.find(code)
        if not found or deleted or found[0].page:
            raise
        raise Refused(
            "isv.SMS_TEMPLATE_ILLEGAL",
            f"模板 {code} 是文本短信模板, 请通过文本短信接口 sendBatchList 发送",
        ) from None
    return template_revisions.approved(known)


def _found(raw_code: str) -> tuple[list[Revision], bool]:
    """A digital template's revisions, newest first, and whether it was deleted."""
    codes = path_names(raw_code)
    for code in codes:
        found, deleted = templates.find(code)
        if found and found[0].page:
            return found, deleted
    raise NotFound(f"没有数字短信模板 {codes[0]}: 请核对模板编号")


def _known(raw_code: str) -> list[Revision]:
    found, deleted = _found(raw_code)
    if deleted:
        raise NotFound(f"数字短信模板 {found[0].code} 已删除")
    return found


def _read(body: dict[str, Any]) -> "DigitalTemplate":
    # Imported where there is a body: to ask for a template's status, it would be a fifth of a cold start.
    from chalicelib.quickaudience import bodies  # noqa: PLC0415

    return bodies.read(bodies.DigitalTemplate, body)


def _draft(asked: "DigitalTemplate", author: str, request: Request) -> tuple[Draft, list[str]]:
    """What is asked for, with its page kept; and warnings."""
    page = pages.new_code()
    try:
        parts = digital_message.parts(asked.templateContent)
        translation = digital_message.message(
            asked.templateTheme, parts, f"{_public_base(request)}/m/{page}"
        )
        found = template_text.warnings(translation, promotional=True) + _check_files(parts)
    except ContentError as error:
        raise Refused("isv.SMS_TEMPLATE_ILLEGAL", str(error)) from None
    written = digital_message.content(asked.templateTheme, parts)
    pages.put(
        Page(
            code=page,
            theme=digital_message.masked(asked.templateTheme, written),
            parts=tuple(digital_message.shown(part, written) for part in parts),
            made_at=int(time.time()),
        )
    )
    draft = Draft(
        name=asked.templateTheme,
        remark=asked.remark,
        kind=reviews.PROMOTION,
        content=written,
        translation=translation,
        author=author,
        page=page,
    )
    return draft, found


def _check_files(parts: Sequence[Part]) -> list[str]:
    """Read every file once, to see that it is what it is said to be; answers warnings."""
    # Imported where files are read: sending a digital message reads none.
    from chalicelib.fetching import addresses, stream  # noqa: PLC0415

    files = [(number, part) for number, part in enumerate(parts, 1) if part.kind != "text"]

    def read(one: tuple[int, Part]) -> bytes:
        number, part = one
        try:
            return stream.read_all(
                part.contents, max_bytes=digital_message.MAX_BYTES, seconds=_SECONDS_FOR_FILES
            )
        except addresses.FetchError as error:
            raise ContentError(f"第 {number} 部分: {error}") from None

    with ThreadPoolExecutor(digital_message.MAX_PARTS) as pool:
        contents = list(pool.map(read, files))
    found = []
    for (number, part), data in zip(files, contents, strict=True):
        found += digital_message.check_file(number, part, data)
    digital_message.check_total([len(data) for data in contents])
    return found


def _public_base(request: Request) -> str:
    """The address that pages are linked under: PUBLIC_BASE_URL, or where this request came in."""
    if base := settings.load().public_base_url.rstrip("/"):
        return base
    host, path = request.context.get("domainName"), str(request.context.get("path") or "")
    if not host or _PATH not in path:
        raise Refused(
            "isp.SYSTEM_ERROR",
            "短信平台没有配置 PUBLIC_BASE_URL(图文页面的公网地址), 请联系管理员设置后重试",
        )
    return f"https://{host}{path.partition(_PATH)[0]}"
