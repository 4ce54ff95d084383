"""Nonces: each is good for one request, and for that request's repetition byte for byte."""

import hashlib
import json
import time
from typing import Any

from chalicelib.store import table

# At least twice the clock's tolerance in either direction, whatever that is set to.
_MIN_RETENTION = 3600


def retention(clock_skew_seconds: int) -> int:
    """Seconds for which a nonce has to be remembered."""
    return max(_MIN_RETENTION, 4 * clock_skew_seconds)


def use(nonce: str, content: str, retention: int) -> tuple[bool, dict[str, Any] | None]:
    """Take a nonce for a request's content (a digest).

    Answers whether the content may be obeyed, and the answer that was given to it before, if one was
    kept: (True, None) the first time, (True, answer) when repeated, (False, None) for other content.
    """
    key = _key(nonce)
    if table.put_new(key | {"content": content, "expires": int(time.time()) + retention}):
        return True, None
    there = table.get(key["pk"], key["sk"], consistent=True) or {}
    if there.get("content") != content:
        return False, None
    return True, json.loads(there["answer"]) if "answer" in there else None


def save_answer(nonce: str, content: str, retention: int, answer: dict[str, Any]) -> None:
    """Keep the answer given, so that a repeated request gets it again and is not done again."""
    table.put(
        _key(nonce)
        | {
            "content": content,
            "expires": int(time.time()) + retention,
            "answer": json.dumps(answer, ensure_ascii=False),
        }
    )


def _key(nonce: str) -> table.Item:
    # Hashed, since nobody promises a nonce's length and a key's is limited.
    return table.key(f"NONCE#{hashlib.sha256(nonce.encode()).hexdigest()}", "-")
