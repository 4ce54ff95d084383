"""The `X-QA-Hmac-Signature`, of its requests and of our pushes alike ("SMS request authentication").

The three values are sorted as strings and joined, white space is removed from the result, and its
HMAC-SHA256 under the key is written as lower-case hex. The key keeps its own white space where it
is the HMAC's key. The body is not signed: HTTPS, the clock and the nonce protect it.
"""

import hashlib
import hmac
import re

HEADER = "X-QA-Hmac-Signature"

# Java's \\s knows ASCII white space only.
_SPACE = re.compile(r"\s+", re.ASCII)


def make(key: str, timestamp: str, nonce: str) -> str:
    """The signature of a timestamp and a nonce, as they stand in the URL."""
    text = _SPACE.sub("", "".join(sorted((key, timestamp, nonce))))
    # A URL may hold half a character; it is nobody's signature, and no reason to fail.
    data = text.encode("utf-8", "surrogatepass")
    return hmac.new(key.encode(), data, hashlib.sha256).hexdigest()


def matches(given: str, key: str, timestamp: str, nonce: str) -> bool:
    """Whether a signature is right, in a time that says nothing about how wrong it is."""
    wanted = make(key, timestamp, nonce).encode()
    return hmac.compare_digest(given.strip().lower().encode("utf-8", "surrogatepass"), wanted)
