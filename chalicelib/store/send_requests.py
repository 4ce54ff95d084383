"""Accepted requests, by outId. Each is written once and never changed."""

import functools
import json
from dataclasses import asdict

from chalicelib.domain.send_request import SendRequest
from chalicelib.store import batches, campaign_list, table
from chalicelib.store.table import Item


def record(request: SendRequest, *, has_file: bool = False) -> None:
    """Store a request, for the functions that process its chunks and for operators, and list it under its day.

    `has_file` says that its recipients are in a file (§5). Safe to repeat.
    """
    batches.put(items(request, has_file=has_file))


def items(request: SendRequest, *, has_file: bool = False) -> list[Item]:
    """Return the items of an accepted request: its line in the list of its day, and the request itself."""
    fields = asdict(request) | {"related": json.dumps(request.related or {}, ensure_ascii=False)}
    stored = (
        table.key(f"OUT#{request.out_id}", f"REQUEST#{request.biz_id}")
        | fields
        | {"listed": True, "resend": request.resend or None, "expires": request.expires}
    )
    return [campaign_list.item(request, has_file=has_file), stored]


def of_out_id(out_id: str, *, consistent: bool = True) -> list[SendRequest]:
    """Return the accepted requests of an outId, oldest first. Unless `consistent`, as they were a second ago."""
    items = table.query(f"OUT#{out_id}", "REQUEST#", consistent=consistent)
    return sorted(map(_request, items), key=lambda request: request.accepted_at)


class UnknownRequestError(LookupError):
    """No request was accepted under this outId and bizId, or it has expired."""


@functools.lru_cache(maxsize=64)
def get(out_id: str, biz_id: str) -> SendRequest:
    """Return a request. It is cached, because it never changes. Raises UnknownRequestError if there is none."""
    item = table.get(f"OUT#{out_id}", f"REQUEST#{biz_id}", consistent=True)
    if item is None:
        raise UnknownRequestError(f"no request {biz_id}")
    return _request(item)


def _request(item: Item) -> SendRequest:
    return table.read_as(SendRequest, item, related=json.loads(item.get("related", "null")))
