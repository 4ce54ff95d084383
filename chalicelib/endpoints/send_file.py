"""§5: accept a campaign whose recipients are listed in a file.

Whatever can be refused without the file is refused here. Reading the file may take minutes and is done behind a
queue (`functions/read.py`). So `ops campaign show` reports what is wrong with a file, and each number that can
be read but not sent to gets a failure receipt.
"""

import hashlib
import json
from typing import Any
from urllib.parse import urlsplit

from chalicelib.endpoints import signs, submission, text_templates
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
"""The documented field of §5, with its value in a refusal."""


def send_batch(body: dict[str, Any]) -> dict[str, Any]:
    """Answer §5: check the request, store it, and queue its file."""
    fields = bodies.read(SendBatch, body)
    try:
        addresses.check_url(fields.phoneOssUrl)
    except addresses.FetchError as error:
        raise Refused("isv.INVALID_PARAMETERS", f"phoneOssUrl: {error}") from None
    approved = signs.require_approved(fields.signName)
    revision = text_templates.require_approved(fields.templateCode)
    signs.require_kind(approved, revision)
    sign = approved.name
    digest = _digest(fields, sign)
    request, already_accepted = submission.claim(fields, digest, revision, sign=sign)
    if already_accepted:
        return {"bizId": request.biz_id}
    files.record(
        File(
            out_id=request.out_id,
            biz_id=request.biz_id,
            url=fields.phoneOssUrl,
            digest=digest,
            expires=request.expires,
            limit=fields.limit or 0,
            unusual=0,
            accepted=0,
        )
    )
    send_requests.record(request, has_file=True)
    sending.send("files", [FileBody(request.out_id, request.biz_id)])
    submissions.mark_accepted(digest, request)
    log.info("accepted with a file", extra={"bizId": request.biz_id})
    return {"bizId": request.biz_id}


def _digest(fields: SendBatch, sign: str) -> str:
    """Return the digest by which a repeated request is recognised.

    Two requests are the same if outId, sign, template and file are. A file is identified by its URL without the
    query, because the query holds a signature: the same object may be signed again.
    """
    parts = urlsplit(fields.phoneOssUrl)
    address = [parts.scheme, parts.netloc.lower(), parts.path]
    content = json.dumps(["file", fields.outId, sign, fields.templateCode, address])
    return hashlib.sha256(content.encode()).hexdigest()
