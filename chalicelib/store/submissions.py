"""Submissions: the bizId that the content of a request was given, so that a repeated request sends only once."""

import json
import time
from dataclasses import asdict

from chalicelib.domain.periods import SAME_REQUEST_SECONDS
from chalicelib.domain.send_request import SendRequest
from chalicelib.store import table
from chalicelib.store.table import Item

# `accepted_at` of a withdrawn request: older than any time within which a request counts as the same.
_WITHDRAWN = 0


def claim_submission(digest: str, request: SendRequest) -> tuple[SendRequest, bool]:
    """Claim this content for a request, or find the earlier request that has the same content.

    Return the request to continue with, and whether it was already accepted completely. A request that was started
    but not completed (because its function was killed) is continued under its own bizId and revision, so that chunks
    that are already queued are not planned a second time.
    """
    item = _submission(digest, request, accepted=False)
    while not table.put_new(item):
        stored = table.get(item["pk"], item["sk"], consistent=True)
        if stored is None:
            continue
        earlier = table.read_as(SendRequest, json.loads(stored["request"]))
        if earlier.accepted_at + SAME_REQUEST_SECONDS > request.accepted_at:
            return earlier, stored["accepted"]
        if table.replace(item, "request", stored["request"]):
            break
    return request, False


def mark_accepted(digest: str, request: SendRequest) -> None:
    """Record that a request was accepted completely: it is stored and queued.

    Does nothing if it was withdrawn meanwhile: its file may have failed before its acceptance was recorded.
    """
    table.replace(
        _submission(digest, request, accepted=True), "request", json.dumps(asdict(request))
    )


def withdraw(digest: str, biz_id: str) -> None:
    """Expire the submission of this content under a bizId, so that the same content counts as a new request.

    For a request that failed before anything was sent. Does nothing if another request has this content by now.
    """
    stored = table.get(f"SUBMISSION#{digest}", "-", consistent=True)
    if stored and json.loads(stored["request"])["biz_id"] == biz_id:
        withdrawn = table.read_as(
            SendRequest, json.loads(stored["request"]), accepted_at=_WITHDRAWN
        )
        item = _submission(digest, withdrawn, accepted=False) | {"expires": int(time.time())}
        table.replace(item, "request", stored["request"])


def reclaim(digest: str, request: SendRequest) -> bool:
    """Give this content back to a request that was withdrawn; return whether it belongs to it now.

    Another request may have claimed the content meanwhile, however long ago.
    """
    item = _submission(digest, request, accepted=True)
    while not table.put_new(item):
        stored = table.get(item["pk"], item["sk"], consistent=True)
        if stored is None:
            continue
        holder = table.read_as(SendRequest, json.loads(stored["request"]))
        if holder.biz_id != request.biz_id and holder.accepted_at != _WITHDRAWN:
            return False
        if table.replace(item, "request", stored["request"]):
            break
    return True


def _submission(digest: str, request: SendRequest, *, accepted: bool) -> Item:
    return table.key(f"SUBMISSION#{digest}", "-") | {
        "request": json.dumps(asdict(request)),
        "accepted": accepted,
        "expires": request.accepted_at + SAME_REQUEST_SECONDS,
    }
