"""Signs: tie Quick Audience's names to Tencent's signs, and manage Tencent's signs."""

import base64
import time
from pathlib import Path
from typing import Any, NamedTuple

from chalicelib import dates
from chalicelib.domain import reviews, sign_names
from chalicelib.store import sign_list, signs
from chalicelib.store.signs import Sign
from chalicelib.tencent import api, error_codes, interface
from chalicelib.tencent.answers import SignApplication, SignReview
from ops import audit
from ops.errors import OperatorError

STATUS = {reviews.APPROVED: "approved", reviews.PENDING: "pending", reviews.REJECTED: "rejected"}
"""Tencent's status numbers in words."""

# The first bytes of the picture formats that Tencent's console accepts.
_PICTURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF8", b"BM")


class Papers(NamedTuple):
    """The supporting documents of an application for a sign, in API 3.0's numbers. v5 has no such fields."""

    qualification: int | None = None
    kind: int = 0
    document: int = 0


@audit.recorded("sign link", "name", "sign_id")
def link(name: str, sign_id: int) -> dict[str, Any]:
    """Tie a sign's name to a sign that Tencent already has. Raises OperatorError.

    With API 3.0 the sign may have another name at Tencent, under which its messages go out. Signs of the same name are
    found without a link, so a link is the only way to name one differently.
    """
    wanted = _require_name(name)
    tencent = api.client()
    review = _at_tencent(sign_id)
    if review is None:
        raise OperatorError(f"Tencent has no sign {sign_id} in this application")
    text = sign_names.without_brackets(review.text)
    if _is_same(text, wanted):
        return _row(_save(text, review))
    if not tencent.lists_signs:
        raise OperatorError(
            f"Tencent's sign {sign_id} is “{text}”, not “{wanted}”: messages would go out under its name"
        )
    own = [one for one in of_account(tencent) or () if _is_same(one.text, wanted)]
    if own:
        raise OperatorError(
            f"Tencent's sign {sign_id} is “{text}”. Tencent has a sign “{wanted}”, too: {own[0].id}"
        )
    return _row(_save(text, review, alias=wanted))


@audit.recorded("sign add", "name", "international")
def add(
    name: str,
    *,
    picture: Path | None,
    remark: str,
    international: bool,
    papers: Papers = Papers(),  # noqa: B008 -- it can't change
) -> dict[str, Any]:
    """Apply to Tencent for a sign, and link it by its name at once, unless Tencent lists signs by name.

    Raises OperatorError.
    """
    wanted = _require_name(name)
    if known := signs.get(wanted):
        raise OperatorError(
            f"“{wanted}” is linked to Tencent's sign {known.sign_id} ({_status(known.status)}) already: "
            "change it with ops sign modify, or delete it first"
        )
    application = SignApplication(
        text=wanted,
        remark=remark,
        picture=_encode(picture),
        international=international,
        **papers._asdict(),
    )
    tencent = api.client()
    try:
        made = tencent.add_sign(application)
    except interface.OutcomeUnknownError as error:
        raise OperatorError(
            f"{error}. Tencent may have the application all the same: look in Tencent's console, and if the sign "
            "is listed, link it with ops sign link"
        ) from error
    if tencent.lists_signs and not sign_list.get().refusal:
        return _row_of_tencent(made)
    return _row(_save(wanted, made))


@audit.recorded("sign modify", "name", "text")
def modify(
    name: str,
    *,
    text: str,
    picture: Path | None,
    remark: str,
    papers: Papers = Papers(),  # noqa: B008 -- it can't change
) -> dict[str, Any]:
    """Change a sign that Tencent has not approved, which submits it again. Raises OperatorError."""
    tencent = api.client()
    wanted = _require_name(name)
    linked = signs.get(wanted)
    if linked:
        sign = linked
        # With v5, a change does not say whether a sign is international.
        review = _at_tencent(sign.sign_id) if tencent.lists_signs else None
    else:
        review = _require_listed(tencent, wanted)
        sign = _unlinked(review)
    wanted = _require_name(text) if text else sign.name
    if not (_is_same(wanted, sign.name) or sign.alias) and (known := signs.get(wanted)):
        raise OperatorError(f"“{wanted}” is linked to Tencent's sign {known.sign_id} already")
    application = SignApplication(
        text=wanted,
        remark=remark,
        picture=_encode(picture),
        international=bool(review and review.international),
        **papers._asdict(),
    )
    try:
        made = tencent.modify_sign(sign.sign_id, application)
    except interface.OutcomeUnknownError as error:
        raise OperatorError(
            f"{error}. Tencent may have changed it all the same: give the command again"
        ) from error
    made = made._replace(id=sign.sign_id)
    if not linked:
        return _row_of_tencent(made)
    fresh = _save(wanted, made, alias=sign.alias)
    if not _is_same(fresh.called, sign.called):
        signs.delete(sign.called)
    return _row(fresh)


@audit.recorded("sign delete", "sign.name", "sign.sign_id")
def delete(sign: Sign) -> tuple[dict[str, Any], list[str]]:
    """Delete a sign at Tencent and remove its link; return its row, and warnings. Raises CallRefusedError."""
    warnings = []
    try:
        api.client().delete_sign(sign.sign_id)
    except interface.CallRefusedError:
        if _at_tencent(sign.sign_id) is not None:
            raise
        warnings.append(f"Tencent has no sign {sign.sign_id} any more: only the link is removed")
    signs.delete(sign.called)
    sign_list.forget()
    return {"name": sign.called, "signId": sign.sign_id, "status": "deleted"}, warnings


