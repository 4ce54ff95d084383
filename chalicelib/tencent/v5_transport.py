"""Make a call of the v5 API: sign it, send it, read the answer.

Only this module decides what an answer means: success, a refusal, or an unknown outcome.
"""

import json
import secrets
import time
from collections.abc import Mapping
from typing import Any

import requests

from chalicelib.lenient_json import integer, loads
from chalicelib.logs import mask_numbers
from chalicelib.tencent import error_codes, exchange
from chalicelib.tencent.interface import CallRefusedError, OutcomeUnknownError, TencentError
from chalicelib.tencent.v5_signature import sign

_HEADERS = {"Content-Type": "application/json;charset=utf-8"}


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
        response = exchange.post(
            self._session,
            name,
            f"{self._base_url}/{name}?sdkappid={self._sdk_app_id}&random={random}",
            _HEADERS,
            json.dumps(fields | {"sig": signature, "time": now}).encode(),
        )
        return _read(name, response)


def _read(name: str, response: requests.Response) -> dict[str, Any]:
    """Return an answer that is a success. Raises TencentError, with the answer, for any other."""
    try:
        # Not `response.json()`: it believes the content type's charset, and reads more or less with simplejson.
        answer = loads(response.content, integers=True)
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise exchange.unreadable(name, response.status_code)
    code = code_of(answer)
    if code == 0:
        return answer
    error = (
        exchange.unreadable(name, response.status_code)
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
