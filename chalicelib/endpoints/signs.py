"""§1: the review status of a sign; and the sign that a campaign uses."""

import time
from dataclasses import replace
from typing import Any

from chalicelib import dates
from chalicelib.domain import reviews, sign_names
from chalicelib.endpoints.envelope import path_names
from chalicelib.endpoints.tencent_refusals import asking_tencent
from chalicelib.errors import NotFound, Refused
from chalicelib.store import signs
from chalicelib.store.signs import Sign

FIELDS = {"signName": "", "signStatus": 0, "reason": "", "createDate": ""}
"""The documented fields of §1, with their values in a refusal: the status is "pending", since none is known."""

# For this long, campaigns rely on an approval before they ask Tencent again.
_FRESH_SECONDS = 600


def query(raw_name: str) -> dict[str, Any]:
    """Answer §1 for the name in the path."""
    names = path_names(raw_name)
    # A caller may write a blank in a path as a plus sign, as it is written in a query.
    with_blanks = [name.replace("+", " ") for name in names if "+" in name]
    sign = next(filter(None, map(signs.get, names + with_blanks)), None)
    if sign is None:
        raise NotFound(_unknown(names[0]))
    sign = _refresh(sign)
    return {
        "signName": sign.name,
        "signStatus": reviews.STATUS.get(sign.status, 0),
        "reason": reviews.reason(sign.status, sign.reply, reviews.NO_COMMENT_ON_SIGN),
        "createDate": dates.to_beijing(sign.created_at),
    }


def require_approved(name: str) -> str:
    """Return the name of the sign that a campaign uses, as Tencent has it, without brackets.

    Raises NotFound if no such sign is linked, Refused if Tencent has not approved it: otherwise Tencent would
    send the messages under another sign.
    """
    sign = signs.get(name)
    if sign is None:
        raise NotFound(_unknown(name))
    if sign.status != reviews.APPROVED or time.time() - sign.checked_at > _FRESH_SECONDS:
        sign = _refresh(sign)
    if sign.status != reviews.APPROVED:
        state = "审核中" if sign.status == reviews.PENDING else f"未通过审核: {sign.reply}"
        raise Refused("isv.SIGN_STATE_ILLEGAL", f"签名“{sign.name}”{state}, 审核通过后才能发送")
    return sign.name


def _refresh(sign: Sign) -> Sign:
    """Ask Tencent for a sign's review, store it, and return the sign.

    Raises NotFound if Tencent does not have the sign any longer, or has it under another name.
    """
    with asking_tencent() as tencent:
        found = tencent.get_signs([sign.sign_id])
    for item in found:
        if item.id != sign.sign_id:
            continue
        text = sign_names.without_brackets(item.text) or sign.name
        if sign_names.normal(text) != sign_names.normal(sign.name):
            raise NotFound(
                f"签名“{sign.name}”在腾讯云中已改为“{text}”, 请联系管理员用 ops sign link 重新关联"
            )
        fresh = replace(
            sign,
            name=text,
            status=int(item.status),
            reply=item.reply,
            checked_at=int(time.time()),
        )
        signs.put(fresh)
        return fresh
    raise NotFound(
        f"签名“{sign.name}”对应的腾讯云签名 {sign.sign_id} 已不存在, 请联系管理员重新关联"
    )


def _unknown(name: str) -> str:
    shown = sign_names.without_brackets(name)
    return f"没有签名“{shown}”: 请核对名称, 或请管理员用 ops sign link 关联腾讯云中已审核的签名"
