"""§6 and §11: accepting a campaign's recipients.

Everything that can be refused is refused here, before anything is sent; then the plan is kept and
queued, and only then is the request answered. Nothing is sent inside the request.
"""

import hashlib
import json
from collections.abc import Callable
from typing import Any

from chalicelib.domain.audience import Audience
from chalicelib.endpoints import digital_templates, signs, text_templates
from chalicelib.endpoints.submission import submit
from chalicelib.errors import Refused
from chalicelib.logs import log
from chalicelib.queues import sending
from chalicelib.queues.bodies import SendBody
from chalicelib.quickaudience import bodies
from chalicelib.quickaudience.bodies import SendBatchList
from chalicelib.store import chunks, send_requests, submissions, templates
from chalicelib.store.templates import Revision

FIELDS = {"bizId": ""}
"""§6's and §11's documented field."""


def send_batch_list(body: dict[str, Any]) -> dict[str, Any]:
    """Answer §6."""
    return _accept(body, text_templates.approved)


def send_digital_batch_list(body: dict[str, Any]) -> dict[str, Any]:
    """Answer §11: a text message, too, with a link in its template."""
    return _accept(body, digital_templates.approved)


def _accept(body: dict[str, Any], approved: Callable[[str], Revision]) -> dict[str, Any]:
    """Check, record, queue; `approved` finds the revision to be sent, and refuses templates of the other kind."""
    asked = bodies.read(SendBatchList, body)
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
        earlier = templates.get(request.template_code, request.revision)
        recipients = audience.recipients((earlier or revision).names)
    keys = chunks.record_plan(request, list(recipients.chunks()))
    send_requests.record(request)
    sending.send("sends", map(SendBody, keys))
    submissions.mark_accepted(digest, request)
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
