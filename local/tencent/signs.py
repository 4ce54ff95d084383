"""Signs: the four calls about them, their review, and which of them a message gets."""

import re
from dataclasses import replace
from typing import Any

from local.tencent import checks
from local.tencent.checks import Body
from local.tencent.errors import Refused
from local.tencent.formats import beijing_time
from local.tencent.records import Review, Sign, submitted
from local.tencent.state import State

_UNKNOWN = "package format error, sdkappid not have this sign_id"

_DOMESTIC = re.compile(r"[\u4e00-\u9fffA-Za-z0-9]{2,12}")
_INTERNATIONAL = re.compile(r"[\u4e00-\u9fffA-Za-z0-9 ]{2,15}")


def fault_in(sign: Sign) -> str | None:
    """Say why the review rejects a sign, if it does."""
    if sign.international:
        if not _INTERNATIONAL.fullmatch(sign.text):
            return "国际短信签名须为2-15个字符"
    elif not _DOMESTIC.fullmatch(sign.text):
        return "签名须为2-12个中英文或数字，不含符号"
    return None


def add(state: State, body: Body, review_due: float) -> Sign:
    """Carry out add_sign."""
    checks.optional_text(body, "pic")
    sign = Sign(
        id=0,
        text=checks.text(body, "text"),
        remark=checks.optional_text(body, "remark"),
        international=checks.is_international(body),
        **submitted(review_due),
    )
    sign.id = state.add_sign(sign)
    return sign


def modify(state: State, body: Body, review_due: float) -> Sign:
    """Carry out mod_sign."""
    sign = state.sign(checks.number(body, "sign_id"))
    text = checks.text(body, "text")
    checks.optional_text(body, "pic")
    if sign is None:
        raise Refused(1012, _UNKNOWN)
    if sign.status == Review.APPROVED:
        raise Refused(1030, "已审核通过的签名不支持修改")
    remark = checks.optional_text(body, "remark") or sign.remark
    sign = replace(sign, text=text, remark=remark, **submitted(review_due))
    state.save_sign(sign)
    return sign


def delete(state: State, body: Body) -> dict[str, Any]:
    """Answer del_sign: all of the signs, or none if one does not exist."""
    ids = checks.ids(body, "sign_id")
    if any(state.sign(sign_id) is None for sign_id in ids):
        raise Refused(1012, _UNKNOWN)
    state.delete_signs(ids)
    return {}


def get(state: State, body: Body) -> dict[str, Any]:
    """Answer get_sign; an id that does not exist is left out."""
    found = [state.sign(sign_id) for sign_id in checks.ids(body, "sign_id")]
    data = [_details(sign) for sign in found if sign is not None]
    return {"count": len(data), "data": data}


def choose(
    state: State, asked: str | None, *, mainland: bool, refuse_unapproved: bool
) -> tuple[str, str]:
    """Choose the sign of a message: its text, and what stands in front of the message.

    ``asked`` is None where the call has a JSON null, which the real service takes for a name.
    """
    approved = [sign for sign in state.signs() if sign.status == Review.APPROVED]
    opening, closing = ("【", "】") if mainland else ("[", "]")
    name = "null" if asked is None else asked
    if any(sign.text == name for sign in approved):
        return name, f"{opening}{name}{closing}"
    if name and refuse_unapproved:
        raise Refused(1012)
    default = next((sign.text for sign in approved if bool(sign.international) != mainland), None)
    if default is None and mainland:
        raise Refused(1012)
    front = "" if default is None else f"{opening}{default}{closing}"
    return default or "", front + (f"[{name}]" if name else "")


def summary(sign: Sign) -> dict[str, Any]:
    """Write a sign as the calls that submit one answer it."""
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
