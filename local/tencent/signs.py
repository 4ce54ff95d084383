"""Signs: their four calls, their review, and the choice of a message's sign."""

import re
from dataclasses import replace
from typing import Any

from local.tencent import checks
from local.tencent.catalogue import Catalogue
from local.tencent.checks import Body
from local.tencent.errors import Refused
from local.tencent.formats import beijing_time
from local.tencent.records import Review, Sign, submitted

_UNKNOWN = "package format error, sdkappid not have this sign_id"

_DOMESTIC = re.compile(r"[\u4e00-\u9fffA-Za-z0-9]{2,12}")
_INTERNATIONAL = re.compile(r"[\u4e00-\u9fffA-Za-z0-9 ]{2,15}")


def rejection_reason(sign: Sign) -> str | None:
    """Return why the review rejects a sign; None if it approves it."""
    if sign.international:
        if not _INTERNATIONAL.fullmatch(sign.text):
            return "国际短信签名须为2-15个字符"
    elif not _DOMESTIC.fullmatch(sign.text):
        return "签名须为2-12个中英文或数字，不含符号"
    return None


def add(catalogue: Catalogue, body: Body, review_due: float) -> Sign:
    """Execute add_sign; return the new sign."""
    checks.optional_text(body, "pic")
    sign = Sign(
        id=0,
        text=checks.text(body, "text"),
        remark=checks.optional_text(body, "remark"),
        international=checks.is_international(body),
        **submitted(review_due),
    )
    sign.id = catalogue.add_sign(sign)
    return sign


def modify(catalogue: Catalogue, body: Body, review_due: float) -> Sign:
    """Execute mod_sign; return the changed sign."""
    sign = catalogue.sign(checks.number(body, "sign_id"))
    text = checks.text(body, "text")
    checks.optional_text(body, "pic")
    if sign is None:
        raise Refused(1012, _UNKNOWN)
    if sign.status == Review.APPROVED:
        raise Refused(1030, "已审核通过的签名不支持修改")
    remark = checks.optional_text(body, "remark") or sign.remark
    sign = replace(sign, text=text, remark=remark, **submitted(review_due))
    catalogue.save_sign(sign)
    return sign


def delete(catalogue: Catalogue, body: Body) -> dict[str, Any]:
    """Execute del_sign. If one of the signs does not exist, none is deleted."""
    ids = checks.ids(body, "sign_id")
    if any(catalogue.sign(sign_id) is None for sign_id in ids):
        raise Refused(1012, _UNKNOWN)
    catalogue.delete_signs(ids)
    return {}


def get(catalogue: Catalogue, body: Body) -> dict[str, Any]:
    """Return the answer to get_sign. It leaves out ids that do not exist."""
    found = [catalogue.sign(sign_id) for sign_id in checks.ids(body, "sign_id")]
    data = [_details(sign) for sign in found if sign is not None]
    return {"count": len(data), "data": data}


def choose(
    catalogue: Catalogue, requested: str | None, *, mainland: bool, refuse_unapproved: bool
) -> tuple[str, str]:
    """Choose the sign of a message.

    Args:
        catalogue: the signs.
        requested: the name in the call; None for a JSON null, which the real service uses as a
            name.
        mainland: whether the message goes to the mainland.
        refuse_unapproved: whether to refuse an unapproved name, in place of adding it to the text.

    Returns:
        The sign's text, and the prefix of the message.

    Raises:
        Refused: the name is unapproved and such names are refused, or no sign is approved.
    """
    approved = [sign for sign in catalogue.signs() if sign.status == Review.APPROVED]
    opening, closing = ("【", "】") if mainland else ("[", "]")
    name = "null" if requested is None else requested
    if any(sign.text == name for sign in approved):
        return name, f"{opening}{name}{closing}"
    if name and refuse_unapproved:
        raise Refused(1012)
    default = next((sign.text for sign in approved if bool(sign.international) != mainland), None)
    if default is None and mainland:
        raise Refused(1012)
    prefix = "" if default is None else f"{opening}{default}{closing}"
    return default or "", prefix + (f"[{name}]" if name else "")


def summary(sign: Sign) -> dict[str, Any]:
    """Return a sign as add_sign and mod_sign answer it."""
    return {
        "id": sign.id,
        "international": sign.international,
        "status": sign.status,
        "text": sign.text,
    }


def _details(sign: Sign) -> dict[str, Any]:
    return {
        **summary(sign),
        "reply": sign.reply,
        "apply_time": beijing_time(sign.applied),
        "reply_time": "" if sign.reviewed is None else beijing_time(sign.reviewed),
    }
