"""The checks of Tencent's gateway, in their order, before a call is executed.

The order in the real service is not published.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from local.tencent.api3 import authorization
from local.tencent.api3.errors import ApiError, missing, wrong_type
from local.tencent.api3.fields import SHAPES, Body
from local.tencent.api3.rates import RateLimits
from local.tencent.api3.switches import ACTIONS, Action, Api3Switches
from local.tencent.checks import Application

VERSION = "2021-01-11"
_CLOCK_TOLERANCE_SECONDS = 300
_MAX_BODY_BYTES = 10 * 1024 * 1024
_REGION = re.compile(r"[a-z]+(-[a-z]+)+(-[0-9]+)?")
_TIMESTAMP = re.compile("[0-9]{1,12}")
_CONTENT_TYPE = re.compile(r"application/json(; ?charset=utf-8)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it arrived. The names of headers are compared without case."""

    method: str
    headers: Mapping[str, str]
    raw: bytes
    now: float


class Gateway:
    """Checks the requests of one key."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self.rates = RateLimits()

    def check(self, request: Request, switches: Api3Switches) -> tuple[Action, Body]:
        """Check a request; return its call and body.

        Raises:
            ApiError: the request is refused.
        """
        headers = request.headers
        if request.method != "POST":
            text = "HTTP(S) request header or method error: only POST is supported."
            raise ApiError("UnsupportedProtocol", text)
        for name in ("Timestamp", "Version", "Action", "Region"):
            if not headers.get(f"X-TC-{name}"):
                raise missing(name)
        if not _TIMESTAMP.fullmatch(headers["X-TC-Timestamp"]):
            raise wrong_type("Timestamp")
        if headers["X-TC-Version"] != VERSION:
            raise ApiError("NoSuchVersion", "The requested API version does not exist.")
        action = _action(headers["X-TC-Action"], switches)
        _check_region(headers["X-TC-Region"], switches)
        self._authenticate(request, int(headers["X-TC-Timestamp"]))
        if headers.get("X-TC-Token") != switches.token:
            raise ApiError("AuthFailure.TokenFailure", "The token is invalid.")
        self.rates.take(action, self._application.secret_id, request.now, switches.rates)
        body = _parse(request)
        SHAPES[action].check(body)
        return action, body

    def _authenticate(self, request: Request, timestamp: int) -> None:
        given = authorization.parse(request.headers, timestamp)
        if given.secret_id != self._application.secret_id:
            raise ApiError("AuthFailure.SecretIdNotFound", "The SecretId is not found.")
        if abs(request.now - timestamp) > _CLOCK_TOLERANCE_SECONDS:
            text = "The signature has expired: the timestamp is more than five minutes off."
            raise ApiError("AuthFailure.SignatureExpire", text)
        key = self._application.secret_key
        given.check_signature(key, timestamp, request.headers, request.raw)


def _action(name: str, switches: Api3Switches) -> Action:
    for action in ACTIONS:
        if action == name and action not in switches.unknown_actions:
            return action
    raise ApiError("InvalidAction", "The requested action is not supported or does not exist.")


def _check_region(region: str, switches: Api3Switches) -> None:
    known = _REGION.fullmatch(region) if switches.regions is None else region in switches.regions
    if not known:
        raise ApiError("UnsupportedRegion", f"The region `{region}` is not supported.")


def _parse(request: Request) -> Body:
    if len(request.raw) > _MAX_BODY_BYTES:
        raise ApiError("RequestSizeLimitExceeded", "The request exceeds 10 MB.")
    if not _CONTENT_TYPE.fullmatch(request.headers["Content-Type"]):
        raise ApiError("InvalidRequest", "The Content-Type is not application/json.")
    try:
        body = json.loads(request.raw.decode())
        # Half of a surrogate pair is valid JSON, but cannot be stored.
        json.dumps(body, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise ApiError("InvalidRequest", "The request body is not JSON in UTF-8.") from None
    if not isinstance(body, dict):
        raise ApiError("InvalidRequest", "The request body is not an object.")
    return body
