"""§12: the sending details of a campaign, page by page.

Only recipients whose final state is known have a row, since `sendStatus` has no word for the others;
`totalCount` counts those rows, so that paging ends for a client that counts as for one that stops at
a short page. Rows keep their places: later ones are added at the end of their request.
"""

import re
from typing import Any

from chalicelib import dates
from chalicelib.domain import template_text
from chalicelib.domain.messages import Message
from chalicelib.domain.send_request import SendRequest
from chalicelib.errors import Refused
from chalicelib.quickaudience import bodies
from chalicelib.store import final_state_log, messages, send_requests, templates

FIELDS = {"sendDetailDTOs": [], "totalCount": 0}
"""§12's documented fields, as they stand in a refusal."""

_MAX_DAYS = 30
_DATE = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}:\d{2})(?:\.\d+)?)?")


def query(body: dict[str, Any]) -> dict[str, Any]:
    """Answer §12."""
    asked = bodies.read(bodies.SendDetails, body)
    start, end = _span(asked)
    found = [
        request
        for request in send_requests.of_out_id(asked.outId)
        if (start is None or start <= request.accepted_at)
        and (end is None or request.accepted_at <= end)
    ]
    counts = final_state_log.counts(asked.outId)
    sizes = [(request, counts.get(request.biz_id, 0)) for request in found]
    first = (asked.currentPage - 1) * asked.pageSize
    rows: list[dict[str, Any]] = []
    for request, size in sizes:
        wanted = min(size - first, asked.pageSize - len(rows))
        if wanted > 0:
            rows += _rows(request, first, wanted)
        first = max(0, first - size)
        if len(rows) >= asked.pageSize:
            break
    return {"sendDetailDTOs": rows, "totalCount": sum(size for _, size in sizes)}


def _rows(request: SendRequest, first: int, count: int) -> list[dict[str, Any]]:
    keys = list(final_state_log.rows(request.out_id, request.biz_id, first, count))
    found = messages.by_keys(keys)
    revision = templates.get(request.template_code, request.revision)
    text = revision.text if revision else ""
    return [_row(found[key], text) for key in keys if key in found and found[key].receipt]


def _row(message: Message, text: str) -> dict[str, Any]:
    entry = message.entry().fields
    sent = message.sid or message.unknown
    return {
        "content": f"【{message.origin.sign}】{template_text.render(text, message.params)}"
        if sent
        else "",
        "errCode": entry["errCode"],
        "outId": entry["outId"],
        "phoneNum": entry["phoneNum"],
        "receiveDate": entry["receiveDate"],
        "sendDate": entry["sendDate"],
        "sendStatus": entry["sendStatus"],
        "templateCode": message.origin.template_code,
    }


def _span(asked: bodies.SendDetails) -> tuple[int | None, int | None]:
    """The time asked about, inclusive, by the acceptance of requests; None is open.

    The document requires both dates; where they are missing, the whole campaign is meant.
    """
    start, end = _epoch("startDate", asked.startDate), _epoch("endDate", asked.endDate, last=True)
    if start is not None and end is not None:
        if start > end:
            start, end = (
                _epoch("endDate", asked.endDate),
                _epoch("startDate", asked.startDate, last=True),
            )
        if (end or 0) - (start or 0) > _MAX_DAYS * 24 * 3600:
            raise Refused(
                "isv.INVALID_PARAMETERS",
                f"startDate 到 endDate 不能超过 {_MAX_DAYS} 天, 请缩短时间范围",
            )
    return start, end


def _epoch(name: str, text: str, *, last: bool = False) -> int | None:
    """A moment in Beijing time: date and time, a date alone (its first or last second), or an epoch."""
    if not text:
        return None
    if text.isascii() and text.isdigit() and 9 <= len(text) <= 14:
        number = int(text)
        return number // 1000 if len(text) > 11 else number
    match = _DATE.fullmatch(text)
    try:
        if match:
            return dates.from_beijing(
                f"{match[1]} {match[2] or ('23:59:59' if last else '00:00:00')}"
            )
    except ValueError:
        pass
    raise Refused(
        "isv.INVALID_PARAMETERS", f"{name}: “{text[:30]}” 不是 yyyy-MM-dd HH:mm:ss 格式的时间"
    )
