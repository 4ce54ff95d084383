"""The JSON bodies of the control API: their models, and reading and writing them."""

import json
from typing import Annotated, Any, TypeVar

from aiohttp import web
from pydantic import Field, ValidationError

from .client import Signing
from .wire import WireModel, first_problem

_Model = TypeVar("_Model", bound=WireModel)


class BridgeRequest(WireModel):
    """One request to send to the platform."""

    method: Annotated[str, Field(pattern=r"^[A-Z]+\z")] = "GET"
    path: Annotated[str, Field(pattern=r"^/")]
    body: Any = None
    raw_body: str | None = None
    """The body as text, for what JSON cannot express."""
    headers: Annotated[dict[str, str | None], Field(default_factory=dict)]
    nonce: str | None = None
    timestamp: str | int | None = None
    sign: Signing = True


class DetailsQuery(WireModel):
    """A query of a campaign's sending details.

    By default, the dates span from an hour before the campaign to an hour from now.
    """

    start_date: str | None = None
    end_date: str | None = None
    page_size: Annotated[int, Field(ge=1)] = 1000


class ControlError(Exception):
    """A control request that cannot be fulfilled."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


async def read_model(request: web.Request, model: type[_Model]) -> _Model:
    """Read and validate a body.

    Raises:
        ControlError: 400; the message names the first invalid field.
    """
    return validated(model, await read_object(request))


async def read_object(request: web.Request) -> dict[str, Any]:
    """Read a JSON object; an empty body is an empty object.

    Raises:
        ControlError: 400; the body is not a JSON object.
    """
    raw = await request.read()
    try:
        body = json.loads(raw or b"{}")
    except ValueError as error:
        raise ControlError(400, f"body: not JSON: {error}") from error
    if not isinstance(body, dict):
        raise ControlError(400, "body: must be a JSON object")
    return body


def validated(model: type[_Model], body: dict[str, Any]) -> _Model:
    """Return a validated body.

    Raises:
        ControlError: 400; the message names the first invalid field.
    """
    try:
        return model.model_validate(body)
    except ValidationError as error:
        raise ControlError(400, first_problem(error)) from error


def is_set(request: web.Request, name: str) -> bool:
    """Return whether a parameter of the query is ``1`` or ``true``."""
    return request.query.get(name, "") in ("1", "true")


def json_response(body: Any, status: int = 200) -> web.Response:
    """Return a JSON response that is not escaped to ASCII."""
    return web.json_response(body, status=status, dumps=_dumps)


def _dumps(body: Any) -> str:
    return json.dumps(body, ensure_ascii=False)
