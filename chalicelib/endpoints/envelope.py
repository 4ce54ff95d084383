"""What every request of Quick Audience goes through, and the envelope of every answer.

    authenticate ─▶ was this nonce used before? ─▶ the endpoint ─▶ envelope

An endpoint takes a body and gives a dict of its documented fields. What it raises becomes an answer
here: Chalice would give its own errors another shape before any middleware sees them.
"""

import hashlib
import os
import unicodedata
import uuid
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote_to_bytes

from chalice.app import Request, Response

from chalicelib import settings
from chalicelib.errors import ConfigurationError, Forbidden, NotFound, Refused
from chalicelib.lenient_json import loads
from chalicelib.logs import log
from chalicelib.quickaudience import authentication
from chalicelib.store import nonces

MAX_NAME = 100
"""Characters, of a sign's name or a template's code: longer ones would be no keys of the table."""

# What changes nothing may be done again; and a page of §12 may be larger than an item of the table.
_QUESTIONS = ("/sms/sendDetails",)

Body = dict[str, Any]
Answer = dict[str, Any]


def answer(
    request: Request, fields: Mapping[str, Any], endpoint: Callable[[Body], Answer]
) -> Response:
    """Answer a request by its endpoint.

    `fields` are the endpoint's documented fields, with what stands in them when it refuses: all
    documented names are always there, and a text is never null.
    """
    return _envelope(fields, lambda: _obey(request, endpoint))


def unknown_route(request: Request) -> Response:
    """Answer a request that no endpoint serves. It needs no signature: a wrong prefix is found sooner so."""

    def refuse() -> Answer:
        raise NotFound(
            f"no such interface: {request.method} {request.context.get('path') or request.path}"
        )

    return _envelope({}, refuse)


def raw(request: Request) -> bytes:
    """A request's body. Lambda hands it over as text, `chalice local` as bytes.

    Raises Refused for half a character, and for what API Gateway says is Base64 and isn't.
    """
    try:
        body = request.raw_body
    except ValueError:
        raise Refused("isv.INVALID_JSON_PARAM", "the body can't be decoded") from None
    return body.encode("utf-8", "surrogatepass") if isinstance(body, str) else body


def parse(raw_body: bytes) -> Body:
    """Read a JSON object, whatever content type it came with. Fractions stay the text they were.

    Raises Refused (isv.INVALID_JSON_PARAM) for anything else; an empty body is an empty object.
    """
    try:
        text = raw_body.decode("utf-8-sig")
        body = loads(text) if text.strip() else {}
    except ValueError as error:
        raise Refused(
            "isv.INVALID_JSON_PARAM", f"the body is not JSON in UTF-8: {str(error)[:100]}"
        ) from None
    if not isinstance(body, dict):
        raise Refused("isv.INVALID_JSON_PARAM", "the body must be a JSON object")
    return body


def path_names(raw: str) -> list[str]:
    """What a path parameter may mean, likeliest first.

    API Gateway and Chalice leave it percent-encoded, some proxies decode it, others encode it twice;
    and a decoded name may hold a literal %41. So all readings are tried against what is known.
    """
    names = [raw.encode("utf-8", "replace").decode()]
    for _ in range(2):
        decoded = unquote_to_bytes(names[-1])
        try:
            names.append(decoded.decode())
        except UnicodeDecodeError:
            names.append(decoded.decode("gbk", errors="replace"))
    return list(dict.fromkeys(map(_name, reversed(names))))


def _name(text: str) -> str:
    name = unicodedata.normalize("NFC", text).strip()
    # Nothing is called by more; what is cut is no name of anything, and fits into a key.
    return name if len(name) <= MAX_NAME else f"{name[:MAX_NAME]}…"


def _envelope(fields: Mapping[str, Any], obey: Callable[[], Answer]) -> Response:
    request_id = str(uuid.uuid4()).upper()
    log.append_keys(requestId=request_id)
    try:
        given, status = obey(), 200
    except Refused as error:
        log.info("refused", extra={"code": error.code, "why": error.message})
        given, status = {"code": error.code, "message": error.message}, error.http_status
    except RecursionError:
        # Wherever it was met: texts within texts within texts, which nothing here makes by itself.
        given, status = (
            {"code": "isv.INVALID_JSON_PARAM", "message": "the body is nested too deeply"},
            200,
        )
    except ConfigurationError:
        log.exception("the bridge is not configured")
        given, status = _failure("the bridge is not configured; its log says what is missing"), 500
    except Exception:
        log.exception("request failed")
        given, status = _failure("internal error; the same request may be sent again"), 500
    body = {
        **fields,
        "code": "OK",
        "message": "OK",
        **given,
        "platformName": _platform_name(),
        "requestId": request_id,
    }
    return Response(
        body, status_code=status, headers={"Content-Type": "application/json; charset=utf-8"}
    )


def _obey(request: Request, endpoint: Callable[[Body], Answer]) -> Answer:
    configured = settings.load()
    credentials = authentication.check(request, configured)
    # A body is none of GET's and DELETE's business.
    raw_body = raw(request) if request.method in ("POST", "PUT") else b""
    if credentials is None:
        return endpoint(parse(raw_body))
    parts = [
        request.method.encode(),
        request.path.encode(),
        repr(request.uri_params).encode(),
        raw_body,
    ]
    content = hashlib.sha256(b"\n".join(parts)).hexdigest()
    retention = nonces.retention(configured.qa_clock_skew_seconds)
    # Timestamp and nonce are signed without a border between them. Whoever moves digits across it has
    # another nonce and the same signature: so that is used up as well.
    allowed, _ = nonces.use(credentials.signature, credentials.nonce, retention)
    if not allowed:
        raise Forbidden("this signature was used with another nonce")
    nonce = credentials.nonce
    allowed, earlier = nonces.use(nonce, content, retention)
    if not allowed:
        raise Forbidden("this nonce was used for another request")
    if earlier is not None:
        return earlier
    given = endpoint(parse(raw_body))
    if request.method != "GET" and request.path not in _QUESTIONS:
        nonces.save_answer(nonce, content, retention, given)
    return given


def _failure(message: str) -> Answer:
    return {"code": "isp.SYSTEM_ERROR", "message": message}


def _platform_name() -> str:
    # Not from the settings: the envelope has to stand even where they are wrong.
    return os.environ.get("QA_PLATFORM_NAME", "")
