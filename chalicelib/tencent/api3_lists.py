"""The lists of templates and signs of API 3.0, which are fetched twice, page by page.

Each call names domestic or international ones. Whether Tencent then leaves out the others is not documented, and its
own examples contradict it; so both are asked for, and the answers are joined by id. Lists have no total.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from chalicelib.lenient_json import objects
from chalicelib.logs import log
from chalicelib.tencent import api3_codes
from chalicelib.tencent.error_codes import CodeClass
from chalicelib.tencent.interface import CallRefusedError

MAX_PER_CALL = 100
"""Ids in one call, and items on one page."""
# A list that goes on beyond this many items ignores its offset.
_MAX_LISTED = 10_000
_INTERNATIONAL = (0, 1)
_NOT_THERE = ("FailedOperation.TemplateIdNotExist", "FailedOperation.SignIdNotExist")

Item = dict[str, Any]


class Listing:
    """One of the two lists: its call, the set in its answer, and the names of ids in a request and in an item."""

    def __init__(
        self,
        call: Callable[[str, Item], Item],
        action: str,
        *,
        found: str,
        ids: str,
        item_id: str,
    ) -> None:
        self._call = call
        self._action = action
        self._set = found
        self._ids = ids
        self._item_id = item_id

    def page(self, international: int, limit: int, offset: int) -> list[Item]:
        """Return a page of a list. The limit is always sent: without one, Tencent returns none, or ten."""
        return self._ask(international, {"Limit": limit, "Offset": offset})

    def everything(self) -> Iterator[Item]:
        """Yield every item once. A page that is not full may be followed by others.

        A list ends with an empty page, or with one that has nothing new, because Tencent then ignores the offset.
        """
        seen: set[str] = set()
        for international in _INTERNATIONAL:
            offset = 0
            listed: set[str] = set()
            while items := self.page(international, MAX_PER_CALL, offset):
                page = {str(item.get(self._item_id)): item for item in items}
                if listed.issuperset(page) or offset > _MAX_LISTED:
                    log.error("a list of Tencent's does not end", extra={"call": self._action})
                    break
                yield from (item for number, item in page.items() if number not in seen)
                listed.update(page)
                seen.update(page)
                offset += len(items)

    def of(self, ids: Sequence[int]) -> list[Item]:
        """Return the items with these ids that Tencent has."""
        distinct = list(dict.fromkeys(ids))
        found: list[Item] = []
        for first in range(0, len(distinct), MAX_PER_CALL):
            found += self._some(distinct[first : first + MAX_PER_CALL])
        return found

    def _some(self, ids: list[int]) -> list[Item]:
        """Return the items with up to MAX_PER_CALL ids.

        An id that is in neither answer is gone, unless Tencent refused one of the calls. It may refuse all ids because
        of one that it does not have; then each is asked for by itself.
        """
        found: dict[str, Item] = {}
        refusal = None
        for international in _INTERNATIONAL:
            try:
                items = self._ask(international, {self._ids: ids})
            except CallRefusedError as error:
                if error.meaning.kind in (CodeClass.CONFIG, CodeClass.WAIT):
                    raise
                refusal = error
                continue
            found = {str(item.get(self._item_id)): item for item in items} | found
            if all(str(one) in found for one in ids):
                return list(found.values())
        if refusal is None:
            return list(found.values())
        if not isinstance(refusal.code, str) or api3_codes.listed(refusal.code) not in _NOT_THERE:
            raise refusal
        if len(ids) == 1:
            return list(found.values())
        return [item for one in ids for item in self._some([one])]

    def _ask(self, international: int, fields: Item) -> list[Item]:
        answer = self._call(self._action, {"International": international, **fields})
        return objects(answer.get(self._set))
