"""The bridge's two calls to Quick Audience: it pushes delivery receipts (§13) and replies (§14).

A push of receipts succeeded if the HTTP status is 2xx and the body's code is 200 or OK. §14 documents no answer, so
for a push of replies it is enough that the status is 2xx and that no code says otherwise. Everything else raises a

    PushError                 not accepted, or no answer says so: push again later
     ├── LockedOutError       401 or 403, as HTTP status or as the body's code: Quick Audience blocks an
     │                        address that continues (§13, note 3)
     └── EntriesRefusedError  Quick Audience read the push and refused it, perhaps because of a single entry
"""

import functools
import time
from collections.abc import Sequence
from typing import Any

import requests

from chalicelib import settings
from chalicelib.connections import new_session
from chalicelib.domain.push_batches import PushKind
from chalicelib.errors import BridgeError
from chalicelib.lenient_json import integer, is_blank, loads
from chalicelib.logs import mask_numbers
from chalicelib.quickaudience import push_nonces, signature

_PATHS: dict[PushKind, tuple[str, str]] = {
    "details": (
        "/restapi/marketing2/third/sms/callback/send/details",
        "thirdSmsSendDetailModelList",
    ),
    "reply": ("/restapi/marketing2/third/sms/callback/send/reply", "thirdSmsSendReplyModelList"),
}
# Seconds to connect, and seconds to wait for an answer.
_TIMEOUT = (5, 20)
# Calls at once (`functions/push.py`).
_PARALLEL = 10
# Seconds after which an idle connection is not used again. It is not known when Quick Audience closes one; Alibaba's
# load balancers do so after 15 seconds by default.
MAX_IDLE_SECONDS = 10

_YES = {"200", "OK"}
_NO_CONTRARY_CODE = _YES | {"", "0", "NULL", "SUCCESS", "TRUE"}
# What a body is that is not JSON.
_UNREADABLE = object()
_BLANK = b"\xef\xbb\xbf \t\r\n"
# First characters of HTML and of cut off JSON.
_BROKEN = (b"<", b"{", b"[", b'"')


class PushError(BridgeError):
    """Quick Audience did not accept a push, or did not say that it did. The text may be logged.

    `answer` is what Quick Audience answered, or what happened instead, without the kind of call.
    """

    def __init__(self, text: str, answer: str = "") -> None:
        super().__init__(text)
        self.answer = answer or text


class LockedOutError(PushError):
    """Quick Audience does not accept the bridge's signature, or has blocked its address."""


class EntriesRefusedError(PushError):
    """Quick Audience read a push and refused it."""


def push(kind: PushKind, entries: Sequence[dict[str, Any]]) -> None:
    """Push entries of one outId. Each call has a timestamp and a nonce of its own.

    Raises PushError. Quick Audience may have accepted the entries even then; they have to be pushed again.
    """
    configured = settings.load()
    path, name = _PATHS[kind]
    timestamp, key = str(int(time.time())), configured.qa_key
    nonce = push_nonces.new(key)
    try:
        response = _session().post(
            configured.qa_base_url.rstrip("/") + path,
            params={"timestamp": timestamp, "nonce": nonce},
            json={name: list(entries)},
            headers={signature.HEADER: signature.make(key, timestamp, nonce) if key else ""},
            timeout=_TIMEOUT,
            allow_redirects=False,
        )
    except requests.RequestException as error:
        # The exception's own text contains the signed URL.
        name = type(error).__name__
        raise PushError(f"{kind}: {name}", f"no answer: {name}") from None
    _check(kind, response)


def _check(kind: PushKind, response: requests.Response) -> None:
    """Raise PushError unless the response says that the push was accepted."""
    try:
        # Not `response.json()`, which reads more or less with simplejson.
        answer = loads(response.content, integers=True)
    except ValueError:
        answer = _UNREADABLE
    code = _code(answer.get("code")) if isinstance(answer, dict) else ""
    if 200 <= response.status_code < 300:
        if code.upper() in _YES:
            return
        if kind == "reply" and not _is_contrary(answer, code, response.content):
            return
    said = mask_numbers(str(answer.get("message", ""))[:200]) if isinstance(answer, dict) else ""
    shown = mask_numbers(code[:40]) or "missing"
    answer = f"HTTP {response.status_code}, code {shown}: {said}"
    raise _error_class(response.status_code, code)(f"{kind}: {answer}", answer)


def _code(value: Any) -> str:
    """Return a code as text: "200" for 200, 200.0, "200.0" and " 200 "; "" for null."""
    if value is None:
        return ""
    number = integer(value)
    return str(value).strip() if number is None else str(number)


def _is_contrary(answer: Any, code: str, content: bytes) -> bool:
    """Return whether a body with a 2xx status says that replies were not accepted.

    A page of HTML or a part of JSON says nothing about them, and comes from something that stands in between.
    """
    if answer is _UNREADABLE:
        return not is_blank(content) and content.lstrip(_BLANK)[:1] in _BROKEN
    if isinstance(answer, dict):
        failed = str(answer.get("success")).lower() == "false"
        return failed or code.upper() not in _NO_CONTRARY_CODE
    return answer is False or integer(answer) not in (None, 0, 200)


def _error_class(status: int, code: str) -> type[PushError]:
    """Return the class of a failed push's error, by HTTP status and the body's code ("" without one)."""
    if {str(status), code} & {"401", "403"}:
        return LockedOutError
    temporary = status in (408, 425, 429) or status >= 500 or code[:1] == "5" or code == "429"
    return PushError if temporary or not code else EntriesRefusedError


@functools.cache
def _session() -> requests.Session:
    return new_session(_PARALLEL, max_idle_seconds=MAX_IDLE_SECONDS)
