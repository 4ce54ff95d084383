"""The bridge's two calls to Quick Audience: it pushes delivery receipts (§13) and replies (§14).

A push succeeded if the HTTP status is 2xx and the body's code is 200 or OK. Everything else raises a

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
from chalicelib.domain.push_batches import PushKind
from chalicelib.errors import BridgeError
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


class PushError(BridgeError):
    """Quick Audience did not accept a push, or did not say that it did. The text may be logged."""


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
        raise PushError(f"{kind}: {type(error).__name__}") from None
    _check(kind, response)


def _check(kind: PushKind, response: requests.Response) -> None:
    """Raise PushError unless the response says that the push was accepted."""
    try:
        answer = response.json()
    except (ValueError, RecursionError):
        answer = None
    code = str(answer.get("code")) if isinstance(answer, dict) else ""
    if 200 <= response.status_code < 300 and code.upper() in ("200", "OK"):
        return
    said = mask_numbers(str(answer.get("message", ""))[:200]) if isinstance(answer, dict) else ""
    raise _error_class(response.status_code, code)(
        f"{kind}: HTTP {response.status_code}, code {mask_numbers(code[:40]) or 'missing'}: {said}"
    )


def _error_class(status: int, code: str) -> type[PushError]:
    """Return the class of a failed push's error, by HTTP status and the body's code ("" without one)."""
    if {str(status), code} & {"401", "403"}:
        return LockedOutError
    temporary = status in (408, 425, 429) or status >= 500 or code[:1] == "5" or code == "429"
    return PushError if temporary or not code else EntriesRefusedError


@functools.cache
def _session() -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    return session
