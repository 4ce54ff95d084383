"""The header `X-QA-Hmac-Signature`, in requests and pushes alike ("SMS request authentication").

Key, timestamp and nonce are sorted as strings and joined, and white space is removed from the result. The
signature is its HMAC-SHA256 under the key, as lower-case hex. As the HMAC's key, the key keeps its white space.
The body is not signed: HTTPS, the timestamp and the nonce protect it.
"""

import hashlib
import hmac
import re

HEADER = "X-QA-Hmac-Signature"

# Java's \\s matches ASCII white space only.
_SPACE = re.compile(r"\s+", re.ASCII)


def signed_text(key: str, timestamp: str, nonce: str) -> str:
    """Return the text that is signed. Different pairs of timestamp and nonce may have the same text."""
    return _SPACE.sub("", "".join(sorted((key, timestamp, nonce))))


def make(key: str, timestamp: str, nonce: str) -> str:
    """Return the signature of a timestamp and a nonce, both as they are in the URL."""
    text = signed_text(key, timestamp, nonce)
    # A URL may contain an unpaired surrogate. No valid signature has one, so it must not raise an error here.
    data = text.encode("utf-8", "surrogatepass")
    return hmac.new(key.encode(), data, hashlib.sha256).hexdigest()


def matches(given: str, key: str, timestamp: str, nonce: str) -> bool:
    """Return whether a signature is right, in a time that does not depend on how wrong it is."""
    wanted = make(key, timestamp, nonce).encode()
    return hmac.compare_digest(given.strip().lower().encode("utf-8", "surrogatepass"), wanted)
