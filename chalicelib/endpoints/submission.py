"""The step that §5, §6 and §11 share: claim a bizId for a request, or find the one that it already has."""

import time
import uuid
from typing import Any

from chalicelib import settings
from chalicelib.domain.destinations import Destinations
from chalicelib.domain.send_request import SendRequest
from chalicelib.errors import Refused
from chalicelib.logs import log
from chalicelib.quickaudience.bodies import Send
from chalicelib.store import submissions
from chalicelib.store.templates import Revision


def claim(
    fields: Send,
    digest: str,
    revision: Revision,
    *,
    sign: str,
    **fields_of_a_list: Any,
) -> tuple[SendRequest, bool]:
    """Claim the submission whose content has this digest; return `(request, already_accepted)`.

    `request` is the one to continue with: a new one that sends with `revision`, or an earlier one with the same
    content. If `already_accepted`, that earlier request was completely accepted, and there is nothing to do.
    `fields_of_a_list` are further fields of a new one (§6, §11). Raises Refused if the earlier request was stopped.
    """
    new = SendRequest(
        out_id=fields.outId,
        biz_id=uuid.uuid4().hex,
        sign=sign,
        template_code=revision.code,
        revision=revision.number,
        tpl_id=revision.tpl_id,
        accepted_at=int(time.time()),
        **fields_of_a_list,
    )
    request, already_accepted = submissions.claim_submission(digest, new)
    if request.biz_id != new.biz_id:
        _refuse_if_stopped(request)
    if already_accepted:
        log.info("repeated request: nothing is sent", extra={"bizId": request.biz_id})
    return request, already_accepted


def _refuse_if_stopped(request: SendRequest) -> None:
    # Imported only for repetitions, for the sake of cold starts.
    from chalicelib.store import halts  # noqa: PLC0415

    if halts.is_stopped(request.out_id, request.biz_id):
        log.info("repeated request: it was stopped", extra={"bizId": request.biz_id})
        raise Refused(
            "isv.BUSINESS_LIMIT_CONTROL",
            f"相同的请求(bizId {request.biz_id})已被管理员停止, 不会再发送: 如需发送请联系管理员",
        )


def destinations(revision: Revision) -> Destinations:
    """Return where a request that uses this revision may send."""
    countries = settings.load().allowed_countries
    return Destinations.of_template(revision.kind, countries, anywhere=revision.anywhere)


def count_towards_daily_limit(request: SendRequest, recipients: int) -> None:
    """Count the recipients towards DAILY_LIMIT, if there is one. Raises Refused if they don't fit into today."""
    limit = settings.load().daily_limit
    if not limit:
        return
    # Imported only where there is a limit, for the sake of cold starts.
    from chalicelib.store import daily_counts  # noqa: PLC0415

    if not daily_counts.count(request, recipients, limit, int(time.time())):
        raise over_daily_limit(limit, recipients)


def over_daily_limit(limit: int, recipients: int) -> Refused:
    """Return the refusal of recipients who don't fit into today's DAILY_LIMIT."""
    return Refused(
        "isv.DAY_LIMIT_CONTROL",
        f"今日受理的收件人数将超过上限 {limit}(DAILY_LIMIT), 本次 {recipients} 个都不会发送: "
        "请明日再发或联系管理员",
    )
