"""The routes of the console, and how an answer is made."""

import asyncio
import logging
import re
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from aiohttp import web

from chalicelib import dates
from ops import audit, export
from ops.console import frame, pages, problems, rendering, safety
from ops.console.actions import Action
from ops.console.pages import phone
from ops.console.pages.unknown import phone_of
from ops.console.parts import Page, Part
from ops.console.problems import Problem
from ops.console.sessions import Session
from ops.console.visits import Console, Values, Visit
from ops.errors import OperatorError

T = TypeVar("T")

_log = logging.getLogger("ops.console")

_STATIC = Path(__file__).parent / "static"
_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_MAX_BODY = 64 * 1024
CONSOLE = web.AppKey("console", Console)
SESSION = web.RequestKey("session", Session)
# The script asks for a part, or for what a dialog shows, instead of a whole page.
_FRAGMENT = "X-Fragment"
_TIME = "X-Time"
_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def make(console: Console) -> web.Application:
    """Return the application of a console."""
    app = web.Application(middlewares=[_guard], client_max_size=_MAX_BODY)
    app[CONSOLE] = console
    app.on_response_prepare.append(_add_headers)
    # A HEAD request must not use up a token.
    app.router.add_get("/enter/{token}", _enter, allow_head=False)
    app.router.add_get("/static/{name}", _static)
    app.router.add_get("/", _first)
    app.router.add_post("/language", _language)
    app.router.add_get("/parts/{page}/{part}", _part)
    app.router.add_post("/parts/{page}/{part}", _part)
    app.router.add_get("/actions/{action}", _ask)
    app.router.add_post("/actions/{action}", _act)
    app.router.add_post("/reveal", _reveal)
    app.router.add_post("/phone", _search)
    app.router.add_post("/export", _export)
    app.router.add_get("/{page}", _page)
    return app


