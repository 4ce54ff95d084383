"""§6 and §11: accept a campaign whose recipients are listed in the request.

    check everything ─▶ claim a bizId ─▶ store the plan ─▶ queue its chunks ─▶ answer

Whatever can be refused is refused here, before anything is sent. The request is answered only once its plan is
stored and queued. Nothing is sent within the request.
"""

import hashlib
import json
from collections.abc import Callable
from typing import Any

from chalicelib.domain.audience import Audience
from chalicelib.domain.planning import Failure
from chalicelib.endpoints import digital_templates, signs, submission, text_templates
from chalicelib.errors import Refused
from chalicelib.logs import log
from chalicelib.queues import sending
from chalicelib.queues.bodies import SendBody
from chalicelib.quickaudience import bodies
from chalicelib.quickaudience.bodies import SendBatchList
from chalicelib.store import chunks, send_requests, submissions, templates
from chalicelib.store.templates import Revision

FIELDS = {"bizId": ""}
"""The documented field of §6 and §11, with its value in a refusal."""


def send_batch_list(body: dict[str, Any]) -> dict[str, Any]:
    """Answer §6: accept a text campaign."""
    return _accept(body, text_templates.require_approved)


def send_digital_batch_list(body: dict[str, Any]) -> dict[str, Any]:
    """Answer §11: accept a digital campaign. It sends text messages, too, with a link in their template."""
    return _accept(body, digital_templates.require_approved)


def _accept(body: dict[str, Any], require_approved: Callable[[str], Revision]) -> dict[str, Any]:
    """Check a campaign, store it and queue its chunks.

    `require_approved` returns the revision of a templateCode, and refuses templates of the other kind.
    """
    fields = bodies.read(SendBatchList, body)
    numbers, params, blank = _without_blanks(fields)
    if fields.limit is not None and fields.limit < len(numbers):
        raise Refused(
            "isv.MOBILE_COUNT_OVER_LIMIT",
            f"手机号有 {len(numbers)} 个, 超过 limit 允许的 {fields.limit} 个: "
            "请减少手机号或调大 limit",
        )
    approved = signs.require_approved(fields.signName)
    revision = require_approved(fields.templateCode)
    signs.require_kind(approved, revision)
    sign = approved.name
    audience = Audience(numbers, params)
    recipients = audience.recipients(revision.names, submission.destinations(revision))
    accepted = recipients.accepted
    if not accepted and (failure := _failure_of_first(numbers, params, revision)):
        # Nothing can be sent to any number. The answer says why for the first one.
        raise Refused(failure.code, f"所有手机号都无法发送: {failure.message}")
    digest = _digest(fields, sign, audience)
    request, already_accepted = submission.claim(
        fields,
        digest,
        revision,
        sign=sign,
        recipients=accepted + recipients.refused + blank,
        refused=recipients.refused + blank,
        blank=blank,
        related=_related(fields),
    )
    if already_accepted:
        return {"bizId": request.biz_id}
    if request.revision != revision.number:
        # An earlier attempt at this request began with the revision that was approved then, and keeps it.
        revision = templates.get(request.template_code, request.revision) or revision
        recipients = audience.recipients(revision.names, submission.destinations(revision))
    submission.count_towards_daily_limit(request, recipients.accepted)
    keys = chunks.record_plan(request, list(recipients.chunks()))
    send_requests.record(request)
    sending.send("sends", (SendBody(key, since=request.accepted_at) for key in keys))
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


def _without_blanks(
    fields: SendBatchList,
) -> tuple[list[str], list[dict[str, Any]], int]:
    """Return the numbers and parameters without the entries that have no number, and how many those are."""
    numbers, params = fields.phoneNumberJson, fields.templateParamJson
    blank = numbers.count("")
    if blank and len(params) > 1:
        params = [one for number, one in zip(numbers, params, strict=True) if number]
    return list(filter(None, numbers)) if blank else numbers, params, blank


def _failure_of_first(
    numbers: list[str], params: list[dict[str, Any]], revision: Revision
) -> Failure | None:
    """Return why nothing can be sent to the first number."""
    first = Audience(numbers[:1], params[:1])
    return first.recipients(revision.names, submission.destinations(revision)).first_failure


def _digest(fields: SendBatchList, sign: str, audience: Audience) -> str:
    """Return the digest by which a repeated request is recognised.

    Two requests are the same if outId, sign, template, recipients and their parameters are.
    """
    head = json.dumps([fields.outId, sign, fields.templateCode])
    return hashlib.sha256(head.encode() + audience.digest()).hexdigest()


def _related(fields: SendBatchList) -> dict[str, str]:
    """Return the fields that are only stored, for the operator, without the empty ones."""
    related = fields.model_dump(
        include={"relatedAudienceId", "relatedTaskId", "relatedTaskType", "taskCreatorAccount"}
    )
    return {name: value for name, value in related.items() if value}
