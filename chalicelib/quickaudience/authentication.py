"""Check that a request comes from Quick Audience ("SMS request authentication")."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from chalice.app import Request

from chalicelib.errors import Forbidden, Unauthorized
from chalicelib.quickaudience import push_nonces, signature
from chalicelib.settings import Settings

# The document says seconds; a larger timestamp can only be milliseconds.
_MILLISECONDS_FROM = 10**11


@dataclass(frozen=True, slots=True)
class Credentials:
    """The nonce, without white space and plus signs, and the signature of a request.

    Each is valid for one request.
    """

    nonce: str
    signature: str


def check(request: Request, configured: Settings) -> Credentials | None:
    """Check a request's source address, signature and timestamp; return its credentials, or None without any.

    With authentication off, neither the header nor the parameters are read: Quick Audience then sends an empty
    header, which proxies drop. Raises Forbidden for a foreign address, else Unauthorized.
    """
    if configured.qa_source_addresses:
        _check_source(source_address(request), configured.qa_source_addresses)
    if configured.qa_auth == "off":
        return None
    timestamp, nonce = _parameter(request, "timestamp"), _parameter(request, "nonce")
    given = request.headers.get(signature.HEADER) or ""
    if not timestamp or not nonce:
        raise Unauthorized("the URL parameters timestamp and nonce are required")
    if not given:
        raise Unauthorized(f"the header {signature.HEADER} is required")
    key, signed = _matching(given, configured.qa_keys, timestamp, nonce)
    if push_nonces.contains_one(signature.signed_text(key, timestamp, signed), key):
        raise Unauthorized("timestamp, nonce and signature are those of a push of this platform")
    _check_clock(timestamp, configured.qa_clock_skew_seconds)
    # White space is not signed, and a plus sign may be read as a blank: a nonce with others of them is the same nonce.
    return Credentials("".join(nonce.replace("+", " ").split()), given.strip().lower())


def source_address(request: Request) -> str:
    """Return the address that a request comes from, as API Gateway saw it; "" if it is not known."""
    identity = request.context.get("identity") or {}
    return str(identity.get("sourceIp") or "")


def _check_source(address: str, allowed: Iterable[str]) -> None:
    # Imported only where addresses are set.
    from ipaddress import ip_address, ip_network  # noqa: PLC0415

    try:
        source = ip_address(address)
    except ValueError:
        source = None
    if source is None or not any(
        source in ip_network(network, strict=False) for network in allowed
    ):
        raise Forbidden("requests from this address are not accepted")


def _matching(given: str, keys: Sequence[str], timestamp: str, nonce: str) -> tuple[str, str]:
    """Return the key and the reading of the nonce that a signature matches. Raises Unauthorized.

    A plus sign that is not percent-encoded means itself or a blank, depending on who reads the URL. So either reading
    may be the signed one.
    """
    readings = dict.fromkeys((nonce, nonce.replace(" ", "+"), nonce.replace("+", " ")))
    # A list, so that every pair is compared.
    matching = [
        (key, reading)
        for key in keys
        for reading in readings
        if signature.matches(given, key, timestamp, reading)
    ]
    if not matching:
        raise Unauthorized(
            "wrong signature: it must be the HMAC-SHA256, in hex, of key, timestamp and nonce, sorted and joined, "
            "under the key entered in Quick Audience"
        )
    return matching[0]


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
