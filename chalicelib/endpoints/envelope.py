"""The steps that every request of Quick Audience passes through, and the envelope of every answer.

    check the signature ─▶ check the nonce ─▶ run the endpoint ─▶ wrap its fields in the envelope

An endpoint takes a body and returns a dict of its documented fields. This module turns the errors that it raises
into answers, because Chalice would give them a format of its own before any middleware sees them.
"""

import json
import os
import sys
import unicodedata
import uuid
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote_to_bytes

from chalice.app import Request, Response

from chalicelib import deadline, settings
from chalicelib.compact_json import COMPACT_JSON
from chalicelib.endpoints import repetitions
from chalicelib.errors import (
    ConfigurationError,
    Forbidden,
    NonceReused,
    NotFound,
    Refused,
    Unauthorized,
)
from chalicelib.lenient_json import NestedTooDeeplyError, is_blank, loads
from chalicelib.logs import begin, log
from chalicelib.quickaudience import authentication
from chalicelib.store import nonces

MAX_NAME = 100
"""Characters of a sign's name or a template's code: a longer one can't be a key of the table."""

# Characters of an unknown path that are repeated in the answer and the log.
_MAX_PATH = 200
_TOO_DEEP = "the body is nested too deeply"

Body = dict[str, Any]
Answer = dict[str, Any]


def answer(
    request: Request, fields: Mapping[str, Any], endpoint: Callable[[Body], Answer]
) -> Response:
    """Authenticate a request, run its endpoint, and return the response.

    `fields` are the endpoint's documented fields with their values in a refusal: an answer always has all
    documented names, and a text is never null.
    """
    with deadline.within():
        return _envelope(request, fields, lambda: _run(request, endpoint))


def unknown_route(request: Request) -> Response:
    """Answer a request that no endpoint serves. It needs no signature, so that a wrong prefix is found sooner."""

    def refuse() -> Answer:
        path = str(request.context.get("path") or request.path)
        shown = path if len(path) <= _MAX_PATH else f"{path[:_MAX_PATH]}…"
        raise NotFound(f"no such interface: {request.method} {shown}")

    return _envelope(request, {}, refuse)


def raw_body(request: Request) -> bytes:
    """Return a request's body. Lambda passes it as text, `chalice local` as bytes.

    Raises Refused for an unpaired surrogate, and for a body that API Gateway calls Base64 although it is not.
    """
    try:
        body = request.raw_body
    except ValueError:
        raise Refused("isv.INVALID_JSON_PARAM", "the body can't be decoded") from None
    return body.encode("utf-8", "surrogatepass") if isinstance(body, str) else body


def parse(raw: bytes) -> Body:
    """Parse a body as a JSON object, whatever its content type. Fractions are returned as their text.

    An empty body is an empty object. Raises Refused (isv.INVALID_JSON_PARAM) if it is no JSON object.
    """
    try:
        body = {} if is_blank(raw) else loads(raw)
    except NestedTooDeeplyError:
        raise Refused("isv.INVALID_JSON_PARAM", _TOO_DEEP) from None
    except ValueError as error:
        raise Refused(
            "isv.INVALID_JSON_PARAM", f"the body is not JSON: {str(error)[:100]}"
        ) from None
    if not isinstance(body, dict):
        raise Refused("isv.INVALID_JSON_PARAM", "the body must be a JSON object")
    return body


def path_names(raw: str) -> list[str]:
    """Return the names that a path parameter may stand for, likeliest first.

    API Gateway and Chalice leave it percent-encoded, some proxies decode it, others encode it twice, and a
    decoded name may contain a literal %41. So the caller looks up each of them.
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
    # No sign or template has a longer name. The ellipsis makes a cut name match none, and it still fits a key.
    return name if len(name) <= MAX_NAME else f"{name[:MAX_NAME]}…"


def wire_size(text: str) -> int:
    """Return how many bytes of Lambda's 6 MB a text of an answer takes: Python 3.11's runtime escapes characters."""
    return len(json.dumps(text, ensure_ascii=sys.version_info < (3, 12)).encode("utf-8", "replace"))


def _envelope(request: Request, fields: Mapping[str, Any], run: Callable[[], Answer]) -> Response:
    """Return the response with what `run` returns, or with the refusal or the error that it raises."""
    request_id = str(uuid.uuid4()).upper()
    begin(request_id)
    try:
        given, status = run(), 200
    except (Unauthorized, Forbidden) as error:
        _report_stranger(request, error)
        given, status = {"code": error.code, "message": error.message}, error.http_status
    except Refused as error:
        log.info("refused", extra={"code": error.code, "why": error.message})
        given, status = {"code": error.code, "message": error.message}, error.http_status
    except RecursionError:
        # Only a caller's nested JSON can cause it: no code of the bridge recurses deeply by itself.
        given, status = {"code": "isv.INVALID_JSON_PARAM", "message": _TOO_DEEP}, 200
    except deadline.OutOfTimeError:
        log.error("request not finished in time")
        given, status = _internal_error("处理超时, 请稍后重试: 同一请求可以重复发送"), 500
    except ConfigurationError:
        log.exception("the bridge is not configured")
        given, status = (
            _internal_error("the bridge is not configured; its log names the missing setting"),
            500,
        )
    except Exception:
        log.exception("request failed")
        given, status = _internal_error("internal error; the same request may be sent again"), 500
    body = {
        **fields,
        "code": "OK",
        "message": "OK",
        **given,
        "platformName": _platform_name(),
        "requestId": request_id,
    }
    # Encoded here: Chalice would escape every Chinese character, and Lambda would escape the escapes.
    text = COMPACT_JSON.encode(body).encode("utf-8", "replace").decode()
    return Response(
        text, status_code=status, headers={"Content-Type": "application/json; charset=utf-8"}
    )


def _report_stranger(request: Request, error: Refused) -> None:
    """Log and count a request that can't be shown to come from Quick Audience."""
    from chalicelib import metrics  # noqa: PLC0415 -- seldom needed, and the import takes time

    source = authentication.source_address(request)
    log.info("refused", extra={"code": error.code, "why": error.message, "source": source})
    if isinstance(error, NonceReused):
        metrics.count(NoncesReused=1)
    else:
        metrics.count(SignaturesRefused=1)


def _run(request: Request, endpoint: Callable[[Body], Answer]) -> Answer:
    """Check a request's signature, and run its endpoint unless its nonce shows that it is a repetition."""
    configured = settings.load()
    credentials = authentication.check(request, configured)
    # The body of a GET or a DELETE is ignored.
    raw = raw_body(request) if request.method in ("POST", "PUT") else b""
    if credentials is None:
        return endpoint(parse(raw))
    retention = nonces.retention(configured.qa_clock_skew_seconds)
    return repetitions.execute(request, raw, credentials, retention, lambda: endpoint(parse(raw)))


def _internal_error(message: str) -> Answer:
    return {"code": "isp.SYSTEM_ERROR", "message": message}


def _platform_name() -> str:
    # Not read by `settings.load`, so that the envelope is complete even if the settings are wrong.
    return os.environ.get("QA_PLATFORM_NAME", "")
