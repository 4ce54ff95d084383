"""Make a call of the v5 API: sign it, send it, read the answer.

Only this module decides what an answer means: success, a refusal, or an unknown outcome.
"""

import json
import secrets
import ssl
import time
from collections.abc import Mapping
from typing import Any

import requests
from requests.structures import CaseInsensitiveDict
from urllib3.exceptions import ConnectTimeoutError, MaxRetryError, NewConnectionError, SSLError

from chalicelib import deadline
from chalicelib.lenient_json import integer, loads
from chalicelib.logs import mask_numbers
from chalicelib.tencent import error_codes
from chalicelib.tencent.interface import (
    CallRefusedError,
    NotSentError,
    OutcomeUnknownError,
    TencentError,
)
from chalicelib.tencent.v5_signature import sign

# Seconds. The read timeout is long, because a message whose answer is not awaited is of unknown outcome.
CONNECT_TIMEOUT = 5
READ_TIMEOUT = 15
# A call within a request of Quick Audience begins with at least this much of its time left.
_MIN_SECONDS = 2


class Application:
    """One Tencent application and its key, which signs the calls. Safe to use from several threads."""

    def __init__(
        self, base_url: str, sdk_app_id: str, app_key: str, session: requests.Session
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._sdk_app_id = sdk_app_id
        self._app_key = app_key
        self._session = session

    def call(
        self, name: str, fields: dict[str, Any], *, mobile: str = "", tel: str = ""
    ) -> dict[str, Any]:
        """Make a call and return Tencent's answer, which is a success. Raises TencentError.

        `mobile` or `tel` are the numbers that the signature includes (`v5_signature.sign`).
        """
        random, now = secrets.randbelow(9 * 10**9) + 10**9, int(time.time())
        signature = sign(self._app_key, random, now, mobile=mobile, tel=tel)
        request = _request(
            f"{self._base_url}/{name}?sdkappid={self._sdk_app_id}&random={random}",
            fields | {"sig": signature, "time": now},
        )
        adapter = self._session.get_adapter(str(request.url))
        try:
            response = adapter.send(request, timeout=_timeouts(name))
            # Read the body within this `try`, because the connection may break in the middle of it.
            response.content  # noqa: B018 -- reads it
        except requests.RequestException as error:
            # Only the exception's class is passed on: its text contains the URL with the random number.
            text = f"{name}: {type(error).__name__}"
            raise (
                NotSentError(text) if _never_connected(error) else OutcomeUnknownError(text)
            ) from None
        return _read(name, response)


def _timeouts(name: str) -> tuple[float, float]:
    """Return the seconds to connect and to wait for an answer. Raises NotSentError if the request's time is used up."""
    left = deadline.left()
    if left is None:
        return CONNECT_TIMEOUT, READ_TIMEOUT
    if left < _MIN_SECONDS:
        raise NotSentError(f"{name}: not called, the request's time is used up")
    connect = min(CONNECT_TIMEOUT, left / 2)
    return connect, min(READ_TIMEOUT, left - connect)


def _request(url: str, fields: dict[str, Any]) -> requests.PreparedRequest:
    """Return the request that `Session.post` would make, at a third of the cost.

    A campaign may need a request for each recipient. Left out are cookies, redirects, and a check of the URL, which
    the settings guarantee.
    """
    request = requests.PreparedRequest()
    request.method, request.url = "POST", url
    request.body = json.dumps(fields).encode()
    request.headers = CaseInsensitiveDict(
        {
            "Content-Type": "application/json;charset=utf-8",
            "Content-Length": str(len(request.body)),
        }
    )
    return request


def _never_connected(error: requests.RequestException) -> bool:
    """Return whether the request can't have been sent.

    Of the TLS errors, only a certificate's counts: a connection that ends within an answer is an SSLError, too.
    """
    cause = error.args[0] if error.args else None
    if isinstance(cause, MaxRetryError):
        cause = cause.reason
    if isinstance(cause, SSLError):
        return bool(cause.args) and isinstance(cause.args[0], ssl.SSLCertVerificationError)
    return isinstance(cause, NewConnectionError | ConnectTimeoutError)


def _read(name: str, response: requests.Response) -> dict[str, Any]:
    """Return an answer that is a success. Raises TencentError, with the answer, for any other."""
    try:
        # Not `response.json()`: it believes the content type's charset, and reads more or less with simplejson.
        answer = loads(response.content, integers=True)
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise _unreadable(name, response.status_code)
    code = code_of(answer)
    if code == 0:
        return answer
    error = (
        _unreadable(name, response.status_code)
        if code is None
        else _failure(name, response.status_code, code, answer)
    )
    error.answer = answer
    raise error


def _failure(name: str, status: int, code: int, answer: Mapping[str, Any]) -> TencentError:
    """Return the error of an answer with a code other than 0."""
    said = str(answer.get("errmsg") or answer.get("msg") or answer.get("ErrorInfo") or "")
    gateway_failed = status >= 500 and code not in error_codes.MEANINGS
    if gateway_failed or error_codes.meaning(code).kind is error_codes.CodeClass.UNKNOWN:
        return OutcomeUnknownError(f"{name}: Tencent {code}: {mask_numbers(said)}")
    return CallRefusedError(code, said)


def _unreadable(name: str, status: int) -> TencentError:
    """Return the error of an answer without a code."""
    if status == requests.codes.too_many_requests:
        return NotSentError(f"{name}: HTTP 429")
    if 300 <= status < 500:
        return CallRefusedError(status, f"HTTP {status}")
    return OutcomeUnknownError(f"{name}: HTTP {status} without an answer that can be understood")


def code_of(answer: Mapping[str, Any]) -> int | None:
    """Return an answer's code, or None if it has none.

    It is `result`, or `ErrorCode` in answers of the gateway in front of the API. Only an integer is a code, in whatever
    spelling: false and 0.9 must not become 0, which means success.
    """
    for key in ("result", "ErrorCode"):
        code = integer(answer.get(key))
        if code is not None:
            return code
    return None
