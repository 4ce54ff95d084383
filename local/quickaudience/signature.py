"""The signature of Quick Audience's requests, and of the pushes that it receives."""

import hashlib
import hmac
import re
import secrets
import time

SIGNATURE_HEADER = "X-QA-Hmac-Signature"

# Java's \s matches ASCII white space only; Python's matches more.
_WHITESPACE = re.compile(r"[ \t\n\x0b\f\r]+")


def sign(key: str, timestamp: str, nonce: str) -> str:
    """Return the signature of a timestamp and a nonce, as the document's Java example computes it.

    The three values are sorted and joined. White space is removed from the joined text, but not
    from the key that signs it.
    """
    # Arrays.sort compares UTF-16 units, which differs from Python's order outside the BMP.
    joined = "".join(sorted((key, timestamp, nonce), key=lambda value: value.encode("utf-16-be")))
    text = _WHITESPACE.sub("", joined)
    return hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest()


def is_signed(key: str, timestamp: str, nonce: str, signature: str) -> bool:
    """Return whether a signature is valid for this key, timestamp and nonce, in constant time."""
    expected = sign(key, timestamp, nonce)
    # Compare bytes: compare_digest rejects str outside ASCII, which a header may contain.
    return hmac.compare_digest(expected.encode(), signature.lower().encode("utf-8", "replace"))


def new_timestamp() -> str:
    """Return the current time as Quick Audience writes it, in whole seconds."""
    return str(int(time.time()))


def new_nonce() -> str:
    """Return 32 random hexadecimal characters."""
    return secrets.token_hex(16)