async def _add_headers(_: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(safety.HEADERS)
    response.headers[_TIME] = dates.to_beijing(time.time())[11:]


@web.middleware
async def _guard(request: web.Request, handler: _Handler) -> web.StreamResponse:
    """Refuse what is not this operator's own request."""
    guard = request.app[CONSOLE].safety
    if len(request.headers.getall("Host", [])) != 1 or guard.refuse_host(request.host):
        return _refuse(421, "host")
    if request.method not in ("GET", "POST", "HEAD"):
        return _refuse(405, "method")
    if request.path.startswith(("/static/", "/enter/")):
        return await handler(request)
    session = guard.session(request.cookies.get(guard.cookie))
    if session is None:
        return _refuse(401, "cookie")
    if request.method == "POST":
        if guard.refuse_origin(request.headers):
            return _refuse(403, "origin")
        form = await request.post()
        if guard.refuse_csrf(session, str(form.get("csrf", ""))):
            return _refuse(403, "csrf")
    request[SESSION] = session
    return await handler(request)


def _refuse(status: int, reason: str) -> web.Response:
    return _html(rendering.stranger(reason), status)


def _html(text: str, status: int = 200) -> web.Response:
    # A text from outside may hold half of a surrogate pair.
    body = text.encode("utf-8", "replace")
    return web.Response(body=body, status=status, content_type="text/html", charset="utf-8")


async def _visit(request: web.Request) -> Visit:
    form: Mapping[str, Any] = await request.post() if request.method == "POST" else {}
    session: Session = request[SESSION]
    fields = {name: value for name, value in form.items() if isinstance(value, str)}
    return Visit(request.app[CONSOLE], session, dict(request.query), fields)


# --- entering -----------------------------------------------------------------------------------------


async def _enter(request: web.Request) -> web.StreamResponse:
    guard = request.app[CONSOLE].safety
    session = guard.enter(request.match_info["token"])
    if session is None:
        return _refuse(403, "token")
    response = _html(rendering.entering())
    response.set_cookie(guard.cookie, session.id, httponly=True, samesite="Strict", path="/")
    return response


async def _static(request: web.Request) -> web.StreamResponse:
    path = _STATIC / request.match_info["name"]
    if path.parent != _STATIC or path.suffix not in _TYPES or not path.is_file():
        raise web.HTTPNotFound
    return web.Response(body=path.read_bytes(), content_type=_TYPES[path.suffix], charset="utf-8")


async def _first(_: web.Request) -> web.StreamResponse:
    raise web.HTTPSeeOther(f"/{pages.FIRST}")


async def _language(request: web.Request) -> web.StreamResponse:
    visit = await _visit(request)
    visit.session.language = "en" if visit.form.get("language") == "en" else "zh"
    back = visit.form.get("back", "")
    # A path of this console: "//host" would be another site.
    raise web.HTTPSeeOther(back if back.startswith("/") and back[1:2] not in ("/", "\\") else "/")


# --- pages and their parts ----------------------------------------------------------------------------


async def _page(request: web.Request) -> web.StreamResponse:
    shown = pages.PAGES.get(request.match_info["page"])
    if shown is None:
        raise web.HTTPNotFound
    return await _whole(await _visit(request), shown)


async def _part(request: web.Request) -> web.StreamResponse:
    """Answer with one part. A part that is asked for is read by a POST only."""
    shown = pages.PAGES.get(request.match_info["page"])
    if shown is None:
        raise web.HTTPNotFound
    part = (
        frame.NAVIGATION
        if request.match_info["part"] == frame.NAVIGATION.name
        else shown.part(request.match_info["part"])
    )
    if part is None or (part.asked and request.method != "POST"):
        raise web.HTTPNotFound
    visit = await _visit(request)
    if _FRAGMENT not in request.headers:
        return await _whole(visit, shown, asked=part)
    text, problem = await _load(visit, shown, part)
    return _html(rendering.problem(visit, problem), 503) if problem else _html(text)


async def _whole(visit: Visit, shown: Page, asked: Part | None = None) -> web.Response:
    """Return a page with all its parts but those that are to be asked for first."""
    parts = [frame.NAVIGATION, *(one for one in shown.parts if not one.asked or one is asked)]
    loaded = await asyncio.gather(*(_load(visit, shown, part) for part in parts))
    sections = {part.name: text for part, (text, _) in zip(parts, loaded, strict=True)}
    found = dict.fromkeys(problem for _, problem in loaded if problem)
    banners = [rendering.problem(visit, one) for one in found]
    return _html(rendering.page(visit, shown, sections, banners))


async def _load(visit: Visit, shown: Page, part: Part) -> tuple[str, Problem | None]:
    """Return a part's content, or why it can't be read."""

    def work() -> str:
        values: Values = part.load(visit)
        return rendering.part(visit, part.name, {"page": shown, **values})

    # The navigation is there whatever AWS says, only without its counts.
    otherwise = (
        rendering.part(visit, part.name, {"page": shown, "counts": {}})
        if part is frame.NAVIGATION
        else ""
    )
    return await _attempt(visit, work, otherwise)


async def _attempt(visit: Visit, work: Callable[[], T], otherwise: T) -> tuple[T, Problem | None]:
    """Run something in a thread; return what it returns, or `otherwise` and why it failed."""
    try:
        return await asyncio.to_thread(work), None
    except problems.EXPECTED as error:
        return otherwise, problems.of(error, visit.console.stage)
    except Exception as error:
        _log.exception("a page failed")
        return otherwise, Problem("console", f"{type(error).__name__}: {error}")


# --- actions ------------------------------------------------------------------------------------------


def _action(request: web.Request) -> Action:
    action = pages.ACTIONS.get(request.match_info["action"])
    if action is None:
        raise web.HTTPNotFound
    _require_changes(request)
    return action


def _require_changes(request: web.Request) -> None:
    """Refuse with --read-only, which does not even write an entry of the audit log."""
    if request.app[CONSOLE].read_only:
        raise web.HTTPForbidden(text="--read-only")


async def _ask(request: web.Request) -> web.StreamResponse:
    action, visit = _action(request), await _visit(request)
    return await _dialog(request, visit, lambda: _question(visit, action, ""))


def _question(visit: Visit, action: Action, error: str) -> str:
    return rendering.question(visit, action, action.ask(visit), error)


async def _act(request: web.Request) -> web.StreamResponse:
    """Do what was asked for. If it is refused, the question is asked again with the reason."""
    action, visit = _action(request), await _visit(request)

    def work() -> str:
        try:
            done = action.act(visit)
        except OperatorError as error:
            return _question(visit, action, str(error))
        return rendering.result(visit, action, done)

    return await _dialog(request, visit, work)


async def _dialog(
    request: web.Request, visit: Visit, work: Callable[[], str]
) -> web.StreamResponse:
    text, problem = await _attempt(visit, work, "")
    if problem:
        text = rendering.problem(visit, problem)
    status = 503 if problem else 200
    return _html(text if _FRAGMENT in request.headers else rendering.message(visit, text), status)


# --- numbers ------------------------------------------------------------------------------------------


async def _search(request: web.Request) -> web.StreamResponse:
    """Search for a number. The address that follows has a handle in its place."""
    visit = await _visit(request)
    try:
        handle = phone.search(visit)
    except OperatorError as error:
        text = rendering.problem(visit, problems.of(error, visit.console.stage))
        return _html(rendering.message(visit, text), 400)
    raise web.HTTPSeeOther(rendering.address("/phone", number=handle))


async def _reveal(request: web.Request) -> web.StreamResponse:
    """Answer with one whole number, after an entry in the audit log."""
    _require_changes(request)
    visit = await _visit(request)

    def work() -> str:
        found = phone_of(visit)
        with audit.action("console reveal", phone=found):
            return rendering.number(visit, found)

    return await _dialog(request, visit, work)


async def _export(request: web.Request) -> web.StreamResponse:
    """Answer with a campaign's recipients as CSV, read as the browser takes it."""
    _require_changes(request)
    visit = await _visit(request)
    out_id, failed = visit.given("outId"), bool(visit.given("failed"))

    def begin() -> Iterator[bytes] | None:
        with audit.action("campaign export", outId=out_id, failed=failed):
            return export.as_csv(export.rows(out_id, failed=failed))

    parts, problem = await _attempt(visit, begin, None)
    if parts is None or problem:
        text = rendering.problem(visit, problem or Problem("refused"))
        return _html(rendering.message(visit, text), 503)
    name = re.sub(r"[^A-Za-z0-9._-]+", "_", out_id)[:60]
    response = web.StreamResponse()
    response.content_type = "text/csv"
    response.charset = "utf-8"
    response.headers["Content-Disposition"] = f'attachment; filename="{name or "campaign"}.csv"'
    await response.prepare(request)
    while (part := await asyncio.to_thread(next, parts, None)) is not None:
        await response.write(part)
    await response.write_eof()
    return response
