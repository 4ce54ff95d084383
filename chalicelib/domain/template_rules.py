"""Tencent's rules for templates since 2024: what is refused, and what its reviewers or the carriers reject.

Sources: Tencent's standard for reviews (cloud.tencent.com/document/product/382/39023) and the error codes of API 3.0
(382/59177).
"""

import re

from chalicelib.domain import reviews, template_text
from chalicelib.domain.template_text import Translation

UNSUBSCRIBE = "拒收请回复R"
"""The words with which a promotion has to end. Others, such as 回T退订, are no longer safe."""

_NUMBERED = re.compile(r"\{[0-9]+\}")
_ADJACENT = re.compile(r"\{[0-9]+\}\{[0-9]+\}")
_LINK = re.compile(
    r"https?://|www\.|(?<![a-z0-9.-])[a-z0-9.-]+\.(?:(?:com|cn|net|top|vip|cc)(?![a-z0-9-])|[a-z]{2,}/)",
    re.IGNORECASE,
)
_ENDS_WITH_UNSUBSCRIBE = re.compile(re.escape(UNSUBSCRIBE) + r"[\s。.!！]*$")
_SYMBOLS = "¥￥★"
_MAX_NAMES = 5


def refusals(text: str) -> list[str]:
    """Return what Tencent is documented to refuse in a template's text, for a marketer."""
    found = []
    if _ADJACENT.search(text):
        found.append("两个变量不能相邻, 请在它们之间加上文字")
    if _NUMBERED.search(text) and not _NUMBERED.sub("", text).strip():
        found.append("模板不能只由变量组成")
    if "【" in text or "】" in text:
        found.append("正文不能包含【】, 签名会自动添加")
    return found


def unsubscribes(text: str, kind: int) -> bool:
    """Return whether a text ends as Tencent requires it of a promotion. Other texts need no such end."""
    return kind != reviews.PROMOTION or bool(_ENDS_WITH_UNSUBSCRIBE.search(text))


def warnings(translation: Translation, kind: int) -> list[str]:
    """Return warnings about a text that is not refused. It is submitted all the same.

    `kind` is Quick Audience's type of template.
    """
    text = translation.text
    found = template_text.warnings(translation, promotional=kind == reviews.PROMOTION)
    if template_text.has_unsubscribe(text) and not unsubscribes(text, kind):
        found.append(f"营销短信须以“{UNSUBSCRIBE}”结尾, 其他退订写法可能被驳回")
    if kind != reviews.INTERNATIONAL and _LINK.search(text):
        found.append("链接须固定不变且域名已备案; 运营商可能拦截含链接的短信, 即使模板已通过审核")
    if kind == reviews.CAPTCHA and "验证码" not in text:
        found.append("验证码模板须包含“验证码”三个字")
    names = list(dict.fromkeys(translation.names))
    if kind in (reviews.NOTIFICATION, reviews.PROMOTION) and len(names) > 1:
        shown = "、".join(names[:_MAX_NAMES]) + ("等" if len(names) > _MAX_NAMES else "")
        found.append(
            f"模板有 {len(names)} 个不同的变量({shown}): 变量越多越容易被驳回, 部分账号的通知和营销模板不能含变量"
        )
    if symbols := "".join(symbol for symbol in _SYMBOLS if symbol in text):
        found.append(f"正文不宜包含特殊符号 {symbols}")
    return found
