"""The step that §5, §6 and §11 share: claim a bizId for a request, or find the one that it already has."""

import time
import uuid
from collections.abc import Mapping

from chalicelib.domain.send_request import SendRequest
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
    recipients: int = 0,
    refused: int = 0,
    related: Mapping[str, str] | None = None,
) -> tuple[SendRequest, bool]:
    """Claim the submission whose content has this digest; return `(request, already_accepted)`.

    `request` is the one to continue with: a new one that sends with `revision`, or an earlier one with the same
    content. If `already_accepted`, that earlier request was completely accepted, and there is nothing to do.
    """
    request, already_accepted = submissions.claim_submission(
        digest,
        SendRequest(
            out_id=fields.outId,
            biz_id=uuid.uuid4().hex,
            sign=sign,
            template_code=revision.code,
            revision=revision.number,
            tpl_id=revision.tpl_id,
            accepted_at=int(time.time()),
            recipients=recipients,
            refused=refused,
            related=related,
        ),
    )
    if already_accepted:
        log.info("repeated request: nothing is sent", extra={"bizId": request.biz_id})
    return request, already_accepted
