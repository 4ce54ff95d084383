"""Pages and their parts: each part is read in a thread, and fails by itself."""

import asyncio

from aiohttp import web

from ops.console import answers, frame, rendering
from ops.console.pages import PAGES
from ops.console.parts import Page, Part
from ops.console.problems import Problem
from ops.console.visits import Values, Visit

# A part that is refreshed by itself holds up a page no longer than this.
_PATIENCE = 8


async def page(request: web.Request) -> web.StreamResponse:
    """Respond with a whole page."""
    shown = PAGES.get(request.match_info["page"])
    if shown is None:
        raise web.HTTPNotFound
    return await _whole(await answers.visit_of(request), shown)


async def part_of_page(request: web.Request) -> web.StreamResponse:
    """Respond with one part. A part that is asked for is read by a POST only."""
    shown = PAGES.get(request.match_info["page"])
    if shown is None:
        raise web.HTTPNotFound
    part = (
        frame.NAVIGATION
        if request.match_info["part"] == frame.NAVIGATION.name
        else shown.part(request.match_info["part"])
    )
    if part is None or (part.asked and request.method != "POST"):
        raise web.HTTPNotFound
    visit = await answers.visit_of(request)
    if answers.FRAGMENT not in request.headers:
        return await _whole(visit, shown, asked=part)
    text, problem = await _load(visit, shown, part)
    if problem:
        return answers.html(rendering.problem(visit, problem), problem.status)
    return answers.html(text)


async def _whole(visit: Visit, shown: Page, asked: Part | None = None) -> web.Response:
    """Return a page with all its parts but those that are to be asked for first."""
    parts = [frame.NAVIGATION, *(one for one in shown.parts if not one.asked or one is asked)]
    loaded = await asyncio.gather(
        *(
            _load(visit, shown, part, patience=_PATIENCE if part.kind == "polled" else None)
            for part in parts
        )
    )
    sections = {part.name: text for part, (text, _) in zip(parts, loaded, strict=True)}
    found = dict.fromkeys(problem for _, problem in loaded if problem)
    banners = [rendering.problem(visit, one) for one in found]
    return answers.html(rendering.page(visit, shown, sections, banners))


async def _load(
    visit: Visit, shown: Page, part: Part, *, patience: float | None = None
) -> tuple[str, Problem | None]:
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
    return await answers.attempt(visit, work, otherwise, kind=part.kind, patience=patience)
