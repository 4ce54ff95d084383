"""Check that a request comes from Quick Audience ("SMS request authentication")."""

import time
from dataclasses import dataclass

from chalice.app import Request

from chalicelib.errors import Unauthorized
from chalicelib.quickaudience import signature
from chalicelib.settings import Settings

# The document says seconds; a larger timestamp can only be milliseconds.
_MILLISECONDS_FROM = 10**11


@dataclass(frozen=True, slots=True)
class Credentials:
    """The nonce and the signature of a request. Each is valid for one request."""

    nonce: str
    signature: str


def check(request: Request, configured: Settings) -> Credentials | None:
    """Check a request's signature and timestamp; return its credentials, or None if authentication is off.

    With authentication off, neither the header nor the parameters are read: Quick Audience then sends an empty
    header, which proxies drop. Raises Unauthorized.
    """
    if configured.qa_auth == "off":
        return None
    timestamp, nonce = _parameter(request, "timestamp"), _parameter(request, "nonce")
    given = request.headers.get(signature.HEADER) or ""
    if not timestamp or not nonce:
        raise Unauthorized("the URL parameters timestamp and nonce are required")
    if not given:
        raise Unauthorized(f"the header {signature.HEADER} is required")
    if not signature.matches(given, configured.qa_key, timestamp, nonce):
        raise Unauthorized(
            "wrong signature: it must be the HMAC-SHA256, in hex, of key, timestamp and nonce, sorted and joined, "
            "under the key entered in Quick Audience"
        )
    _check_clock(timestamp, configured.qa_clock_skew_seconds)
    # White space is not signed: a nonce with other white space is the same nonce.
    return Credentials("".join(nonce.split()), given.strip().lower())


def _parameter(request: Request, name: str) -> str:
    """Return a URL parameter, the first one if it is repeated; "" without one.

    An unpaired surrogate, which can't be signed, becomes a question mark.
    """
    parameters = request.query_params
    text = str(parameters.getlist(name)[0]) if parameters and name in parameters else ""
    return text.encode("utf-8", "replace").decode()


def _check_clock(timestamp: str, tolerance: int) -> None:
    if not tolerance:
        return
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) < 16):
        raise Unauthorized("timestamp must be a time in seconds since 1970")
    seconds = int(timestamp)
    if seconds > _MILLISECONDS_FROM:
        seconds //= 1000
    distance = abs(time.time() - seconds)
    if distance > tolerance:
        raise Unauthorized(
            f"timestamp is {distance:.0f} s away from now; at most {tolerance} s are allowed"
        )
