"""§1: the review status of a sign; and the sign that a campaign uses."""

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from chalicelib import dates
from chalicelib.domain import reviews, sign_names
from chalicelib.endpoints.envelope import path_names
from chalicelib.endpoints.tencent_refusals import asking_tencent
from chalicelib.errors import NotFound, Refused
from chalicelib.store import signs
from chalicelib.store.signs import Sign

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chalicelib.store.sign_list import ListedSign
    from chalicelib.store.templates import Revision

FIELDS = {"signName": "", "signStatus": 0, "reason": "", "createDate": ""}
"""The documented fields of §1, with their values in a refusal: the status is "pending", since none is known."""

# For this long, campaigns rely on an approval before they ask Tencent again.
_FRESH_SECONDS = 600


class ApprovedSign(NamedTuple):
    """The sign of a campaign: its name as Tencent has it, without brackets.

    `international` is None if both kinds of numbers may be sent to, or if that is not known.
    """

    name: str
    international: bool | None = None


def query(raw_name: str) -> dict[str, Any]:
    """Answer §1 for the name in the path."""
    names = path_names(raw_name)
    # A caller may write a blank in a path as a plus sign, as it is written in a query.
    with_blanks = [name.replace("+", " ") for name in names if "+" in name]
    linked = next(filter(None, map(signs.get, names + with_blanks)), None)
    sign = _refresh(linked) if linked else _best(_listed(names + with_blanks))
    if sign is None:
        raise NotFound(_unknown(names[0]))
    return {
        "signName": linked.alias if linked and linked.alias else sign.name,
        "signStatus": reviews.STATUS.get(sign.status, 0),
        "reason": reviews.reason(sign.status, sign.reply, reviews.NO_COMMENT_ON_SIGN),
        "createDate": dates.to_beijing(sign.created_at),
    }


def require_approved(name: str) -> ApprovedSign:
    """Return the sign that a campaign uses: the one that is linked to the name, or one that Tencent lists by it.

    Raises NotFound if there is none, Refused if Tencent has not approved it: otherwise Tencent would send the messages
    under another sign.
    """
    if sign := signs.get(name):
        if sign.status != reviews.APPROVED or time.time() - sign.checked_at > _FRESH_SECONDS:
            sign = _refresh(sign)
        _refuse_unless_approved(sign)
        return ApprovedSign(sign.name)
    found = _listed([name])
    listed = _best(found)
    if listed is None:
        raise NotFound(_unknown(name))
    _refuse_unless_approved(listed)
    kinds = {one.international for one in found if one.status == reviews.APPROVED}
    return ApprovedSign(listed.name, kinds.pop() if len(kinds) == 1 else None)


def require_kind(sign: ApprovedSign, revision: "Revision") -> None:
    """Raise Refused if a template is for foreign numbers and the sign is not, or the other way round."""
    international = revision.kind == reviews.INTERNATIONAL
    if sign.international in (None, international) or (revision.anywhere and not international):
        return
    sort = "国际/港澳台短信" if international else "国内短信"
    raise Refused(
        "isv.SIGN_STATE_ILLEGAL",
        f"签名“{sign.name}”没有审核通过的{sort}签名, 不能与模板 {revision.code} 一起发送",
    )


def _listed(names: "Sequence[str]") -> "list[ListedSign]":
    """Return the signs that Tencent lists under the first of these names that any sign has. v5 lists none."""
    # Imported only here, because a sign that is linked needs neither of them.
    from chalicelib.tencent import api  # noqa: PLC0415

    if not api.lists_signs():
        return []
    from chalicelib.endpoints import listed_signs  # noqa: PLC0415

    return listed_signs.find(names)


def _best(found: "list[ListedSign]") -> "ListedSign | None":
    """Return the sign of a name whose review is shown: an approved one, or the first."""
    approved = [sign for sign in found if sign.status == reviews.APPROVED]
    return next(iter(approved or found), None)


def _refuse_unless_approved(sign: "Sign | ListedSign") -> None:
    if sign.status != reviews.APPROVED:
        state = reviews.state(sign.status, sign.reply)
        raise Refused("isv.SIGN_STATE_ILLEGAL", f"签名“{sign.name}”{state}, 审核通过后才能发送")


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
