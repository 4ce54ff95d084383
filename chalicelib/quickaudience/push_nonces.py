"""Nonces of the bridge's pushes, which the bridge recognises when they come back to it.

Pushes to Quick Audience and its requests to the bridge have the same key and the same scheme, and the body is not
signed. Without a mark, anyone who sees one push could send its timestamp, nonce and signature to the bridge, with
any body. So each nonce of a push ends with a mark that only the owner of the key can make:

    a3f0c58b19d27e46a0b1c2d3 9e81f04c
    24 random hex digits     the mark: 8 hex digits of an HMAC of them under the key

The first digit is a letter. So the nonce follows the timestamp when both are sorted, and looks like any other nonce:
32 hex digits.
"""

import hashlib
import hmac
import re
import secrets

_RANDOM_DIGITS = 24
_MARK_DIGITS = 8
# A lookahead, so that overlapping matches are found, too.
_MARKED = re.compile(rf"(?=([a-f][0-9a-f]{{{_RANDOM_DIGITS - 1}}})([0-9a-f]{{{_MARK_DIGITS}}}))")
_PURPOSE = b"nonce of a push\0"


def new(key: str) -> str:
    """Return a new nonce for a push: 32 hex digits with the mark."""
    random = secrets.choice("abcdef") + secrets.token_hex(_RANDOM_DIGITS // 2)[1:]
    return random + _mark(key, random)


def contains_one(signed_text: str, key: str) -> bool:
    """Return whether the text that a request's signature covers contains the nonce of a push.

    Not only the nonce is searched: timestamp and nonce are signed without a separator, so the same signature also
    fits a nonce that has lost characters to the timestamp. A nonce that was not made for a push is mistaken for one
    with a probability of less than 1 in 100 million.
    """
    return any(
        hmac.compare_digest(_mark(key, match[1]), match[2])
        for match in _MARKED.finditer(signed_text)
    )


def _mark(key: str, random: str) -> str:
    data = _PURPOSE + random.encode()
    return hmac.new(key.encode(), data, hashlib.sha256).hexdigest()[:_MARK_DIGITS]
