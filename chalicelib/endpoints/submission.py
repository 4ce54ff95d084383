"""What §5, §6 and §11 have in common: a request gets its bizId, or the one that it has already."""

import time
import uuid
from collections.abc import Mapping

from chalicelib.domain.send_request import SendRequest
from chalicelib.logs import log
from chalicelib.quickaudience.bodies import Send
from chalicelib.store import submissions
from chalicelib.store.templates import Revision


def submit(
    asked: Send,
    digest: str,
    revision: Revision,
    *,
    sign: str,
    recipients: int = 0,
    refused: int = 0,
    related: Mapping[str, str] | None = None,
) -> tuple[SendRequest, bool]:
    """Submit a request whose content has this digest, to be sent with a revision.

    Answers the request to go on with, and whether it was accepted before, so that nothing is to be done.
    """
    request, accepted = submissions.claim_submission(
        digest,
        SendRequest(
            out_id=asked.outId,
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
    if accepted:
        log.info("the same request again: nothing is sent", extra={"bizId": request.biz_id})
    return request, accepted
