"""The JSON bodies of the control API: their models, and their validation."""

import json
import re
from typing import Annotated, Any, Literal, Self, TypeVar

from aiohttp import web
from pydantic import Field, ValidationError, model_validator

from local.tencent import magic
from local.tencent.models import Seconds, Strict

Id = Annotated[int, Field(ge=0, le=2**53)]
Digits = Annotated[str, Field(pattern=r"^[0-9]+$")]

_Model = TypeVar("_Model", bound=Strict)


class ReplyRequest(Strict):
    """A reply to make. The sign and extend default to those of the number's newest message."""

    mobile: Digits
    text: str
    nationcode: Digits = "86"
    sign: str | None = None
    extend: str | None = None
    delay: Seconds = 0


class ReceiptRequest(Strict):
    """A receipt to make. Without ``sid`` it gets one that no message has."""

    mobile: Digits
    nationcode: Digits = "86"
    sid: str | None = None
    report_status: Literal["SUCCESS", "FAIL"] = "SUCCESS"
    errmsg: str = magic.DELIVERED.errmsg
    description: str = magic.DELIVERED.description
    delay: Seconds = 0


class ReviewRequest(Strict):
    """The result of a review."""

    tpl_id: Id | None = None
    sign_id: Id | None = None
    status: Literal[0, 1, 2]
    reply: str = ""

    @model_validator(mode="after")
    def _has_one_id(self) -> Self:
        if (self.tpl_id is None) == (self.sign_id is None):
            raise ValueError("give either tpl_id or sign_id")
        return self


class ResetRequest(Strict):
    """What to delete."""

    keep_templates: bool = False


class BadRequestError(Exception):
    """A control request that is invalid."""


async def read_model(request: web.Request, model: type[_Model]) -> _Model:
    """Read and validate a body.

    Raises:
        BadRequestError: the body is invalid.
    """
    return validated(model, await read_object(request))


async def read_object(request: web.Request) -> dict[str, Any]:
    """Read a JSON object; an empty body is an empty object.

    Raises:
        BadRequestError: the body is not a JSON object.
    """
    raw = await request.read()
    try:
        body = json.loads(raw) if raw else {}
    except (ValueError, RecursionError):
        raise BadRequestError("the body is not JSON") from None
    if not isinstance(body, dict):
        raise BadRequestError("the body is not an object")
    return body


def validated(model: type[_Model], body: dict[str, Any]) -> _Model:
    """Return a validated body.

    Raises:
        BadRequestError: the body is invalid; the message names all invalid fields.
    """
    try:
        # Validates JSON: a strict model accepts a list as a tuple only from JSON.
        return model.model_validate_json(json.dumps(body))
    except ValidationError as error:
        problems = (
            f"{'.'.join(str(part) for part in item['loc']) or 'body'}: {item['msg']}"
            for item in error.errors()
        )
        raise BadRequestError("; ".join(problems)) from None


def whole_number(request: web.Request, name: str, default: int) -> int:
    """Return a number from the query, or the default if it is missing.

    Raises:
        BadRequestError: the parameter is not a whole number.
    """
    value = request.query.get(name, "")
    if not value:
        return default
    if not re.fullmatch("[0-9]{1,15}", value):
        raise BadRequestError(f"{name}: must be a whole number")
    return int(value)
