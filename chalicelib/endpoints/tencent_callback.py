"""Tencent's callbacks: delivery statuses and replies, at one URL.

Nothing is looked up here. A payload is queued unchanged and only then acknowledged with
`{"result": 0, "errmsg": "OK"}`. After any other answer, Tencent pushes it again (twice, according to its FAQ).
Tencent signs nothing: the secret token in the path is the only protection.
"""

import hmac
import json
from typing import Any
from urllib.parse import unquote

from chalice.app import Request, Response

from chalicelib import deadline, settings
from chalicelib.logs import log
from chalicelib.queues import bodies, sending
from chalicelib.tencent import events

# Limits of one push. A push within them is queued in time. Tencent itself pushes up to 100 statuses or one reply
# at once. Each reply becomes a queue message of its own, so their limit is lower.
_MAX_BYTES = 2 * 1024 * 1024
_MAX_EVENTS = 50_000
_MAX_REPLIES = 1000


def receive(token: str, request: Request) -> Response:
    """Queue what Tencent pushed: an array of statuses, or a reply object.

    Answers 403 for a wrong token, 400 for any other payload, 500 if it could not be queued.
    """
    if refusal := _refusal(token):
        return refusal
    try:
        payload = _payload(request)
    except (ValueError, RecursionError):
        return _answer(400, "the body is not JSON, or is larger than any push")
    pushed = payload if isinstance(payload, list) else [payload]
    if not all(isinstance(event, dict) for event in pushed):
        return _answer(400, "expected an array of statuses or a reply object")
    statuses: list[Any] = []
    replies: list[Any] = []
    for event in pushed:
        (replies if events.is_reply(event) else statuses).append(event)
    if len(pushed) > _MAX_EVENTS or len(replies) > _MAX_REPLIES:
        return _answer(400, "more statuses or replies than one push may contain")
    try:
        if len(request.raw_body) > bodies.BYTES_PER_MESSAGE and any(map(_is_too_large, pushed)):
            return _answer(400, "a status or a reply is larger than a queue's message may be")
        with deadline.within():
            sending.send("callbacks", bodies.of_events(statuses, replies))
    except RecursionError:
        # Encoding recurses a little deeper than decoding, which succeeded.
        return _answer(400, "the body is nested too deeply")
    except Exception:
        log.exception(
            "callback not queued", extra={"statuses": len(statuses), "replies": len(replies)}
        )
        return _answer(500, "not queued, please push it again")
    log.info("callback queued", extra={"statuses": len(statuses), "replies": len(replies)})
    return _answer(0, "OK")


def _payload(request: Request) -> Any:
    """Return the payload: the body, or the URL's parameters for a reply by GET, which the document allows.

    Raises ValueError or RecursionError if it can't be read.
    """
    body = request.raw_body
    if len(body) > _MAX_BYTES:
        raise ValueError("larger than any push")
    text = body.decode() if isinstance(body, bytes) else body
    if request.method == "GET" and not text.strip():
        return dict((request.query_params or {}).items())
    return json.loads(text.removeprefix("\ufeff"))


def _is_too_large(event: Any) -> bool:
    return len(bodies.encoded(event)) > bodies.BYTES_PER_MESSAGE


def _refusal(token: str) -> Response | None:
    """Return the answer to a push that may not be queued; None if its token is valid."""
    try:
        valid = _is_valid(token)
    except Exception:
        log.exception("the callback URL's tokens can't be read")
        return _answer(500, "not queued, please push it again")
    return None if valid else _answer(403, "wrong token in the callback URL")


def _is_valid(token: str) -> bool:
    """Return whether a token is one of the configured ones, in a time that does not depend on how similar they are.

    A proxy in front may pass the path parameter percent-encoded or decoded, so both readings are compared.
    """
    readings = [reading.encode("utf-8", "replace") for reading in (token, unquote(token))]
    valid = [one.encode() for one in settings.load().tencent_callback_tokens]
    # A list, so that every pair is compared.
    matches = [hmac.compare_digest(reading, one) for reading in readings for one in valid]
    return any(matches)


def _answer(result: int, errmsg: str) -> Response:
    return Response({"result": result, "errmsg": errmsg}, status_code=result or 200)
