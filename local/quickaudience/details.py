"""Asking a platform for a campaign's sending details (§12), page by page."""

import time
from typing import Any

from .beijing import format_date
from .client import Answer
from .endpoints import QUERY_SEND_DETAILS
from .entries import DELIVERED, FAILED
from .ledger import Campaign
from .state import Simulator

_HOUR = 3600
# Far above any campaign's; ends the paging if the pages never do.
_MAX_PAGES = 10_000


async def query_all_details(
    simulator: Simulator,
    campaign: Campaign,
    *,
    start_date: str | None,
    end_date: str | None,
    page_size: int,
) -> dict[str, Any]:
    """Page through the sending details and report what they say and where they are at odds.

    Raises:
        NoAnswerError: a page didn't come.
        NoBridgeError: the platform's address is not known.
    """
    now = time.time()
    started = campaign.start.at if campaign.start else now
    query = {
        "outId": campaign.out_id,
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
            if row.get("outId") != campaign.out_id:
                problems.append(f"page {pages} has a row of outId {row.get('outId')!r}")
            phone, status = str(row.get("phoneNum")), row.get("sendStatus")
            if statuses.setdefault(phone, status) != status:
                problems.append(f"{phone} has two different sendStatus")
        if len(rows) < page_size:
            break
    if row_count != total:
        problems.append(f"totalCount is {total!r}, the pages have {row_count} rows")
    for problem in problems:
        simulator.report("query send details", problem)
    counts = list(statuses.values())
    return {
        "pages": pages,
        "rows": row_count,
        "totalCount": total,
        "phones": len(statuses),
        "delivered": counts.count(DELIVERED),
        "failed": counts.count(FAILED),
        "problems": problems,
    }


def _rows(answer: Answer) -> list[dict[str, Any]] | None:
    rows = answer.get("sendDetailDTOs")
    if not answer.succeeded or not isinstance(rows, list):
        return None
    return [row for row in rows if isinstance(row, dict)]
