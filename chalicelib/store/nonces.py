"""Nonces: each is valid for one request, and for byte-for-byte repetitions of that request."""

import hashlib
import json
import time
from typing import Any

from chalicelib.store import table

# Seconds. The retention is at least this, and at least twice the accepted clock skew in each direction.
_MIN_RETENTION = 3600


def retention(clock_skew_seconds: int) -> int:
    """Return the seconds for which a nonce has to be stored."""
    return max(_MIN_RETENTION, 4 * clock_skew_seconds)


def use(nonce: str, content: str, retention: int) -> tuple[bool, dict[str, Any] | None]:
    """Use a nonce for a request, whose content is given as a digest.

    Return whether the request is allowed, and the stored answer to it: (True, None) the first time, (True, answer) if
    the request is repeated and its answer was stored, (False, None) if the nonce was used for other content.
    """
    key = _key(nonce)
    if table.put_new(key | {"content": content, "expires": int(time.time()) + retention}):
        return True, None
    used = table.get(key["pk"], key["sk"], consistent=True) or {}
    if used.get("content") != content:
        return False, None
    return True, json.loads(used["answer"]) if "answer" in used else None


def save_answer(nonce: str, content: str, retention: int, answer: dict[str, Any]) -> None:
    """Store the answer to a request, so that a repetition gets the same answer and is not executed again."""
    table.put(
        _key(nonce)
        | {
            "content": content,
            "expires": int(time.time()) + retention,
            "answer": json.dumps(answer, ensure_ascii=False),
        }
    )


def _key(nonce: str) -> table.Item:
    # Hashed, because the length of a nonce is not limited, but that of a key is.
    return table.key(f"NONCE#{hashlib.sha256(nonce.encode()).hexdigest()}", "-")
