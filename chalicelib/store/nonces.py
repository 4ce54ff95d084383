"""Nonces: each is valid for one request, and for byte-for-byte repetitions of that request.

Of identical requests at the same moment, one is granted the exclusive use of the nonce and is executed; the others
can wait for its answer:

    use ──▶ Granted ──▶ save_answer ──▶ Answered, for every repetition
               │
               ├──▶ release: refused or failed; the next repetition is granted the nonce again
               └──▶ the function dies, and its claim ends after CLAIM_SECONDS
"""

import hashlib
import json
import time
import uuid
from dataclasses import dataclass
from typing import Any

from chalicelib.store import table

CLAIM_SECONDS = 35
"""How long a claim lasts: longer than a request, which Lambda ends after 29 seconds."""

# Seconds. The retention is at least this, and at least twice the accepted clock skew in each direction.
_MIN_RETENTION = 3600
# Each try is lost to another function that changed the item at the same moment.
_MAX_TRIES = 5


@dataclass(frozen=True, slots=True)
class Granted:
    """The caller must execute the request; with a claim, it alone. It passes this on to `save_answer` or `release`."""

    claim: str | None


@dataclass(frozen=True, slots=True)
class Answered:
    """The request was executed before, with this answer."""

    answer: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Running:
    """Another function is executing the same request."""


@dataclass(frozen=True, slots=True)
class Released:
    """The request is not being executed any longer: it was refused so, it failed, or its function died."""

    refusal: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Reused:
    """The nonce was used for other content: the request must be refused."""


def retention(clock_skew_seconds: int) -> int | None:
    """Return the seconds for which a nonce has to be stored: as long as its request could be sent again.

    None means for ever: without a check of the clock, a signed request never becomes too old.
    """
    return max(_MIN_RETENTION, 4 * clock_skew_seconds) if clock_skew_seconds else None


def use(
    nonce: str, content: str, retention: int | None, *, exclusive: bool
) -> Granted | Answered | Running | Reused:
    """Use a nonce for a request; `content` is the digest of the request.

    Requests that may be executed more than once, even at the same moment, need no exclusive use, and are never
    `Running`.
    """
    claim, now = uuid.uuid4().hex if exclusive else None, int(time.time())
    until = now + CLAIM_SECONDS if exclusive else None
    item = _item(nonce, content, retention) | {"owner": claim, "until": until}
    for _ in range(_MAX_TRIES):
        if table.put_new(item):
            return Granted(claim)
        used = table.get(item["pk"], item["sk"], consistent=True)
        if used is None:
            continue
        if used["content"] != content:
            return Reused()
        state = _state(used)
        if not isinstance(state, Released):
            return state
        if not exclusive or table.replace(item, "owner", used.get("owner")):
            return Granted(claim)
    return Running()


def look(nonce: str) -> Answered | Running | Released:
    """Return how far the request with this nonce is."""
    key = _key(nonce)
    used = table.get(key["pk"], key["sk"], consistent=True)
    return _state(used) if used else Released(None)


def save_answer(
    nonce: str, content: str, retention: int | None, granted: Granted, answer: dict[str, Any]
) -> None:
    """Store the answer to a request, so that a repetition gets the same answer and is not executed again.

    Nothing is stored if the claim has ended and another function has claimed the nonce since.
    """
    item = _item(nonce, content, retention)
    item |= {"owner": granted.claim, "answer": json.dumps(answer, ensure_ascii=False)}
    if granted.claim is None:
        table.put(item)
    else:
        table.replace(item, "owner", granted.claim)


def release(
    nonce: str,
    content: str,
    retention: int | None,
    granted: Granted,
    refusal: dict[str, Any] | None,
) -> None:
    """End a claim without an answer.

    Requests that wait for the answer get the refusal, if there is one. Later ones are executed again.
    """
    if granted.claim is None:
        return
    item = _item(nonce, content, retention) | {"owner": granted.claim, "until": 0}
    item["refusal"] = json.dumps(refusal, ensure_ascii=False) if refusal else None
    table.replace(item, "owner", granted.claim)


def _state(used: table.Item) -> Answered | Running | Released:
    if "answer" in used:
        return Answered(json.loads(used["answer"]))
    if used.get("until", 0) > time.time():
        return Running()
    return Released(json.loads(used["refusal"]) if "refusal" in used else None)


def _item(nonce: str, content: str, retention: int | None) -> table.Item:
    expires = None if retention is None else int(time.time()) + retention
    return _key(nonce) | {"content": content, "expires": expires}


def _key(nonce: str) -> table.Item:
    # Hashed, because the length of a nonce is not limited, but that of a key is.
    return table.key(f"NONCE#{hashlib.sha256(nonce.encode()).hexdigest()}", "-")
