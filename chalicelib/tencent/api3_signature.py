"""The signature of a request to API 3.0: TC3-HMAC-SHA256 over its body, host, content type and second.

A signed request is valid for five minutes, and nothing in it prevents a replay. So it is signed just before it is sent,
and never sent again.
"""

import functools
import hashlib
import hmac
import time

SERVICE = "sms"
CONTENT_TYPE = "application/json"
_ALGORITHM = "TC3-HMAC-SHA256"
_SIGNED_HEADERS = "content-type;host"


def canonical_digest(host: str, body: bytes, content_type: str = CONTENT_TYPE) -> str:
    """Return the hexadecimal SHA-256 of the canonical request: a POST of a body to the path / of a host."""
    canonical = (
        f"POST\n/\n\ncontent-type:{content_type}\nhost:{host}\n\n{_SIGNED_HEADERS}\n"
        f"{hashlib.sha256(body).hexdigest()}"
    )
    return hashlib.sha256(canonical.encode()).hexdigest()


def authorization(
    secret_id: str,
    secret_key: str,
    host: str,
    timestamp: int,
    body: bytes,
    content_type: str = CONTENT_TYPE,
) -> str:
    """Return the value of the header Authorization.

    `host` and `content_type` are signed as the request's headers have them, `timestamp` as X-TC-Timestamp.
    """
    date = time.strftime("%Y-%m-%d", time.gmtime(timestamp))
    scope = f"{date}/{SERVICE}/tc3_request"
    digest = canonical_digest(host, body, content_type)
    text = f"{_ALGORITHM}\n{timestamp}\n{scope}\n{digest}"
    signature = hmac.digest(signing_key(secret_key, date), text.encode(), "sha256").hex()
    return (
        f"{_ALGORITHM} Credential={secret_id}/{scope}, SignedHeaders={_SIGNED_HEADERS}, "
        f"Signature={signature}"
    )


# Two dates, because calls of two threads may be signed around midnight.
@functools.lru_cache(maxsize=2)
def signing_key(secret_key: str, date: str) -> bytes:
    """Return the key that signs the requests of a UTC date."""
    key = f"TC3{secret_key}".encode()
    for text in (date, SERVICE, "tc3_request"):
        key = hmac.digest(key, text.encode(), "sha256")
    return key
