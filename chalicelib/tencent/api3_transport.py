"""Make a call of API 3.0: sign it, send it, read the answer.

Only this module decides what an answer means for a call as a whole: success, a refusal, or an unknown outcome. Nothing
is sent twice, because a replayed request may be a second message.
"""

import json
import re
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import requests

from chalicelib.lenient_json import loads
from chalicelib.logs import log, mask_numbers
from chalicelib.tencent import api3_codes, exchange
from chalicelib.tencent.api3_signature import CONTENT_TYPE, authorization
from chalicelib.tencent.error_codes import CodeClass
from chalicelib.tencent.interface import (
    CallRefusedError,
    OutcomeUnknownError,
    TencentError,
    TooManyCallsError,
)

VERSION = "2021-01-11"
ERROR_LINE = "Tencent answered with an error"
"""The text of the log line that names the request id of an error. The caller logs what follows from the error."""

# What a header can hold. The exception for any other text would contain the header, signature included.
_KEY = re.compile("[!-~]+")


class Account:
    """A Tencent Cloud account's key, which signs the calls. Safe to use from several threads."""

    def __init__(
        self,
        base_url: str,
        region: str,
        secret_id: str,
        secret_key: str,
        session: requests.Session,
    ) -> None:
        self._url = base_url.rstrip("/") + "/"
        # As it is signed. The default port is left out where the URL leaves it out.
        self._host = urlsplit(base_url).netloc.rpartition("@")[2]
        self._secret_id = secret_id
        self._secret_key = secret_key
        self._can_sign = all(map(_KEY.fullmatch, (secret_id, secret_key)))
        self._session = session
        self._headers = {
            "Host": self._host,
            "Content-Type": CONTENT_TYPE,
            "X-TC-Version": VERSION,
            "X-TC-Region": region,
            "X-TC-Language": "zh-CN",
        }

    def call(self, action: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Make a call and return the `Response` of Tencent's answer, which is a success. Raises TencentError.

        A key with a character that no key has, such as an invisible one that was copied with it, is refused here with
        Tencent's own code for it: nothing is sent, and a send is held.
        """
        if not self._can_sign:
            raise CallRefusedError("AuthFailure.InvalidAuthorization", "the key is malformed")
        body = json.dumps(fields).encode()
        now = int(time.time())
        headers = {
            **self._headers,
            "X-TC-Action": action,
            "X-TC-Timestamp": str(now),
            "Authorization": authorization(
                self._secret_id, self._secret_key, self._host, now, body
            ),
        }
        response = exchange.post(self._session, action, self._url, headers, body)
        return _read(action, response, self._secret_id)


def _read(action: str, response: requests.Response, secret_id: str) -> dict[str, Any]:
    """Return an answer that is a success. Raises TencentError, with the answer, for any other.

    Tencent's text may repeat the SecretId. It is taken out, because marketers and logs get the text.
    """
    try:
        found = loads(response.content, integers=True)
    except ValueError:
        found = None
    answer = found.get("Response") if isinstance(found, dict) else None
    if not isinstance(answer, dict):
        raise exchange.unreadable(action, response.status_code)
    # An answer with rows comes from behind the gateway, whatever its status says: the call was carried out.
    if response.status_code == requests.codes.too_many_requests and not answer.get("SendStatusSet"):
        raise TooManyCallsError(f"{action}: HTTP 429")
    refusal = answer.get("Error")
    if refusal is None:
        return answer
    error = _failure(action, response.status_code, refusal, secret_id)
    error.answer = answer
    # Tencent's support asks for this id.
    log.info(
        ERROR_LINE,
        extra={"call": action, "why": str(error), "tencentRequestId": request_id(answer)},
    )
    raise error


def request_id(answer: Mapping[str, Any]) -> str:
    """Return the id of a request that Tencent's answer names."""
    return str(answer.get("RequestId") or "")[:100]


def _failure(action: str, status: int, refusal: Any, secret_id: str) -> TencentError:
    """Return the error that an answer's `Error` means. The outcome is unknown if it has no code that can be read."""
    code = refusal.get("Code") if isinstance(refusal, dict) else None
    if not isinstance(code, str) or not code.strip():
        return OutcomeUnknownError(f"{action}: an error without a code")
    code, said = code.strip(), str(refusal.get("Message") or "").replace(secret_id, "…")
    gateway_failed = status >= 500 and api3_codes.listed(code) is None
    if gateway_failed or api3_codes.meaning(code).kind is CodeClass.UNKNOWN:
        return OutcomeUnknownError(f"{action}: Tencent {code}: {mask_numbers(said)}")
    return CallRefusedError(code, said)
