"""Actions: the question, then the change and its result."""

from aiohttp import web

from ops.console import answers, rendering
from ops.console.actions import Action
from ops.console.pages import ACTIONS
from ops.console.visits import Visit
from ops.errors import OperatorError


def _action(request: web.Request) -> Action:
    action = ACTIONS.get(request.match_info["action"])
    if action is None:
        raise web.HTTPNotFound
    answers.require_changes(request)
    return action


async def ask(request: web.Request) -> web.StreamResponse:
    """Ask before an action, with the counts as they are now."""
    action, visit = _action(request), await answers.visit_of(request)
    return await answers.dialog(request, visit, lambda: _question(visit, action, ""), "asked")


def _question(visit: Visit, action: Action, error: str) -> str:
    return rendering.question(visit, action, action.ask(visit), error)


async def act(request: web.Request) -> web.StreamResponse:
    """Do what was asked for. If it is refused, the question is asked again with the reason."""
    action, visit = _action(request), await answers.visit_of(request)

    def work() -> str:
        try:
            done = action.act(visit)
        except OperatorError as error:
            return _question(visit, action, str(error))
        return rendering.result(visit, action, done)

    return await answers.dialog(request, visit, work, "action")
