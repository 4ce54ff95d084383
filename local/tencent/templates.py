"""Templates: the four calls about them, and what their review looks at."""

import re
from dataclasses import replace
from typing import Any

from local.tencent import checks
from local.tencent.checks import Body
from local.tencent.errors import Refused, malformed
from local.tencent.formats import beijing_time
from local.tencent.records import Review, Template, submitted
from local.tencent.state import State

ORDINARY, MARKETING, VOICE = range(3)

_UNKNOWN = "package format error, sdkappid not have this tpl_id"
_LARGEST_PAGE = 50

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
    """List a template's variables in the order in which they appear."""
    return [int(number) for number in _VARIABLE.findall(text)]


def fill(text: str, params: list[str]) -> str:
    """Put values in the place of variables."""
    return _VARIABLE.sub(lambda match: params[int(match.group(1)) - 1], text)


def holds_link(text: str) -> bool:
    """Tell whether a text holds something that a phone makes a link of."""
    return _LINK.search(text) is not None


def fault_in(template: Template) -> str | None:
    """Say why the review rejects a template, if it does."""
    text = template.text
    numbers = variables(text)
    constant = _VARIABLE.sub("", text)
    checks_in_order = (
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
    )
    return next((reason for found, reason in checks_in_order if found), None)


def _has_variable_link(text: str) -> bool:
    for match in _LINK_PIECE.finditer(text):
        piece = match.group()
        # A variable beside a dot or slash may become part of a host name or path.
        if _VARIABLE.search(piece) and holds_link(_VARIABLE.sub("x", piece)):
            return True
    return False


def add(state: State, body: Body, review_due: float) -> Template:
    """Carry out add_template."""
    template = Template(
        id=0,
        text=checks.text(body, "text"),
        type=checks.number_within(body, "type", ORDINARY, VOICE),
        title=checks.optional_text(body, "title"),
        remark=checks.optional_text(body, "remark"),
        international=checks.is_international(body),
        **submitted(review_due),
    )
    template.id = state.add_template(template)
    return template


def modify(state: State, body: Body, review_due: float) -> Template:
    """Carry out mod_template."""
    template = state.template(checks.number(body, "tpl_id"))
    text = checks.text(body, "text")
    kind = checks.number_within(body, "type", ORDINARY, VOICE)
    if template is None:
        raise Refused(1014, _UNKNOWN)
    if template.status == Review.APPROVED:
        raise Refused(1030, "已审核通过的模板不支持修改")
    template = replace(
        template,
        text=text,
        type=kind,
        title=checks.optional_text(body, "title") or template.title,
        remark=checks.optional_text(body, "remark") or template.remark,
        **submitted(review_due),
    )
    state.save_template(template)
    return template


def delete(state: State, body: Body) -> dict[str, Any]:
    """Answer del_template: all of the templates, or none if one does not exist."""
    ids = checks.ids(body, "tpl_id")
    if any(state.template(tpl_id) is None for tpl_id in ids):
        raise Refused(1014, _UNKNOWN)
    state.delete_templates(ids)
    return {}


def get(state: State, body: Body) -> dict[str, Any]:
    """Answer get_template; an id that does not exist is left out."""
    if ("tpl_id" in body) == ("tpl_page" in body):
        raise malformed("either tpl_id or tpl_page")
    if "tpl_id" in body:
        found = [state.template(tpl_id) for tpl_id in checks.ids(body, "tpl_id")]
        data = [_details(template) for template in found if template is not None]
        return {"count": len(data), "data": data}
    page = body["tpl_page"]
    if not isinstance(page, dict):
        raise malformed("tpl_page must be an object")
    offset = checks.number_within(page, "offset", 0, 2**31)
    limit = checks.number_within(page, "max", 1, _LARGEST_PAGE)
    data = [_details(template) for template in state.templates(offset, limit)]
    return {"total": state.count_templates(), "count": len(data), "data": data}


def summary(template: Template) -> dict[str, Any]:
    """Write a template as the calls that submit one answer it."""
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
