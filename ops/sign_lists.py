"""Signs as they are: those that are linked, and those of Tencent's account, as rows for an operator."""

import time
from dataclasses import replace
from typing import Any

from chalicelib import dates
from chalicelib.domain import reviews, sign_names
from chalicelib.store import signs
from chalicelib.store.signs import Sign
from chalicelib.tencent import api, error_codes, interface
from chalicelib.tencent.answers import SignReview
from ops.errors import OperatorError

STATUS = {reviews.APPROVED: "approved", reviews.PENDING: "pending", reviews.REJECTED: "rejected"}
"""Tencent's status numbers in words."""


def all_unlinked() -> tuple[list[dict[str, Any]], list[str]]:
    """Return Tencent's signs of the account that are not linked, and warnings. v5 does not list signs."""
    tencent = api.client()
    if not tencent.lists_signs:
        return [], ["v5 does not list the account's signs: Tencent's console shows them"]
    found = of_account(tencent)
    if found is None:
        return [], ["Tencent does not list this account's signs: its console shows them"]
    ids = {sign.sign_id for sign in signs.all_signs()}
    return [row_of_tencent(review) for review in found if review.id not in ids], []


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
                found[number] = save(name, review, alias=sign.alias)
            else:
                warnings.append(f"Tencent has no sign {sign.sign_id} (“{sign.called}”) any more")
    return [row(sign) for sign in found], warnings


def find(name: str) -> Sign:
    """Return a sign by its name: the linked one, or the one that Tencent lists (API 3.0). Raises OperatorError."""
    wanted = require_name(name)
    return signs.get(wanted) or as_if_linked(require_listed(api.client(), wanted))


def listed_as(tencent: interface.TencentApi, name: str) -> list[SignReview]:
    """Return the account's signs of a name; none if Tencent lists none without their ids."""
    return [review for review in of_account(tencent) or () if is_same(review.text, name)]


def require_listed(tencent: interface.TencentApi, wanted: str) -> SignReview:
    """Return the one sign that Tencent lists by a name. Raises OperatorError if there is none, or more than one."""
    found = listed_as(tencent, wanted)
    if len(found) > 1:
        ids = ", ".join(str(review.id) for review in found)
        raise OperatorError(
            f"Tencent has several signs “{wanted}” ({ids}): link the one that you mean with ops sign link"
        )
    if not found:
        raise OperatorError(f"no sign “{wanted}” is linked: ops sign list shows the linked ones")
    return found[0]


def as_if_linked(review: SignReview) -> Sign:
    """Return a sign of Tencent's as if it were linked."""
    return Sign(
        name=sign_names.without_brackets(review.text),
        sign_id=review.id,
        status=int(review.status),
        reply=review.reply,
        created_at=review.created_at,
        checked_at=int(time.time()),
    )


def require_name(name: str) -> str:
    """Return a sign's name without brackets. Raises OperatorError if it is empty."""
    if not sign_names.normal(name):
        raise OperatorError("the name is empty")
    return sign_names.without_brackets(name)


def _as_tencent_has_it(name: str, review: SignReview) -> str:
    """Return Tencent's spelling of a name; the name itself if Tencent has another one."""
    text = sign_names.without_brackets(review.text)
    return text if is_same(text, name) else name


def is_same(name: str, other: str) -> bool:
    """Return whether two names are those of one sign, whatever their brackets and their Unicode form."""
    return sign_names.normal(name) == sign_names.normal(other)


def at_tencent(sign_id: int) -> SignReview | None:
    """Return Tencent's review of a sign; None if it has no such sign."""
    found = {review.id: review for review in api.client().get_signs([sign_id])}
    return found.get(sign_id)


def save(name: str, review: SignReview, alias: str = "") -> Sign:
    """Store a sign's link with Tencent's review of it. With `alias`, Quick Audience uses that name."""
    sign = as_if_linked(review)
    earlier = signs.get(alias or name)
    created_at = earlier.created_at if earlier else sign.checked_at
    sign = replace(sign, name=name, alias=alias, created_at=created_at)
    signs.put(sign)
    return sign


def status_in_words(status: int) -> str:
    """Return a status in words; a number that Tencent does not document stays a number."""
    return STATUS.get(status, str(status))


def row_of_tencent(review: SignReview) -> dict[str, Any]:
    """Return the row of a sign that has no link."""
    return {
        "name": sign_names.without_brackets(review.text),
        "signId": review.id,
        "atTencent": sign_names.without_brackets(review.text),
        "status": status_in_words(review.status),
        "reply": review.reply,
        "linked": "",
    }


def row(sign: Sign) -> dict[str, Any]:
    """Return the row of a sign that is linked."""
    return {
        "name": sign.called,
        "signId": sign.sign_id,
        "atTencent": sign.name,
        "status": status_in_words(sign.status),
        "reply": sign.reply,
        "linked": dates.to_beijing(sign.created_at),
    }
