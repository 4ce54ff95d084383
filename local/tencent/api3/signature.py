"""The signature TC3-HMAC-SHA256 of a call. It signs the bytes and headers as they arrived."""

import hashlib
import hmac
import time
from collections.abc import Mapping

ALGORITHM = "TC3-HMAC-SHA256"
SERVICE = "sms"


def utc_date(timestamp: int) -> str:
    """Return the date of a timestamp in UTC, as ``yyyy-mm-dd``."""
    return time.strftime("%Y-%m-%d", time.gmtime(timestamp))


def canonical_request(headers: Mapping[str, str], signed: str, body: bytes) -> str:
    """Return what is signed of a request.

    Args:
        headers: the request's headers, in any case.
        signed: the names of the signed headers, as in Authorization: ``content-type;host``.
        body: the request's body.
    """
    lines = (f"{name}:{_canonical_value(name, headers[name])}\n" for name in signed.split(";"))
    digest = hashlib.sha256(body).hexdigest()
    return f"POST\n/\n\n{''.join(lines)}\n{signed}\n{digest}"


def _canonical_value(name: str, value: str) -> str:
    # Content-Type and Host are signed as they are sent, whatever their case.
    return value.strip() if name in {"content-type", "host"} else value.strip().lower()


def sign(secret_key: str, timestamp: int, request: str) -> str:
    """Return the signature of a canonical request that is sent at a time in epoch seconds."""
    date = utc_date(timestamp)
    scope = f"{date}/{SERVICE}/tc3_request"
    digest = hashlib.sha256(request.encode()).hexdigest()
    key = f"TC3{secret_key}".encode()
    for part in (date, SERVICE, "tc3_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    text = f"{ALGORITHM}\n{timestamp}\n{scope}\n{digest}"
    return hmac.digest(key, text.encode(), "sha256").hex()
