"""What Tencent pushes to us: statuses and replies, on one URL.

Nothing is looked up here. A payload is queued as it came and only then answered with
`{"result": 0, "errmsg": "OK"}`; anything else makes Tencent push it again (twice, by its FAQ).
Tencent signs nothing: the secret in the path is the only lock.
"""

import hmac
import json
from typing import Any
from urllib.parse import unquote

from chalice.app import Request, Response

from chalicelib import settings
from chalicelib.logs import log
from chalicelib.queues import bodies, sending
from chalicelib.tencent import events

# What is worked on within a push's time, far above what Tencent pushes: 100 statuses, or one reply, each of
# which travels in a message of its own.
_MAX_BYTES = 2 * 1024 * 1024
_MAX_EVENTS = 50_000
_MAX_REPLIES = 1000


def receive(token: str, request: Request) -> Response:
    """Queue a push of Tencent's: an array of statuses or a reply object.

    403 for a wrong token, 400 for what is neither, 500 where it could not be queued.
    """
    if not _opens(token):
        return _answer(403, "wrong token in the callback URL")
    try:
        payload = _payload(request)
    except (ValueError, RecursionError):
        return _answer(400, "the body is not JSON, or larger than any push")
    pushed = payload if isinstance(payload, list) else [payload]
    if not all(isinstance(event, dict) for event in pushed):
        return _answer(400, "expected an array of statuses or a reply object")
    statuses: list[Any] = []
    replies: list[Any] = []
    for event in pushed:
        (replies if events.is_reply(event) else statuses).append(event)
    if len(pushed) > _MAX_EVENTS or len(replies) > _MAX_REPLIES:
        return _answer(400, "more statuses or replies than one push may have")
    try:
        if len(request.raw_body) > bodies.BYTES_PER_MESSAGE and any(map(_is_too_large, pushed)):
            return _answer(400, "a status or a reply is larger than a queue takes")
        sending.send("callbacks", bodies.of_events(statuses, replies))
    except RecursionError:
        # Reading it went just well; writing it goes a little deeper.
        return _answer(400, "the body is nested too deeply")
    except Exception:
        log.exception(
            "callback not queued", extra={"statuses": len(statuses), "replies": len(replies)}
        )
        return _answer(500, "not queued, please push it again")
    log.info("callback queued", extra={"statuses": len(statuses), "replies": len(replies)})
    return _answer(0, "OK")


def _payload(request: Request) -> Any:
    """What was pushed: the body, or for a reply by GET, which the document allows, the URL's parameters."""
    body = request.raw_body
    if len(body) > _MAX_BYTES:
        raise ValueError("larger than any push")
    text = body.decode() if isinstance(body, bytes) else body
    if request.method == "GET" and not text.strip():
        return dict((request.query_params or {}).items())
    return json.loads(text.removeprefix("\ufeff"))


def _is_too_large(event: Any) -> bool:
    return len(bodies.encoded(event)) > bodies.BYTES_PER_MESSAGE


def _opens(token: str) -> bool:
    """Compares with every token, in a time that doesn't tell which came near.

    Path parameters arrive percent-encoded, or decoded, depending on who stands in front.
    """
    given = [reading.encode("utf-8", "replace") for reading in (token, unquote(token))]
    known = settings.load().tencent_callback_tokens
    matches = [hmac.compare_digest(one, wanted.encode()) for one in given for wanted in known]
    return any(matches)


def _answer(result: int, errmsg: str) -> Response:
    return Response({"result": result, "errmsg": errmsg}, status_code=result or 200)
