"""§5: accepting a campaign whose recipients stand in a file.

What can be refused without the file is refused here; the file itself may take minutes and is read
behind a queue (`functions/read.py`), so what is wrong with it is told by `ops campaign show` and, for
each number that can be read, by a failure receipt.
"""

import hashlib
import json
from typing import Any
from urllib.parse import urlsplit

from chalicelib.endpoints import signs, text_templates
from chalicelib.endpoints.submission import submit
from chalicelib.errors import Refused
from chalicelib.fetching import addresses
from chalicelib.logs import log
from chalicelib.queues import sending
from chalicelib.queues.bodies import FileBody
from chalicelib.quickaudience import bodies
from chalicelib.quickaudience.bodies import SendBatch
from chalicelib.store import files, send_requests, submissions
from chalicelib.store.files import File

FIELDS = {"bizId": ""}
"""§5's documented field."""


def send_batch(body: dict[str, Any]) -> dict[str, Any]:
    """Answer §5: check, record, queue."""
    asked = bodies.read(SendBatch, body)
    try:
        addresses.check_url(asked.phoneOssUrl)
    except addresses.FetchError as error:
        raise Refused("isv.INVALID_PARAMETERS", f"phoneOssUrl: {error}") from None
    sign = signs.approved(asked.signName)
    revision = text_templates.approved(asked.templateCode)
    digest = _digest(asked, sign)
    request, accepted = submit(asked, digest, revision, sign=sign)
    if accepted:
        return {"bizId": request.biz_id}
    files.record(
        File(
            out_id=request.out_id,
            biz_id=request.biz_id,
            url=asked.phoneOssUrl,
            digest=digest,
            expires=request.expires,
            limit=asked.limit or 0,
        )
    )
    send_requests.record(request)
    sending.send("files", [FileBody(request.out_id, request.biz_id)])
    submissions.mark_accepted(digest, request)
    log.info("accepted with a file", extra={"bizId": request.biz_id})
    return {"bizId": request.biz_id}


def _digest(asked: SendBatch, sign: str) -> str:
    """What makes two requests the same one: outId, sign, template and file.

    A file is known by its address without the query, which holds a signature: signed anew, it is the
    same object.
    """
    parts = urlsplit(asked.phoneOssUrl)
    place = [parts.scheme, parts.netloc.lower(), parts.path]
    content = json.dumps(["file", asked.outId, sign, asked.templateCode, place])
    return hashlib.sha256(content.encode()).hexdigest()