def all_unlinked() -> tuple[list[dict[str, Any]], list[str]]:
    """Return Tencent's signs of the account that are not linked, and warnings. v5 does not list signs."""
    tencent = api.client()
    if not tencent.lists_signs:
        return [], ["v5 does not list the account's signs: Tencent's console shows them"]
    found = of_account(tencent)
    if found is None:
        return [], ["Tencent does not list this account's signs: its console shows them"]
    ids = {sign.sign_id for sign in signs.all_signs()}
    return [_row_of_tencent(review) for review in found if review.id not in ids], []


def of_account(tencent: interface.TencentApi) -> list[SignReview] | None:
    """Return the account's signs; None if Tencent lists none without their ids."""
    if not tencent.lists_signs:
        return None
    try:
        return list(tencent.all_signs())
    except interface.CallRefusedError as error:
        if not error_codes.wants_ids(error.code):
            raise
        return None


def all_linked(*, refresh: bool) -> tuple[list[dict[str, Any]], list[str]]:
    """Return all linked signs with their reviews, and warnings. With `refresh`, Tencent is asked first."""
    found = list(signs.all_signs())
    warnings = []
    if refresh and found:
        asked = [sign.sign_id for sign in found]
        at_tencent = {review.id: review for review in api.client().get_signs(asked)}
        for number, sign in enumerate(found):
            if review := at_tencent.get(sign.sign_id):
                name = _as_tencent_has_it(sign.name, review)
                found[number] = _save(name, review, alias=sign.alias)
            else:
                warnings.append(f"Tencent has no sign {sign.sign_id} (“{sign.called}”) any more")
    return [_row(sign) for sign in found], warnings


def find(name: str) -> Sign:
    """Return a sign by its name: the linked one, or the one that Tencent lists (API 3.0). Raises OperatorError."""
    wanted = _require_name(name)
    return signs.get(wanted) or _unlinked(_require_listed(api.client(), wanted))


def _require_listed(tencent: interface.TencentApi, wanted: str) -> SignReview:
    """Return the one sign that Tencent lists by a name. Raises OperatorError if there is none, or more than one."""
    found = [review for review in of_account(tencent) or () if _is_same(review.text, wanted)]
    if len(found) > 1:
        ids = ", ".join(str(review.id) for review in found)
        raise OperatorError(
            f"Tencent has several signs “{wanted}” ({ids}): link the one that you mean with ops sign link"
        )
    if not found:
        raise OperatorError(f"no sign “{wanted}” is linked: ops sign list shows the linked ones")
    return found[0]


def _unlinked(review: SignReview) -> Sign:
    """Return a sign of Tencent's as if it were linked."""
    return Sign(
        name=sign_names.without_brackets(review.text),
        sign_id=review.id,
        status=int(review.status),
        reply=review.reply,
        created_at=review.created_at,
        checked_at=int(time.time()),
    )


def _require_name(name: str) -> str:
    if not sign_names.normal(name):
        raise OperatorError("the name is empty")
    return sign_names.without_brackets(name)


def _as_tencent_has_it(name: str, review: SignReview) -> str:
    """Return Tencent's spelling of a name; the name itself if Tencent has another one."""
    text = sign_names.without_brackets(review.text)
    return text if _is_same(text, name) else name


def _is_same(name: str, other: str) -> bool:
    return sign_names.normal(name) == sign_names.normal(other)


def _at_tencent(sign_id: int) -> SignReview | None:
    found = {review.id: review for review in api.client().get_signs([sign_id])}
    return found.get(sign_id)


def _save(name: str, review: SignReview, alias: str = "") -> Sign:
    """Store a sign's link with Tencent's review of it. With `alias`, Quick Audience uses that name."""
    now = int(time.time())
    earlier = signs.get(alias or name)
    sign = Sign(
        name=name,
        sign_id=review.id,
        status=int(review.status),
        reply=review.reply,
        created_at=earlier.created_at if earlier else now,
        checked_at=now,
        alias=alias,
    )
    signs.put(sign)
    return sign


def _encode(picture: Path | None) -> str:
    """Return a picture as Tencent expects it: base64 without a data URL's prefix; "" if there is none."""
    if picture is None:
        return ""
    content = picture.read_bytes()
    if not content.startswith(_PICTURES):
        raise OperatorError(f"{picture} is no picture: give a PNG, JPEG, GIF or BMP file")
    return base64.b64encode(content).decode()


def _status(status: int) -> str:
    return STATUS.get(status, str(status))


def _row_of_tencent(review: SignReview) -> dict[str, Any]:
    """Return the row of a sign that has no link."""
    return {
        "name": sign_names.without_brackets(review.text),
        "signId": review.id,
        "atTencent": sign_names.without_brackets(review.text),
        "status": _status(review.status),
        "reply": review.reply,
        "linked": "",
    }


def _row(sign: Sign) -> dict[str, Any]:
    return {
        "name": sign.called,
        "signId": sign.sign_id,
        "atTencent": sign.name,
        "status": _status(sign.status),
        "reply": sign.reply,
        "linked": dates.to_beijing(sign.created_at),
    }
