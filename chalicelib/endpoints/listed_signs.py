"""Signs that are found by their name, without a link: those that Tencent lists (API 3.0).

The list is stored in the table. An approval in it is relied on for ten minutes. If a name is not in it, or its sign is
not approved yet, Tencent is asked for a new list, at most once a minute.

Tencent allows few of these calls in a second. So if several campaigns begin when the list is too old, one of them asks
for a new one, and the others rely on an approval that is up to a day old.
"""

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from chalicelib.domain import reviews, sign_names
from chalicelib.endpoints.tencent_refusals import asking_tencent
from chalicelib.logs import log
from chalicelib.store import sign_list
from chalicelib.store.sign_list import ListedSign, SignList

if TYPE_CHECKING:
    from chalicelib.tencent.answers import SignReview

# For this long, campaigns rely on an approval before Tencent is asked again.
_FRESH_SECONDS = 600
_MIN_SECONDS = 60
# For this long, one request may be asking for a new list: API Gateway ends it after 29 seconds.
_LISTING_SECONDS = 30
_OLD_SECONDS = 86_400


def find(names: Sequence[str]) -> list[ListedSign]:
    """Return the signs that have the first of these names that any sign has: one or two of them.

    Raises Refused if Tencent has to be asked and does not answer, or refuses the account.
    """
    known = sign_list.get()
    found = _named(known, names)
    now = int(time.time())
    age = now - known.listed_at
    if age < _MIN_SECONDS or (age < _FRESH_SECONDS and _has_approved(found)):
        return found
    if age < _OLD_SECONDS and _has_approved(found):
        fresh_until = now + _LISTING_SECONDS
        if not sign_list.postpone(known, fresh_until - _FRESH_SECONDS):
            return found
    return _named(_list_anew(known), names)


def _named(known: SignList, names: Sequence[str]) -> list[ListedSign]:
    return next(filter(None, map(known.named, names)), [])


def _has_approved(found: Sequence[ListedSign]) -> bool:
    return any(sign.status == reviews.APPROVED for sign in found)


def _list_anew(known: SignList) -> SignList:
    """Ask Tencent for the list and store it. It is empty if Tencent lists no signs of the account without their ids."""
    from chalicelib.tencent.error_codes import wants_ids  # noqa: PLC0415 -- see asking_tencent
    from chalicelib.tencent.interface import CallRefusedError  # noqa: PLC0415

    now = int(time.time())
    with asking_tencent() as tencent:
        try:
            listed = [_listed(review) for review in tencent.all_signs()]
        except CallRefusedError as error:
            if not wants_ids(error.code):
                raise
            if not known.refusal:
                log.warning(
                    "Tencent does not list this account's signs: link each with ops sign link",
                    extra={"why": str(error)},
                )
            return sign_list.put([], now, str(error))
    return sign_list.put(listed, now)


def _listed(review: "SignReview") -> ListedSign:
    return ListedSign(
        name=sign_names.without_brackets(review.text),
        sign_id=review.id,
        status=int(review.status),
        reply=review.reply,
        international=review.international,
        created_at=review.created_at,
    )
