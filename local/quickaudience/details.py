"""Query a campaign's sending details (§12), page by page."""

import time
from typing import Any

from .account import Account
from .beijing import format_date
from .client import Answer
from .endpoints import QUERY_SEND_DETAILS
from .entries import DELIVERED, FAILED
from .state import Simulator

_HOUR = 3600
# Far more pages than any campaign has. Ends the query of a platform whose pages never end.
_MAX_PAGES = 10_000


async def query_all_details(
    simulator: Simulator,
    account: Account,
    *,
    start_date: str | None,
    end_date: str | None,
    page_size: int,
) -> dict[str, Any]:
    """Fetch all pages of the sending details; return their counts and inconsistencies.

    Raises:
        NoAnswerError: the platform did not answer the request for a page.
        NoBridgeError: the platform's address is unknown.
    """
    now = time.time()
    started = account.start.at if account.start else now
    query = {
        "outId": account.out_id,
        "pageSize": page_size,
        "startDate": start_date or format_date(started - _HOUR),
        "endDate": end_date or format_date(now + _HOUR),
    }
    statuses: dict[str, int | None] = {}
    row_count, total = 0, 0
    problems: list[str] = []
    pages = 0
    while pages < _MAX_PAGES:
        pages += 1
        answer = await simulator.client.call(
            simulator.settings, QUERY_SEND_DETAILS, body={**query, "currentPage": pages}
        )
        rows = _rows(answer)
        if rows is None:
            problems.append(
                f"page {pages}: HTTP {answer.status}, code {answer.get('code')!r}, "
                f"message {answer.get('message')!r}"
            )
            break
        total = answer.get("totalCount")
        row_count += len(rows)
        if len(rows) > page_size:
            problems.append(f"page {pages} has {len(rows)} rows, more than {page_size}")
        for row in rows:
            if row.get("outId") != account.out_id:
                problems.append(f"page {pages} has a row of outId {row.get('outId')!r}")
            phone, status = str(row.get("phoneNum")), row.get("sendStatus")
            if statuses.setdefault(phone, status) != status:
                problems.append(f"{phone} has two different sendStatus values")
        if len(rows) < page_size:
            break
    if row_count != total:
        problems.append(f"totalCount is {total!r}, the pages have {row_count} rows")
    for problem in problems:
        simulator.report("query send details", problem)
    known_statuses = list(statuses.values())
    return {
        "pages": pages,
        "rows": row_count,
        "totalCount": total,
        "phones": len(statuses),
        "delivered": known_statuses.count(DELIVERED),
        "failed": known_statuses.count(FAILED),
        "problems": problems,
    }


def _rows(answer: Answer) -> list[dict[str, Any]] | None:
    rows = answer.get("sendDetailDTOs")
    if not answer.succeeded or not isinstance(rows, list):
        return None
    return [row for row in rows if isinstance(row, dict)]
