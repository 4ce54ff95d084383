"""The two calls that we make: delivery receipts (§13) and replies (§14).

A push succeeded if HTTP says 2xx and the body's code is 200 or OK. Everything else is a

    PushError                 not taken, or nobody said so; to be tried again
     ├── LockedOutError       401 or 403, by HTTP or by the body's code: an address that goes on is
     │                        blocked (§13, note 3)
     └── EntriesRefusedError  it was read, and refused: perhaps for the sake of a single entry
"""

import functools
import secrets
import time
from collections.abc import Sequence
from typing import Any

import requests

from chalicelib import settings
from chalicelib.domain.push_batches import PushKind
from chalicelib.errors import BridgeError
from chalicelib.logs import mask_numbers
from chalicelib.quickaudience import signature

_PATHS: dict[PushKind, tuple[str, str]] = {
    "details": (
        "/restapi/marketing2/third/sms/callback/send/details",
        "thirdSmsSendDetailModelList",
    ),
    "reply": ("/restapi/marketing2/third/sms/callback/send/reply", "thirdSmsSendReplyModelList"),
}
# Seconds to connect, and to wait for an answer.
_TIMEOUT = (5, 20)


class PushError(BridgeError):
    """Quick Audience did not take a push, or did not say that it did. Its text may stand in a log."""


class LockedOutError(PushError):
    """Quick Audience does not know our signature, or has blocked our address."""


class EntriesRefusedError(PushError):
    """Quick Audience answered, and the answer was no."""


def push(kind: PushKind, entries: Sequence[dict[str, Any]]) -> None:
    """Push entries of one outId. Each attempt has a timestamp and a nonce of its own.

    Raises PushError; the entries may have been taken all the same, and have to be pushed again.
    """
    configured = settings.load()
    path, name = _PATHS[kind]
    timestamp, nonce, key = str(int(time.time())), secrets.token_hex(16), configured.qa_key
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
        # Its own text would hold the signed URL.
        raise PushError(f"{kind}: {type(error).__name__}") from None
    _check(kind, response)


def _check(kind: PushKind, response: requests.Response) -> None:
    try:
        answer = response.json()
    except (ValueError, RecursionError):
        answer = None
    code = str(answer.get("code")) if isinstance(answer, dict) else ""
    if 200 <= response.status_code < 300 and code.upper() in ("200", "OK"):
        return
    said = mask_numbers(str(answer.get("message", ""))[:200]) if isinstance(answer, dict) else ""
    raise _kind_of(response.status_code, code)(
        f"{kind}: HTTP {response.status_code}, code {mask_numbers(code[:40]) or 'missing'}: {said}"
    )


def _kind_of(status: int, code: str) -> type[PushError]:
    if {str(status), code} & {"401", "403"}:
        return LockedOutError
    passing = status in (408, 425, 429) or status >= 500 or code[:1] == "5" or code == "429"
    return PushError if passing or not code else EntriesRefusedError


@functools.cache
def _session() -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    return session
