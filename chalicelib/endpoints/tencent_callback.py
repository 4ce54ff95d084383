"""Tencent's callbacks: delivery statuses and replies, at one URL.

Nothing is looked up here. Events are queued unchanged and only then acknowledged with
`{"result": 0, "errmsg": "OK"}`. After any other answer, Tencent pushes them again (twice, according to its FAQ).
Tencent signs nothing: the secret token in the path is the only protection.

What is neither a status nor a reply is logged, counted and acknowledged, because it would be the same the next time.
An empty push, with which a console tries the URL, is acknowledged, too.
"""

import hmac
import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any
from urllib.parse import parse_qsl, unquote

from chalice.app import Request, Response

from chalicelib import deadline, lenient_json, metrics, settings
from chalicelib.logs import begin, log, mask_numbers
from chalicelib.queues import batching, sending
from chalicelib.tencent import events
from chalicelib.tencent.events import Event

# Limits of one push. Tencent itself pushes up to 100 statuses or one reply at once.
_MAX_BYTES = 2 * 1024 * 1024
_MAX_EVENTS = 1000
# Fields of a form that are read. A reply has six.
_MAX_FIELDS = 100
# Of a part of a multipart form: the line between its headers and its value, and the field's name in its headers.
_EMPTY_LINE = re.compile(r"\r?\n\r?\n")
_NAME = re.compile(r"""[;\s]name=["']?(\w+)""", re.IGNORECASE)
_MAX_HEADERS = 1000
# Characters of a text in an event that is too large for a message of the queue.
_MAX_TEXT = 2000
# Characters of a discarded event in the log.
_MAX_LOGGED = 200


def receive(token: str, request: Request) -> Response:
    """Queue what Tencent pushed: an array of statuses, or a reply.

    Respond with 403 to a wrong token, 400 to a body that is no push, 500 if it could not be queued.
    """
    begin()
    if refusal := _refusal(token, request):
        return refusal
    try:
        payload = _payload(request)
    except lenient_json.NestedTooDeeplyError:
        return _answer(400, "the body is nested too deeply")
    except ValueError:
        return _answer(400, "the body is not JSON, or is larger than any push")
    if payload is not None and not _may_wrap(payload):
        return _answer(400, "expected an array of statuses or a reply object")
    pushed = [] if payload is None else list(islice(_events(payload), _MAX_EVENTS + 1))
    if len(pushed) > _MAX_EVENTS:
        return _answer(400, f"more than {_MAX_EVENTS} statuses or replies in one push")
    statuses = [event for event in pushed if isinstance(event, dict) and events.is_status(event)]
    replies = [event for event in pushed if isinstance(event, dict) and events.is_reply(event)]
    # An empty object is no event either: the document's own example pads its array with them.
    discarded = [event for event in pushed if event != {} and not _is_event(event)]
    if len(request.raw_body) > batching.BYTES_PER_MESSAGE:
        if not statuses and not replies:
            return _answer(400, "a large body without any status or reply")
        statuses, replies = list(map(_fitting, statuses)), list(map(_fitting, replies))
    counts = {"statuses": len(statuses), "replies": len(replies)}
    try:
        with deadline.within():
            sending.send("callbacks", batching.of_events(statuses, replies))
    except Exception:
        log.exception("callback not queued", extra=counts)
        return _answer(500, "not queued, please push it again")
    _report_discarded(discarded)
    log.info("callback queued", extra=counts)
    return _answer(0, "OK")


def _payload(request: Request) -> Any:
    """Return the payload: JSON, or a reply as a form or in the URL. The document allows POST, GET and JSON for replies.

    Raises ValueError if it can't be read.
    """
    body = request.raw_body
    if len(body) > _MAX_BYTES:
        raise ValueError("larger than any push")
    raw = body if isinstance(body, bytes) else body.encode("utf-8", "surrogatepass")
    if lenient_json.is_blank(raw):
        return dict((request.query_params or {}).items())
    try:
        return lenient_json.loads(raw, integers=True)
    except lenient_json.NestedTooDeeplyError:
        raise
    except ValueError:
        form = _form(raw)
        if not any(map(_is_event, _events(form))):
            raise
        return form


