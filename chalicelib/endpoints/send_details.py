"""§12: the sending details of a campaign, page by page.

Only recipients whose final state is known have a row, because `sendStatus` has no value for the others.
`totalCount` counts those rows, so paging ends both for a client that counts and for one that stops at a short
page. Rows keep their positions: later ones are added at the end of their request.
"""

import re
from typing import Any

from chalicelib import dates
from chalicelib.compact_json import COMPACT_JSON
from chalicelib.domain import template_text
from chalicelib.domain.messages import Message
from chalicelib.domain.send_request import SendRequest
from chalicelib.endpoints.envelope import wire_size
from chalicelib.errors import Refused
from chalicelib.quickaudience import bodies
from chalicelib.store import final_state_log, messages, send_requests, templates

FIELDS = {"sendDetailDTOs": [], "totalCount": 0}
"""The documented fields of §12, with their values in a refusal."""

_MAX_DAYS = 30
# As much as the clocks of a signed request may differ by default.
_SLACK_SECONDS = 900
_FAR_FUTURE = 10**11
# Bytes of rows in one answer: Lambda allows 6 MB, the envelope included.
_MAX_WIRE_SIZE = 5_900_000
_DATE = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}:\d{2})(?:\.\d+)?)?")


def query(body: dict[str, Any]) -> dict[str, Any]:
    """Answer §12: one page of a campaign's rows."""
    fields = bodies.read(bodies.SendDetails, body)
    start, end = _span(fields)
    found = [
        request
        for request in send_requests.of_out_id(fields.outId)
        if _is_within(request, start, end)
    ]
    counts = final_state_log.counts(fields.outId)
    sizes = [(request, counts.get(request.biz_id, 0)) for request in found]
    # Index of the page's first row among the rows of the requests that are left.
    first = (fields.currentPage - 1) * fields.pageSize
    rows: list[dict[str, Any]] = []
    for request, size in sizes:
        wanted = min(size - first, fields.pageSize - len(rows))
        if wanted > 0:
            rows += _rows(request, first, wanted)
        first = max(0, first - size)
        if len(rows) >= fields.pageSize:
            break
    _check_size(rows, fields.pageSize)
    return {"sendDetailDTOs": rows, "totalCount": sum(size for _, size in sizes)}


def _is_within(request: SendRequest, start: int | None, end: int | None) -> bool:
    """Return whether a request was accepted or sent within the dates, give or take the difference of two clocks.

    A caller may pass its own time of sending, which is later than the acceptance here.
    """
    if end is not None and request.accepted_at > end + _SLACK_SECONDS:
        return False
    if start is None or request.accepted_at >= start - _SLACK_SECONDS:
        return True
    return final_state_log.was_sent_within(
        request.out_id,
        request.biz_id,
        start - _SLACK_SECONDS,
        _FAR_FUTURE if end is None else end + _SLACK_SECONDS,
    )


def _check_size(rows: list[dict[str, Any]], page_size: int) -> None:
    """Refuse a page that Lambda could not return."""
    size = wire_size(COMPACT_JSON.encode(rows))
    if size > _MAX_WIRE_SIZE:
        smaller = max(1, int(len(rows) * _MAX_WIRE_SIZE / size * 0.9))
        raise Refused(
            "isv.INVALID_PARAMETERS",
            f"pageSize: {page_size} 行的内容超过 6 MB, 请将 pageSize 减小到 {smaller}",
        )


def _rows(request: SendRequest, first: int, count: int) -> list[dict[str, Any]]:
    keys = list(final_state_log.rows(request.out_id, request.biz_id, first, count))
    wanted = [final_state_log.message_of(key) for key in keys]
    found = messages.by_keys(key for key, _ in wanted)
    revision = templates.get(request.template_code, request.revision)
    text = revision.text if revision else ""
    return [
        _row(found[key], form, text) for key, form in wanted if key in found and found[key].receipt
    ]


def _row(message: Message, form: int, text: str) -> dict[str, Any]:
    entries = message.entries()
    entry = entries[min(form, len(entries) - 1)].fields
    sent = message.sid or message.unknown
    return {
        "content": template_text.message(message.origin.sign, text, message.params) if sent else "",
        "errCode": entry["errCode"],
        "outId": entry["outId"],
        "phoneNum": entry["phoneNum"],
        "receiveDate": entry["receiveDate"],
        "sendDate": entry["sendDate"],
        "sendStatus": entry["sendStatus"],
        "templateCode": message.origin.template_code,
    }


def _span(fields: bodies.SendDetails) -> tuple[int | None, int | None]:
    """Return the first and last second of the query, as epochs; None where it is open.

    Requests are selected by the times of their acceptance and of their sending. The document requires both dates;
    without them, the query is about the whole campaign. Dates in reverse order are swapped.
    """
    start, end = _epoch("startDate", fields.startDate), _epoch("endDate", fields.endDate, last=True)
    if start is not None and end is not None:
        if start > end:
            start, end = (
                _epoch("endDate", fields.endDate),
                _epoch("startDate", fields.startDate, last=True),
            )
        if (end or 0) - (start or 0) > _MAX_DAYS * 24 * 3600:
            raise Refused(
                "isv.INVALID_PARAMETERS",
                f"startDate 到 endDate 不能超过 {_MAX_DAYS} 天, 请缩短时间范围",
            )
    return start, end


def _epoch(name: str, text: str, *, last: bool = False) -> int | None:
    """Return the epoch of a time: date and time or a date alone, both Beijing time, or an epoch.

    A date alone means its first second, with `last` its last one. Return None for an empty text. Raises Refused.
    """
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
