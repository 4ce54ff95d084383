"""Whole phone numbers: searched for, shown one by one, and exported. What leaves is recorded in the audit log."""

import re
from collections.abc import Iterator
from itertools import islice

from aiohttp import web

from ops import audit, export
from ops.console import answers, problems, rendering
from ops.console.pages import phone
from ops.console.pages.unknown import phone_of
from ops.console.problems import Problem
from ops.errors import OperatorError

_ROWS = 500
"""Rows of an export that are read and sent at once."""


async def search(request: web.Request) -> web.StreamResponse:
    """Search for a number. The address that follows has a handle in its place."""
    visit = await answers.visit_of(request)
    try:
        handle = phone.search(visit)
    except OperatorError as error:
        text = rendering.problem(visit, problems.of(error, visit.console.stage))
        return answers.html(rendering.message(visit, text), 400)
    raise web.HTTPSeeOther(rendering.address("/phone", number=handle))


async def reveal(request: web.Request) -> web.StreamResponse:
    """Respond with one whole number, after an entry in the audit log."""
    answers.require_changes(request)
    visit = await answers.visit_of(request)

    def work() -> str:
        found = phone_of(visit)
        with audit.action("console reveal", phone=found):
            return rendering.number(visit, found)

    return await answers.dialog(request, visit, work, "action")


async def export_campaign(request: web.Request) -> web.StreamResponse:
    """Respond with a campaign's recipients as CSV, read as the browser takes it."""
    answers.require_changes(request)
    visit = await answers.visit_of(request)
    out_id, failed = visit.given("outId"), bool(visit.given("failed"))

    def begin() -> Iterator[bytes] | None:
        with audit.action("campaign export", outId=out_id, failed=failed):
            return export.as_csv(export.rows(out_id, failed=failed))

    parts, problem = await answers.attempt(visit, begin, None, kind="asked")
    if parts is None or problem:
        problem = problem or Problem("refused")
        text = rendering.problem(visit, problem)
        return answers.html(rendering.message(visit, text), problem.status)
    name = re.sub(r"[^A-Za-z0-9._-]+", "_", out_id)[:60]
    response = web.StreamResponse()
    response.content_type = "text/csv"
    response.charset = "utf-8"
    response.headers["Content-Disposition"] = f'attachment; filename="{name or "campaign"}.csv"'
    await response.prepare(request)
    while block := await visit.console.threads.run("asked", lambda: _block(parts)):
        await response.write(block)
    await response.write_eof()
    return response


def _block(parts: Iterator[bytes]) -> bytes:
    return b"".join(islice(parts, _ROWS))
