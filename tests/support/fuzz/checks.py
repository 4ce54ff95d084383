"""The rules that every answer has to follow, whatever the request."""

import json
import re
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from chalicelib import __version__
from tests.support.documents.openapi import PATH, route_of
from tests.support.fuzz.gateway import Answered, Asked, Gateway
from tests.support.in_process.quickaudience import PLATFORM

_DOCUMENT = json.loads(Path(PATH).read_text())
_ENVELOPE: dict[str, Any] = {
    "type": "object",
    "properties": {
        name: {"type": "string"} for name in ("platformName", "code", "message", "requestId")
    },
}
_TYPES = {"string": str, "integer": int, "array": list, "object": dict}
_SECOND = 1.0
SENDS = ("/sms/sendBatch", "/sms/sendBatchList", "/sms/sendDigitalBatchList")
CALLBACK = "/tencent/{token}/callback"


def ask(gateway: Gateway, asked: Asked, seconds: float = _SECOND) -> Answered:
    """Send a request, and check the answer.

    A slow request is sent again before it counts as slow. If reading the body as JSON alone takes a third of the
    limit, the machine is slow and not the bridge.
    """
    answered = gateway.ask(asked)
    check(answered)
    if answered.seconds > seconds:
        again = min(gateway.ask(asked).seconds for _ in range(2))
        assert again <= max(seconds, 3 * _reading(asked)), (
            f"{again:.2f} s of work for {_short(asked)}"
        )
    return answered


def _reading(asked: Asked) -> float:
    """Return the seconds that Python's JSON reader takes for a body, garbage collection included."""
    began = time.process_time()
    with suppress(ValueError, RecursionError):
        json.loads(asked.body or b"")
    return time.process_time() - began


def check(answered: Answered) -> None:
    """Assert that an answer is no 5xx, follows docs/openapi.json, and queued something only if it is OK."""
    asked, status = answered.asked, answered.status
    said = f"{status} {answered.text[:200]} for {_short(asked)}"
    assert status < 500, said
    if asked.route.startswith("/sms"):
        assert answered.headers["content-type"] == "application/json; charset=utf-8", said
        assert _problem(answered.body, _schema(asked, "200")) is None, said
        assert answered.body["platformName"] == PLATFORM, said
        _check_code(status, answered.body["code"], said)
        assert not answered.queued or (answered.body["code"] == "OK" and asked.route in SENDS), said
    elif asked.route == CALLBACK:
        assert _problem(answered.body, _schema(asked, str(status))) is None, said
        assert answered.body["result"] == (0 if status == 200 else status), said
        assert not answered.queued or status == 200, said
    elif asked.route == "/m/{code}":
        assert status in (200, 404), said
        assert answered.headers["content-type"] == "text/html; charset=utf-8", said
        assert "default-src 'none'" in answered.headers["content-security-policy"]
        assert not answered.queued, said
    else:
        assert (status, answered.body) == (200, {"status": "ok", "version": __version__}), said


def _check_code(status: int, code: str, said: str) -> None:
    if status == 200:
        assert code == "OK" or re.fullmatch(r"is[vp]\.[A-Z_]+", code), said
    else:
        assert (status, code) in ((401, "401"), (403, "403"), (404, "404")), said


def _schema(asked: Asked, status: str) -> dict[str, Any]:
    """Return the schema of an answer in the document; that of the envelope for a route that is not in it."""
    for path, methods in _DOCUMENT["paths"].items():
        if route_of(path) == asked.route and asked.method.lower() in methods:
            answer = methods[asked.method.lower()]["responses"][status]
            name = answer["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
            found: dict[str, Any] = _DOCUMENT["components"]["schemas"][name]
            return found
    return _ENVELOPE


def _problem(value: Any, schema: dict[str, Any], place: str = "") -> str | None:
    """Return what in a value differs from its schema. Supports the part of JSON Schema that answers use."""
    kind = _TYPES[schema["type"]]
    if type(value) is not kind:
        return f"{place} is {value!r}"
    if isinstance(value, dict):
        if set(value) != set(schema["properties"]):
            return f"{place} has {sorted(value)}"
        parts = [(name, one, schema["properties"][name]) for name, one in value.items()]
    elif isinstance(value, list):
        parts = [(f"{number}", one, schema["items"]) for number, one in enumerate(value)]
    else:
        return None
    problems = (_problem(one, part, f"{place}.{name}") for name, one, part in parts)
    return next(filter(None, problems), None)


def _short(asked: Asked) -> str:
    return f"{asked.method} {asked.route} {str(asked)[:600]}"
