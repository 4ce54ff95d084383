"""How an answer is made: what runs in a thread, what fails, and what a browser is given."""

import logging
from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from urllib.parse import parse_qsl

from aiohttp import web

from ops.console import problems, rendering
from ops.console.problems import Problem
from ops.console.sessions import Session
from ops.console.threads import Kind
from ops.console.visits import Console, Visit

T = TypeVar("T")

CONSOLE = web.AppKey("console", Console)
SESSION = web.RequestKey("session", Session)
FRAGMENT = "X-Fragment"
"""The header by which the script asks for the content of a "part" or of a "dialog" instead of a whole page."""

KEPT = "kept"
"""The field with the values that a form only hands back. They are a query, so that no character changes."""

_log = logging.getLogger("ops.console")


def refuse(request: web.Request, status: int, reason: str) -> web.Response:
    """Return why a request is refused: as a page, or as a part or a dialog shows it, as the request asks."""
    return html(rendering.refused(reason, request.headers.get(FRAGMENT, "")), status)


def html(text: str, status: int = 200) -> web.Response:
    """Return a page, or a part of one."""
    # A text from outside may hold half of a surrogate pair.
    body = text.encode("utf-8", "replace")
    return web.Response(body=body, status=status, content_type="text/html", charset="utf-8")


async def visit_of(request: web.Request) -> Visit:
    """Return a request as a visit."""
    form: Mapping[str, Any] = await request.post() if request.method == "POST" else {}
    session: Session = request[SESSION]
    fields = {name: value for name, value in form.items() if isinstance(value, str)}
    fields |= parse_qsl(fields.pop(KEPT, ""), keep_blank_values=True)
    return Visit(request.app[CONSOLE], session, dict(request.query), fields)


def require_changes(request: web.Request) -> None:
    """Refuse with --read-only, which does not even write an entry of the audit log."""
    if request.app[CONSOLE].read_only:
        raise web.HTTPForbidden


async def attempt(
    visit: Visit,
    work: Callable[[], T],
    otherwise: T,
    *,
    kind: Kind,
    patience: float | None = None,
) -> tuple[T, Problem | None]:
    """Run something in a thread; return what it returns, or `otherwise` and why it failed."""
    try:
        return await visit.console.threads.run(kind, work, patience=patience), None
    except problems.EXPECTED as error:
        return otherwise, problems.of(error, visit.console.stage)
    except Exception as error:
        _log.exception("a page failed")
        return otherwise, Problem("console", f"{type(error).__name__}: {error}")


async def dialog(
    request: web.Request, visit: Visit, work: Callable[[], str], kind: Kind
) -> web.StreamResponse:
    """Return what a dialog shows: by itself, for a browser without the script, as a page."""
    text, problem = await attempt(visit, work, "", kind=kind)
    if problem:
        text = rendering.failed(visit, problem)
    status = problem.status if problem else 200
    return html(text if FRAGMENT in request.headers else rendering.message(visit, text), status)
