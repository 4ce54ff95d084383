"""What Tencent pushes to us: statuses and replies, on one URL.

Nothing is looked up here. A payload is queued as it came and only then answered with
`{"result": 0, "errmsg": "OK"}`; anything else makes Tencent push it again (twice, by its FAQ).
Tencent signs nothing: the secret in the path is the only lock.
"""

import hmac
import json
import uuid
from typing import Any
from urllib.parse import unquote

from chalice.app import Request, Response

from chalicelib import settings
from chalicelib.campaigns import phones
from chalicelib.logs import log
from chalicelib.queues import sending

# Tencent pushes up to 100 statuses; more are taken all the same, in messages of that size, which
# leave room below SQS's 256 KiB.
_STATUSES_PER_MESSAGE = 100
_BYTES_PER_MESSAGE = 200 * 1024
# What is worked on within a push's time, far above what Tencent pushes: 100 statuses, or one reply, each of
# which travels in a message of its own.
_MOST_BYTES = 2 * 1024 * 1024
_MOST_EVENTS = 50_000
_MOST_REPLIES = 1000
# Characters of what stands for a phone.
_MOST_PHONE = 100


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
    events = payload if isinstance(payload, list) else [payload]
    if not all(isinstance(event, dict) for event in events):
        return _answer(400, "expected an array of statuses or a reply object")
    statuses: list[Any] = []
    replies: list[Any] = []
    for event in events:
        (replies if "text" in event and "sid" not in event else statuses).append(event)
    if len(events) > _MOST_EVENTS or len(replies) > _MOST_REPLIES:
        return _answer(400, "more statuses or replies than one push may have")
    try:
        if len(request.raw_body) > _BYTES_PER_MESSAGE and any(map(_is_too_large, events)):
            return _answer(400, "a status or a reply is larger than a queue takes")
        sending.send("callbacks", messages(statuses, replies))
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
    if len(body) > _MOST_BYTES:
        raise ValueError("larger than any push")
    text = body.decode() if isinstance(body, bytes) else body
    if request.method == "GET" and not text.strip():
        return dict((request.query_params or {}).items())
    return json.loads(text.removeprefix("\ufeff"))


def messages(statuses: list[Any], replies: list[Any]) -> list[dict[str, Any]]:
    """The messages that carry Tencent's events to settle: statuses together, replies singly.

    The document's own example pads its array with {}, which is nothing. Half a character, as a text
    that was cut has at its end, can't be queued and becomes a question mark.
    """
    made: list[dict[str, Any]] = []
    size = 0
    for status in filter(None, statuses):
        text = _encoded(status)
        last = made[-1]["statuses"] if made else []
        if not last or len(last) == _STATUSES_PER_MESSAGE or size + len(text) > _BYTES_PER_MESSAGE:
            made.append(message("statuses", last := []))
            size = 0
        last.append(json.loads(text))
        size += len(text)
    return made + [
        message("replies", [json.loads(_encoded(reply))]) for reply in filter(None, replies)
    ]


def phone_of(event: dict[str, Any]) -> str:
    """Whose phone a status or a reply is about, in our form; no more than fits into a key."""
    mobile = phones.from_tencent(str(event.get("nationcode") or ""), str(event.get("mobile") or ""))
    return mobile[:_MOST_PHONE]


def message(kind: str, events: list[Any]) -> dict[str, Any]:
    """A message for settle. Its id stays with it however often it is delivered, also from a dead-letter queue."""
    return {"id": uuid.uuid4().hex[:16], kind: events}


def _encoded(event: Any) -> bytes:
    return json.dumps(event, ensure_ascii=False).encode("utf-8", "replace")


def _is_too_large(event: Any) -> bool:
    return len(_encoded(event)) > _BYTES_PER_MESSAGE


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
