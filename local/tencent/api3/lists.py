"""The lists of templates and signs: by ids, or by pages. None has a total."""

from collections.abc import Iterable, Sequence
from typing import TypeVar

from local.tencent.api3.errors import ApiError
from local.tencent.api3.fields import Body
from local.tencent.behaviour import Behaviour
from local.tencent.records import Sign, Template

_MAX_ITEMS = 100

Item = TypeVar("Item", Template, Sign)


def asked_ids(body: Body, name: str) -> list[int]:
    """Return the ids that a call asks for, each once; none if it asks for a page.

    Raises:
        ApiError: LimitVerifyFail. There are more than 100.
    """
    ids = list(dict.fromkeys(body.get(name, [])))
    if len(ids) > _MAX_ITEMS:
        raise ApiError("InvalidParameterValue.LimitVerifyFail")
    return ids


def select(
    items: Iterable[Item], ids: Sequence[int], behaviour: Behaviour, unknown: str
) -> list[Item]:
    """Return the items that have these ids.

    Raises:
        ApiError: one of them does not exist, and unknown ids are refused.
    """
    by_id = {item.id: item for item in items}
    if behaviour.api3.unknown_ids == "refuse" and not by_id.keys() >= set(ids):
        raise ApiError(unknown)
    return [by_id[id_] for id_ in ids if id_ in by_id]


def page(items: list[Item], body: Body, behaviour: Behaviour, default: int) -> list[Item]:
    """Return the page that Limit and Offset ask for.

    Raises:
        ApiError: LimitVerifyFail. Limit is more than 100.
    """
    limit = body.get("Limit", default)
    if limit > _MAX_ITEMS:
        raise ApiError("InvalidParameterValue.LimitVerifyFail")
    offset = body.get("Offset", 0)
    return items[offset : offset + min(limit, behaviour.api3.page_size)]
