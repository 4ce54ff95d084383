"""Submissions: which bizId the content of a request has, so that the same request sends once."""

import json
from dataclasses import asdict

from chalicelib.domain.periods import SAME_REQUEST_SECONDS
from chalicelib.domain.send_request import SendRequest
from chalicelib.store import table
from chalicelib.store.table import Item


def claim_submission(digest: str, request: SendRequest) -> tuple[SendRequest, bool]:
    """Give this content a bizId, or find the one that it has.

    Answers the request to go on with, and whether it was accepted to the end before. A request that
    began and did not end (a killed function) is gone on with under its own bizId and revision, so
    that chunks which are queued already are not planned a second time.
    """
    item = _submission(digest, request, accepted=False)
    while not table.put_new(item):
        there = table.get(item["pk"], item["sk"], consistent=True)
        if there is None:
            continue
        first = SendRequest(**json.loads(there["request"]))
        if first.accepted_at + SAME_REQUEST_SECONDS > request.accepted_at:
            return first, there["accepted"]
        if table.replace(item, "request", there["request"]):
            break
    return request, False


def mark_accepted(digest: str, request: SendRequest) -> None:
    """Keep that a request was accepted to the end: recorded and queued."""
    table.put(_submission(digest, request, accepted=True))


def withdraw(digest: str, biz_id: str) -> None:
    """Forget that this content was accepted under a bizId: the same request again is a new one.

    For a request that failed before anybody was sent to.
    """
    there = table.get(f"SUBMISSION#{digest}", "-", consistent=True)
    if there and json.loads(there["request"])["biz_id"] == biz_id:
        stale = SendRequest(**json.loads(there["request"]) | {"accepted_at": 0})
        table.replace(_submission(digest, stale, accepted=False), "request", there["request"])


def _submission(digest: str, request: SendRequest, *, accepted: bool) -> Item:
    return table.key(f"SUBMISSION#{digest}", "-") | {
        "request": json.dumps(asdict(request)),
        "accepted": accepted,
        "expires": request.accepted_at + SAME_REQUEST_SECONDS,
    }
