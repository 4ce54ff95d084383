"""§6 and §11: accepting a campaign's recipients.

Everything that can be refused is refused here, before anything is sent; then the plan is kept and
queued, and only then is the request answered. Nothing is sent inside the request.
"""

import hashlib
import json
from collections.abc import Callable
from typing import Any

from chalicelib.campaigns.audience import Audience
from chalicelib.errors import Refused
from chalicelib.functions import attempt
from chalicelib.logs import log
from chalicelib.queues import sending
from chalicelib.quickaudience import digital, requests, signs, templates
from chalicelib.quickaudience.requests import SendBatchList
from chalicelib.quickaudience.submission import submit
from chalicelib.store import campaigns
from chalicelib.store import templates as revisions
from chalicelib.store.templates import Revision

FIELDS = {"bizId": ""}
"""§6's and §11's documented field."""


def send_batch_list(body: dict[str, Any]) -> dict[str, Any]:
    """Answer §6."""
    return _accept(body, templates.approved)


def send_digital_batch_list(body: dict[str, Any]) -> dict[str, Any]:
    """Answer §11: a text message, too, with a link in its template."""
    return _accept(body, digital.approved)


def _accept(body: dict[str, Any], approved: Callable[[str], Revision]) -> dict[str, Any]:
    """Check, record, queue; `approved` finds the revision to be sent, and refuses templates of the other kind."""
    asked = requests.read(SendBatchList, body)
    numbers, objects = asked.phoneNumberJson, asked.templateParamJson
    if asked.limit is not None and asked.limit < len(numbers):
        raise Refused(
            "isv.MOBILE_COUNT_OVER_LIMIT",
            f"手机号有 {len(numbers)} 个, 超过 limit 允许的 {asked.limit} 个: "
            "请减少手机号或调大 limit",
        )
    sign = signs.approved(asked.signName)
    revision = approved(asked.templateCode)
    audience = Audience(numbers, objects)
    recipients = audience.recipients(revision.names)
    messages = recipients.accepted
    first = Audience(numbers[:1], objects[:1])
    if not messages and (failure := first.recipients(revision.names).first_failure):
        raise Refused(failure.code, f"所有手机号都无法发送: {failure.message}")
    digest = _digest(asked, sign, audience)
    request, accepted = submit(
        asked,
        digest,
        revision,
        sign=sign,
        recipients=messages + recipients.refused,
        refused=recipients.refused,
        related=_related(asked),
    )
    if accepted:
        return {"bizId": request.biz_id}
    if request.revision != revision.number:
        # Begun earlier, under a revision that was then the approved one: it goes on under that one.
        earlier = revisions.get(request.template_code, request.revision)
        recipients = audience.recipients((earlier or revision).names)
    pointers = campaigns.record_plan(request, list(recipients.chunks()))
    campaigns.record_request(request)
    sending.send("sends", (attempt.body(pointer, 0) for pointer in pointers))
    campaigns.accepted(digest, request)
    log.info(
        "accepted",
        extra={
            "bizId": request.biz_id,
            "recipients": request.recipients,
            "refused": request.refused,
        },
    )
    return {"bizId": request.biz_id}


def _digest(asked: SendBatchList, sign: str, audience: Audience) -> str:
    """What makes two requests the same one: outId, sign, template, and who gets what."""
    head = json.dumps([asked.outId, sign, asked.templateCode])
    return hashlib.sha256(head.encode() + audience.digest()).hexdigest()


def _related(asked: SendBatchList) -> dict[str, str]:
    related = asked.model_dump(
        include={"relatedAudienceId", "relatedTaskId", "relatedTaskType", "taskCreatorAccount"}
    )
    return {name: value for name, value in related.items() if value}
