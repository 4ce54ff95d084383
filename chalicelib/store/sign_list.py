"""The account's signs as Tencent last listed them (API 3.0), so that a sign is found by its name without a link."""

import json
import secrets
from collections.abc import Iterable
from dataclasses import asdict, dataclass

from chalicelib.domain import reviews
from chalicelib.domain.sign_names import normal
from chalicelib.store import table

# An item of the table holds 400 KB. An account may have 50 signs.
_MAX_SIGNS = 500
_MAX_REPLY = 100
_KEY = ("SIGN_LIST", "-")


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedSign:
    """A sign of the account. The field names are stored.

    `status` is 0 approved, 1 pending, 2 rejected. One name may be listed twice: for mainland and for foreign numbers.
    `international` is None where Tencent does not say which.
    """

    name: str
    sign_id: int
    status: int
    reply: str
    international: bool | None
    created_at: int


@dataclass(frozen=True, slots=True)
class SignList:
    """A list of signs, and the epoch at which Tencent gave it. `refusal` is why Tencent does not list signs, or ""."""

    listed_at: int = 0
    signs: tuple[ListedSign, ...] = ()
    refusal: str = ""

    def named(self, name: str) -> list[ListedSign]:
        """Return the signs with a name, in any spelling that has the same normal form; the mainland's first."""
        wanted = normal(name)
        found = [sign for sign in self.signs if wanted and normal(sign.name) == wanted]
        return sorted(found, key=lambda sign: bool(sign.international))


def get() -> SignList:
    """Return the stored list; if there is none, an empty one that was listed at the epoch 0."""
    item = table.get(*_KEY, consistent=True)
    if item is None:
        return SignList()
    signs = tuple(table.read_as(ListedSign, sign) for sign in json.loads(item["signs"]))
    return SignList(item["listed_at"], signs, item["refusal"])


def put(signs: Iterable[ListedSign], listed_at: int, refusal: str = "") -> SignList:
    """Store a list and return it. If it is too long for an item, approved signs are kept before others."""
    kept = sorted(signs, key=lambda sign: sign.status != reviews.APPROVED)[:_MAX_SIGNS]
    stored = SignList(listed_at, tuple(kept), refusal)
    table.put(_item(stored, listed_at))
    return stored


def forget() -> None:
    """Delete the list, so that the next request asks Tencent for a new one."""
    table.delete(*_KEY)


def postpone(known: SignList, listed_at: int) -> bool:
    """Store a list as if Tencent had given it at a later time; return whether no other function did so before.

    So one of several functions asks Tencent for a new list, and the others use this one meanwhile.
    """
    # The token distinguishes two functions that write in the same second.
    item = _item(known, listed_at) | {"token": secrets.token_hex(8)}
    return table.replace_where(item, {"listed_at": known.listed_at})


def _item(known: SignList, listed_at: int) -> table.Item:
    text = json.dumps([_fields(sign) for sign in known.signs], ensure_ascii=False)
    fields = {"listed_at": listed_at, "signs": text, "refusal": known.refusal[:_MAX_REPLY]}
    return table.key(*_KEY) | fields


def _fields(sign: ListedSign) -> dict[str, object]:
    return asdict(sign) | {"reply": sign.reply[:_MAX_REPLY]}