def _form(raw: bytes) -> dict[str, str]:
    """Return the fields of a form, URL-encoded or multipart. Raises ValueError if there are too many."""
    text = raw.decode("latin-1")
    fields = _multipart(text) if text.lstrip().startswith("--") else _url_encoded(text)
    # One encoding for all fields, because a short text alone may be valid in two.
    encoding = lenient_json.encoding_of(" ".join(value for _, value in fields).encode("latin-1"))
    return {
        name: value.encode("latin-1").decode(encoding, "replace").replace("\ufffd", "?")
        for name, value in fields
    }


def _url_encoded(text: str) -> list[tuple[str, str]]:
    return parse_qsl(text, keep_blank_values=True, encoding="latin-1", max_num_fields=_MAX_FIELDS)


def _multipart(text: str) -> list[tuple[str, str]]:
    """Return the fields of a multipart form. Its first line is its boundary, so no header is needed."""
    boundary, _, rest = text.lstrip().partition("\n")
    parts = rest.split("\n" + boundary.rstrip(), _MAX_FIELDS)
    if len(parts) > _MAX_FIELDS:
        raise ValueError("too many fields")
    fields: list[tuple[str, str]] = []
    for part in parts:
        headers, *value = _EMPTY_LINE.split(part.lstrip("\r\n"), maxsplit=1)
        name = _NAME.search(headers[:_MAX_HEADERS])
        if value and name:
            fields.append((name[1], value[0].removesuffix("\r")))
    return fields


def _events(value: Any) -> Iterator[Any]:
    """Yield the events in a payload, and whatever else it holds.

    Lists may hold lists, and an object or a text may wrap what Tencent pushed.
    """
    if isinstance(value, str) and _may_wrap(value):
        try:
            value = lenient_json.loads(value, integers=True)
        except ValueError:
            yield value
            return
    if isinstance(value, dict) and not _is_event(value):
        wrapped = [one for one in value.values() if _may_wrap(one)]
        if not wrapped:
            yield value
            return
        value = wrapped
    if isinstance(value, list):
        for one in value:
            yield from _events(one)
    else:
        yield value


def _may_wrap(value: Any) -> bool:
    """Return whether a value is a list or an object, perhaps as a JSON text."""
    return isinstance(value, dict | list) or (
        isinstance(value, str) and value.startswith(("{", "["))
    )


def _is_event(value: Any) -> bool:
    return isinstance(value, dict) and (events.is_reply(value) or events.is_status(value))


def _fitting(event: Event) -> Event:
    """Return an event that fits into a message of the queue: of a larger one, the documented fields, cut off."""
    if len(batching.encoded(event)) <= batching.BYTES_PER_MESSAGE:
        return event
    return {
        name: str(event[name])[:_MAX_TEXT] for name in events.FIELDS if event.get(name) is not None
    }


def _report_discarded(discarded: Sequence[Any]) -> None:
    if discarded:
        metrics.count(CallbacksDiscarded=len(discarded))
        sample = mask_numbers(str(discarded[0])[:_MAX_LOGGED])
        log.warning(
            "neither status nor reply, discarded",
            extra={"events": len(discarded), "first": sample},
        )


def _refusal(token: str, request: Request) -> Response | None:
    """Return the answer to a push that may not be queued; None if its token is valid."""
    try:
        valid = _is_valid(token)
    except Exception:
        log.exception("the callback URL's tokens can't be read")
        return _answer(500, "not queued, please push it again")
    if valid:
        return None
    source = str((request.context.get("identity") or {}).get("sourceIp") or "")
    log.warning("callback with a wrong token", extra={"source": source})
    metrics.count(CallbackTokensRefused=1)
    return _answer(403, "wrong token in the callback URL")


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
