"""What Tencent pushes to us: statuses and replies, on one URL.

Nothing is looked up here. A payload is queued as it came and only then answered with
`{"result": 0, "errmsg": "OK"}`; anything else makes Tencent push it again (twice, by its FAQ).
Tencent signs nothing: the secret in the path is the only lock.
"""

import hmac
import json
from typing import Any

from chalice.app import Request, Response

from chalicelib import settings
from chalicelib.logs import log
from chalicelib.queues import sending

# Tencent pushes up to 100 statuses; more are taken all the same, in messages of that size.
_STATUSES_PER_MESSAGE = 100


def receive(token: str, request: Request) -> Response:
    """Queue a push of Tencent's: an array of statuses or a reply object.

    403 for a wrong token, 400 for what is neither, 500 where it could not be queued.
    """
    if not _opens(token):
        return _answer(403, "wrong token in the callback URL")
    try:
        body = request.raw_body
        payload = json.loads(body.decode("utf-8-sig") if isinstance(body, bytes) else body)
    except (ValueError, RecursionError):
        return _answer(400, "the body is not JSON")
    events = payload if isinstance(payload, list) else [payload]
    if not all(isinstance(event, dict) for event in events):
        return _answer(400, "expected an array of statuses or a reply object")
    # The document's own example pads the array with {}.
    given = [event for event in events if event]
    replies = [event for event in given if "text" in event and "sid" not in event]
    statuses = [event for event in given if event not in replies]
    try:
        sending.send("callbacks", _messages(statuses, replies))
    except Exception:
        log.exception(
            "callback not queued", extra={"statuses": len(statuses), "replies": len(replies)}
        )
        return _answer(500, "not queued, please push it again")
    log.info("callback queued", extra={"statuses": len(statuses), "replies": len(replies)})
    return _answer(0, "OK")


def _messages(statuses: list[Any], replies: list[Any]) -> list[dict[str, Any]]:
    parts = [
        statuses[first : first + _STATUSES_PER_MESSAGE]
        for first in range(0, len(statuses), _STATUSES_PER_MESSAGE)
    ]
    messages: list[dict[str, Any]] = [{"statuses": part} for part in parts]
    return messages + [{"replies": [reply]} for reply in replies]


def _opens(token: str) -> bool:
    """Compares with every token, in a time that doesn't tell which came near."""
    known = settings.load().tencent_callback_tokens
    matches = [hmac.compare_digest(token.encode(), one.encode()) for one in known]
    return any(matches)


def _answer(result: int, errmsg: str) -> Response:
    return Response({"result": result, "errmsg": errmsg}, status_code=result or 200)
