"""Templates: their four calls, and the rules of their review."""

import re
from dataclasses import replace
from typing import Any

from local.tencent import checks
from local.tencent.catalogue import Catalogue
from local.tencent.checks import Body
from local.tencent.errors import Refused, malformed
from local.tencent.formats import beijing_time
from local.tencent.records import Review, Template, submitted

ORDINARY, MARKETING, VOICE = range(3)
CAPTCHA = 3
"""A type of API 3.0 alone: v5 sees an ordinary template."""

_UNKNOWN = "package format error, sdkappid not have this tpl_id"
_MAX_PAGE_SIZE = 50

_VARIABLE = re.compile(r"\{([1-9][0-9]*)\}")
_BRACE = re.compile(r"[{}｛｝]")
_LETTER = re.compile(r"[^\W_]")
_LINK_PIECE = re.compile(r"[A-Za-z0-9\-._~:/?#@$&*+=%{}]+")
_LINK = re.compile(
    r"https?:|www\.|(?<![@A-Za-z0-9_.-])(?:[a-z0-9-]+\.)+"
    r"(?:com|cn|net|org|top|vip|link|io|cc|info|biz|xyz|club|shop|site|tech)(?![a-z0-9.-])",
    re.IGNORECASE,
)
_UNSUBSCRIBE = re.compile(
    r"拒收请?回复?\s*[A-Z]{1,2}|回复?\s*[A-Z]{1,2}\s*退订|退订请?回复?\s*[A-Z]{1,2}|(?<![A-Z])[A-Z]{1,2}退订",
    re.IGNORECASE,
)


def variables(text: str) -> list[int]:
    """Return the numbers of a template's variables, in the order in which they appear."""
    return [int(number) for number in _VARIABLE.findall(text)]


def fill(text: str, params: list[str]) -> str:
    """Replace the variables by values."""
    return _VARIABLE.sub(lambda match: params[int(match.group(1)) - 1], text)


def contains_link(text: str) -> bool:
    """Return whether a text contains something that phones show as a link."""
    return _LINK.search(text) is not None


def rejection_reason(template: Template) -> str | None:
    """Return why the review rejects a template; None if it approves it."""
    text = template.text
    numbers = variables(text)
    constant = _VARIABLE.sub("", text)
    rules = (
        ("【" in text or "】" in text, "模板内容不能包含【】"),
        (re.search(r"[¥★√]", text), "模板内容含有非常用字符"),
        (_BRACE.search(constant), "变量格式不正确，应为{1}、{2}"),
        (sorted(numbers) != list(range(1, len(numbers) + 1)), "变量须从{1}开始连续编号，不可重复"),
        ("}{" in text, "变量不能相邻"),
        (numbers and not _LETTER.search(constant), "模板不能全部由变量组成"),
        (_has_variable_link(text), "链接中不能包含变量"),
        (
            template.type == MARKETING
            and not template.international
            and not _UNSUBSCRIBE.search(text),
            "营销短信须包含退订方式，如：拒收请回复R",
        ),
        (
            template.sms_type == CAPTCHA
            and ("code" if template.international else "验证码") not in text.lower(),
            "验证码短信须包含“验证码”",
        ),
    )
    return next((reason for violated, reason in rules if violated), None)


def _has_variable_link(text: str) -> bool:
    for match in _LINK_PIECE.finditer(text):
        piece = match.group()
        # A variable next to a dot or slash may become part of a host name or path.
        if _VARIABLE.search(piece) and contains_link(_VARIABLE.sub("x", piece)):
            return True
    return False


def add(catalogue: Catalogue, body: Body, review_due: float) -> Template:
    """Execute add_template; return the new template."""
    template = Template(
        id=0,
        text=checks.text(body, "text"),
        type=checks.number_within(body, "type", ORDINARY, VOICE),
        title=checks.optional_text(body, "title"),
        remark=checks.optional_text(body, "remark"),
        international=checks.is_international(body),
        **submitted(review_due),
    )
    template.id = catalogue.add_template(template)
    return template


def modify(catalogue: Catalogue, body: Body, review_due: float) -> Template:
    """Execute mod_template; return the changed template."""
    template = catalogue.template(checks.number(body, "tpl_id"))
    text = checks.text(body, "text")
    type_ = checks.number_within(body, "type", ORDINARY, VOICE)
    if template is None:
        raise Refused(1014, _UNKNOWN)
    if template.status == Review.APPROVED:
        raise Refused(1030, "已审核通过的模板不支持修改")
    template = replace(
        template,
        text=text,
        type=type_,
        title=checks.optional_text(body, "title") or template.title,
        remark=checks.optional_text(body, "remark") or template.remark,
        sms_type=0,
        **submitted(review_due),
    )
    catalogue.save_template(template)
    return template


def delete(catalogue: Catalogue, body: Body) -> dict[str, Any]:
    """Execute del_template. If one of the templates does not exist, none is deleted."""
    ids = checks.ids(body, "tpl_id")
    if any(catalogue.template(tpl_id) is None for tpl_id in ids):
        raise Refused(1014, _UNKNOWN)
    catalogue.delete_templates(ids)
    return {}


def get(catalogue: Catalogue, body: Body) -> dict[str, Any]:
    """Return the answer to get_template. It leaves out ids that do not exist."""
    if ("tpl_id" in body) == ("tpl_page" in body):
        raise malformed("either tpl_id or tpl_page")
    if "tpl_id" in body:
        found = [catalogue.template(tpl_id) for tpl_id in checks.ids(body, "tpl_id")]
        data = [_details(template) for template in found if template is not None]
        return {"count": len(data), "data": data}
    page = body["tpl_page"]
    if not isinstance(page, dict):
        raise malformed("tpl_page must be an object")
    offset = checks.number_within(page, "offset", 0, 2**31)
    limit = checks.number_within(page, "max", 1, _MAX_PAGE_SIZE)
    data = [_details(template) for template in catalogue.templates(offset, limit)]
    return {"total": catalogue.count_templates(), "count": len(data), "data": data}


def summary(template: Template) -> dict[str, Any]:
    """Return a template as add_template and mod_template answer it."""
    return {
        "id": template.id,
        "international": template.international,
        "status": template.status,
        "text": template.text,
        "type": template.type,
    }


def _details(template: Template) -> dict[str, Any]:
    reviewed = template.reviewed
    return {
        **summary(template),
        "reply": template.reply,
        "title": template.title,
        "apply_time": beijing_time(template.applied),
        "reply_time": "" if reviewed is None else beijing_time(reviewed),
    }
