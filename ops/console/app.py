"""The application: its routes, the checks of every request, and entering."""

import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from aiohttp import web

from chalicelib import dates
from ops.console import (
    action_routes,
    answers,
    number_routes,
    page_routes,
    pages,
    rendering,
    safety,
)
from ops.console.safety import Safety
from ops.console.visits import Console

_STATIC = Path(__file__).parent / "static"
_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_MAX_BODY = 64 * 1024
_TIME = "X-Time"
# What handlers and aiohttp itself refuse, each with the key of its words in `refused.html`.
_REFUSALS = {403: "read_only", 404: "missing", 405: "method", 413: "size"}
_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def make(console: Console) -> web.Application:
    """Return the application of a console."""
    app = web.Application(middlewares=[_guard], client_max_size=_MAX_BODY)
    app[answers.CONSOLE] = console
    app.on_response_prepare.append(_add_headers)
    # A HEAD request must not use up a token.
    app.router.add_get("/enter/{token}", _enter, allow_head=False)
    app.router.add_get("/static/{name}", _static)
    app.router.add_get("/", _first)
    app.router.add_post("/language", _language)
    app.router.add_get("/parts/{page}/{part}", page_routes.part_of_page)
    app.router.add_post("/parts/{page}/{part}", page_routes.part_of_page)
    app.router.add_get("/actions/{action}", action_routes.ask)
    app.router.add_post("/actions/{action}", action_routes.act)
    app.router.add_post("/reveal", number_routes.reveal)
    app.router.add_post("/phone", number_routes.search)
    app.router.add_post("/export", number_routes.export_campaign)
    app.router.add_get("/{page}", page_routes.page)
    return app


async def _add_headers(_: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(safety.HEADERS)
    response.headers[_TIME] = dates.to_beijing(time.time())[11:]


@web.middleware
async def _guard(request: web.Request, handler: _Handler) -> web.StreamResponse:
    """Refuse what is not this operator's own request."""
    guard = request.app[answers.CONSOLE].safety
    if len(request.headers.getall("Host", [])) != 1 or guard.refuse_host(request.host):
        return answers.refuse(request, 421, "host")
    if request.method not in ("GET", "POST", "HEAD"):
        return answers.refuse(request, 405, "method")
    try:
        return await _answer(request, handler, guard)
    except web.HTTPException as error:
        if error.status in _REFUSALS:
            return answers.refuse(request, error.status, _REFUSALS[error.status])
        raise


async def _answer(request: web.Request, handler: _Handler, guard: Safety) -> web.StreamResponse:
    """Check a request's session, origin and token, and handle it."""
    if request.path.startswith(("/static/", "/enter/")):
        return await handler(request)
    session = guard.session(request.cookies.get(guard.cookie))
    if session is None:
        return answers.refuse(request, 401, "cookie")
    if request.method == "POST":
        if guard.refuse_origin(request.headers):
            return answers.refuse(request, 403, "origin")
        form = await request.post()
        if guard.refuse_csrf(session, str(form.get("csrf", ""))):
            return answers.refuse(request, 403, "csrf")
    request[answers.SESSION] = session
    return await handler(request)


async def _enter(request: web.Request) -> web.StreamResponse:
    guard = request.app[answers.CONSOLE].safety
    session = guard.enter(request.match_info["token"])
    if session is None:
        return answers.refuse(request, 403, "token")
    response = answers.html(rendering.entering())
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
    visit = await answers.visit_of(request)
    visit.session.language = "en" if visit.form.get("language") == "en" else "zh"
    back = visit.form.get("back", "")
    # A path of this console: "//host" would be another site.
    raise web.HTTPSeeOther(back if back.startswith("/") and back[1:2] not in ("/", "\\") else "/")
