"""The list of accepted requests by day (Beijing time), newest first: `CAMPAIGNS#<day>` / `<acceptedAt>#<bizId>`."""

from typing import NamedTuple

from chalicelib import dates
from chalicelib.domain.send_request import SendRequest
from chalicelib.store import table
from chalicelib.store.table import Item

PAGE = 50
"""The number of requests on a page."""


class ListedRequest(NamedTuple):
    """A line of the list: what it says of an accepted request, and its sort key. `blank` as in SendRequest."""

    out_id: str
    biz_id: str
    accepted_at: int
    sign: str
    template_code: str
    recipients: int
    blank: int
    has_file: bool
    at: str


class Page(NamedTuple):
    """Some lines of a day, newest first, and where the next page begins: "" after the last one."""

    requests: list[ListedRequest]
    before: str


def item(request: SendRequest, *, has_file: bool) -> Item:
    """Return the line of a request. `has_file` says that its recipients are in a file (§5)."""
    day = dates.to_beijing(request.accepted_at)[:10]
    return table.key(f"CAMPAIGNS#{day}", f"{request.accepted_at:010d}#{request.biz_id}") | {
        "outId": request.out_id,
        "sign": request.sign,
        "template": request.template_code,
        "recipients": request.recipients,
        "blank": request.blank or None,
        "file": has_file or None,
        "expires": request.expires,
    }


def page(day: str, before: str = "", size: int = PAGE) -> Page:
    """Return the requests of a day (`YYYY-MM-DD`), from the newest on, or those before a sort key."""
    # A sort key begins with a digit, and "~" comes after every digit. The query returns `before`, too.
    found = table.query(
        f"CAMPAIGNS#{day}",
        "0",
        until=before or "~",
        newest_first=True,
        limit=size + bool(before),
        consistent=True,
    )
    requests = [_read(one) for one in found if one["sk"] != before]
    return Page(requests, requests[-1].at if len(requests) == size else "")


def _read(line: Item) -> ListedRequest:
    accepted_at, _, biz_id = str(line["sk"]).partition("#")
    return ListedRequest(
        out_id=line["outId"],
        biz_id=biz_id,
        accepted_at=int(accepted_at),
        sign=line["sign"],
        template_code=line["template"],
        recipients=line["recipients"],
        blank=line.get("blank", 0),
        has_file=line.get("file", False),
        at=str(line["sk"]),
    )
