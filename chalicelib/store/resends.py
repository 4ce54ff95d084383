"""Resends: new requests under the outId of a campaign, for recipients who were never sent to (docs/decisions/0061).

One item for each outId, `RESENDS`, decides which of several resends counts. A resend begins by storing the bizIds of
its requests there, under a new token. Then it plans its chunks. The commit is one transaction: it needs that token, and
stores the requests. So of several resends that began, only the one that began last can commit, and everything that was
planned under the bizIds of another one counts for nothing.
"""

import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from botocore.exceptions import ClientError

from chalicelib import aws
from chalicelib.domain.periods import RETENTION_SECONDS
from chalicelib.domain.send_request import SendRequest
from chalicelib.store import conflicts, daily_counts, send_requests, table
from chalicelib.store.table import Item

MAX_REQUESTS = 30
"""Requests of one resend: a transaction has at most 100 actions, three for each request and two more."""

# The item outlives what was planned under the bizIds that it names.
_MARGIN_SECONDS = 4 * 24 * 3600
_FAILED = "ConditionalCheckFailed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Resends:
    """What is stored of the resends of a campaign. The field names are stored, so they must not change.

    - `token` identifies the state; every change sets a new one, and needs the one that was read.
    - `begun` has the bizIds of requests that were planned, perhaps in part, and not committed, each with its
      `accepted_at`. They never will be, unless they belong to the resend that began last.
    - `unqueued` are the bizIds of committed requests whose chunks are perhaps not all queued.
    """

    out_id: str
    token: str = ""
    begun: Mapping[str, int] = field(default_factory=dict)
    unqueued: tuple[str, ...] = ()


def get(out_id: str) -> Resends:
    """Return what is stored of the resends of a campaign."""
    item = table.get(f"OUT#{out_id}", "RESENDS", consistent=True)
    if item is None:
        return Resends(out_id=out_id)
    return table.read_as(Resends, item, out_id=out_id, unqueued=tuple(item["unqueued"]))


def begin(known: Resends, requests: Sequence[SendRequest]) -> Resends | None:
    """Begin a resend that consists of these requests; return None if another one began since `known` was read.

    All chunks of `known.unqueued` must be queued.
    """
    begun = {**known.begun, **{request.biz_id: request.accepted_at for request in requests}}
    started = Resends(out_id=known.out_id, token=uuid.uuid4().hex, begun=begun)
    return started if _replaced(known, started) else None


def overtake(out_id: str) -> Resends:
    """Let every resend of a campaign that is not committed yet end without sending anything; return the new state."""
    while True:
        overtaken = get(out_id)
        renewed = renew(overtaken)
        if renewed:
            return renewed


def renew(known: Resends) -> Resends | None:
    """Overtake the resends that read the same state; return None if another one has changed it since."""
    renewed = replace(known, token=uuid.uuid4().hex)
    return renewed if _replaced(known, renewed) else None


def _replaced(known: Resends, new: Resends) -> bool:
    item = _item(new)
    return table.replace(item, "token", known.token) if known.token else table.put_new(item)


Refusal = Literal["overtaken", "limit"]
"""Why a resend can't be committed: another one began after it, or its recipients exceed DAILY_LIMIT."""


def commit(
    begun: Resends, requests: Sequence[SendRequest], daily_limit: int | None
) -> Resends | Refusal:
    """Accept the requests of the resend that began last, all of them or none, and count them towards DAILY_LIMIT."""
    biz_ids = tuple(request.biz_id for request in requests)
    left = {biz_id: at for biz_id, at in begun.begun.items() if biz_id not in biz_ids}
    done = Resends(out_id=begun.out_id, token=uuid.uuid4().hex, begun=left, unqueued=biz_ids)
    changes = [_put(_item(done), "#token = :token", begun.token)]
    changes += [_put(item) for request in requests for item in send_requests.items(request)]
    recipients = sum(request.recipients for request in requests)
    if daily_limit:
        if recipients > daily_limit:
            return "limit"
        changes += [daily_counts.mark_counted(one, one.recipients) for one in requests]
        changes.append(daily_counts.add(recipients, daily_limit, int(time.time())))
    try:
        conflicts.retried(lambda: aws.dynamodb().transact_write_items(TransactItems=changes))
    except ClientError as error:
        reasons: Any = error.response.get("CancellationReasons") or [{}]
        if reasons[0].get("Code") == _FAILED:
            # If an answer was lost, this was a repetition: the transaction is done, and has stored the requests.
            return done if _is_stored(requests[0]) else "overtaken"
        if daily_limit and reasons[-1].get("Code") == _FAILED:
            return "limit"
        raise
    return done


def mark_queued(committed: Resends) -> None:
    """Record that all chunks of `committed.unqueued` are queued. Does nothing if another resend has begun since."""
    queued = Resends(out_id=committed.out_id, token=uuid.uuid4().hex, begun=committed.begun)
    table.replace_where(_item(queued), {"unqueued": list(committed.unqueued)})


def _is_stored(request: SendRequest) -> bool:
    key = f"OUT#{request.out_id}", f"REQUEST#{request.biz_id}"
    return table.get(*key, consistent=True) is not None


def _item(resends: Resends) -> Item:
    return table.key(f"OUT#{resends.out_id}", "RESENDS") | {
        "token": resends.token,
        "begun": dict(resends.begun),
        "unqueued": list(resends.unqueued),
        "expires": int(time.time()) + RETENTION_SECONDS + _MARGIN_SECONDS,
    }


def _put(item: Item, condition: str = "attribute_not_exists(pk)", token: str = "") -> Any:
    action: dict[str, Any] = {
        "TableName": table.table_name(),
        "Item": table.pack(item),
        "ConditionExpression": condition,
    }
    if token:
        action["ExpressionAttributeNames"] = {"#token": "token"}
        action["ExpressionAttributeValues"] = table.pack({":token": token})
    return {"Put": action}
