"""A fake of Quick Audience: signs its requests, and accepts or refuses pushes as a test decides."""

import hashlib
import hmac
import json
import re
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests

from local.hostile.switches import Switch
from tests.support.in_process import hostile, web
from tests.support.in_process.outside import Outside

PLATFORM = "腾讯云短信"
KEY = "qa key 密钥"
BASE_URL = "https://quicka.test"
DETAILS = "/restapi/marketing2/third/sms/callback/send/details"
REPLY = "/restapi/marketing2/third/sms/callback/send/reply"
_LISTS = {DETAILS: "thirdSmsSendDetailModelList", REPLY: "thirdSmsSendReplyModelList"}

Behaviour = Callable[[], requests.Response]


def sign(key: str, timestamp: str, nonce: str) -> str:
    """Return the document's makeSignature."""
    text = re.sub(r"[ \t\n\x0b\f\r]+", "", "".join(sorted([key, timestamp, nonce])))
    return hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest()


@dataclass(frozen=True)
class Push:
    """A push that arrived, and whether it was accepted."""

    path: str
    entries: list[dict[str, Any]]
    nonce: str
    at: float
    accepted: bool
    timestamp: str = ""
    signature: str = ""


def ok() -> requests.Response:
    return respond(200, {"code": "OK", "message": "OK", "requestId": "F655A8D5"})


def unauthorized() -> requests.Response:
    return respond(401, {"code": "401", "message": "unauthorized"})


def respond(status: int, body: Any) -> requests.Response:
    return web.response(status, body if isinstance(body, bytes) else json.dumps(body).encode())


def broken(error: Callable[[], Exception]) -> Behaviour:
    def behave() -> requests.Response:
        raise error()

    return behave


class FakeQuickAudience(web.Adapter):
    """Checks every push against the document, then answers as a test decides."""

    def __init__(self, outside: Outside) -> None:
        super().__init__()
        self.key = KEY
        self.check_entries = True
        self.pushes: list[Push] = []
        self._outside = outside
        self._next: deque[Behaviour] = deque()
        self._always: Behaviour = ok
        self._lock = threading.Lock()

    def next(self, *behaviours: Behaviour) -> None:
        """Set the behaviour of the next pushes, one each."""
        self._next.extend(behaviours)

    def always(self, behaviour: Behaviour) -> None:
        """Set the behaviour of all other pushes."""
        self._always = behaviour

    @property
    def receipts(self) -> list[dict[str, Any]]:
        """Return the accepted delivery receipts in order."""
        return self._accepted(DETAILS)

    @property
    def replies(self) -> list[dict[str, Any]]:
        return self._accepted(REPLY)

    def reported(self, phone: str, out_id: str | None = None) -> list[tuple[int, str]]:
        """Return status and code of each receipt for a phone."""
        return [
            (one["sendStatus"], one["errCode"])
            for one in self.receipts
            if one["phoneNum"] == phone and out_id in (None, one["outId"])
        ]

    def _accepted(self, path: str) -> list[dict[str, Any]]:
        pushes = [push for push in self.pushes if push.accepted and push.path == path]
        entries = [entry for push in pushes for entry in push.entries]
        if Switch.AGAIN not in hostile.current.switches:
            return entries
        # Quick Audience keys receipts by outId and phone: the same one twice is one.
        return list({json.dumps(entry, sort_keys=True): entry for entry in entries}.values())

    def answer(self, request: requests.PreparedRequest) -> requests.Response:
        url = urlsplit(str(request.url))
        query = parse_qs(url.query)
        body = json.loads(request.body or b"{}")
        return self._outside.call(
            f"quickaudience {url.path.rpartition('/')[2]}",
            lambda: self._answer(url.path, query, body, request.headers),
            web.never_connected(),
            web.read_timeout(),
        )

    def _answer(
        self, path: str, query: dict[str, list[str]], body: dict[str, Any], headers: Any
    ) -> requests.Response:
        timestamp, nonce = query["timestamp"][0], query["nonce"][0]
        entries: list[dict[str, Any]] = body[_LISTS[path]]
        expected = sign(self.key, timestamp, nonce) if self.key else ""
        fresh = nonce not in {push.nonce for push in self.pushes}
        clock = abs(int(timestamp) - time.time()) < 60
        if headers["X-QA-Hmac-Signature"] != expected or not fresh or not clock or len(nonce) != 32:
            return respond(401, {"code": "401", "message": "unauthorized"})
        if self.check_entries:
            _check_entries(path, entries)
        with self._lock:
            behaviour = self._next.popleft() if self._next else self._always
        try:
            answer = behaviour()
        except requests.RequestException:
            self.pushes.append(Push(path, entries, nonce, time.time(), accepted=False))
            raise
        code = answer.json().get("code") if _is_object(answer) else None
        accepted = answer.status_code == 200 and code in ("OK", 200)
        self.pushes.append(Push(path, entries, nonce, time.time(), accepted, timestamp, expected))
        return answer


def _is_object(answer: requests.Response) -> bool:
    try:
        return isinstance(answer.json(), dict)
    except (ValueError, RecursionError):
        return False


_DETAIL = {"outId", "phoneNum", "sendStatus", "sendDate", "receiveDate", "errCode", "message"}
_REPLY = {"outId", "phoneNum", "sendTime", "content"}
_DATE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")


def _check_entries(path: str, entries: list[dict[str, Any]]) -> None:
    assert 1 <= len(entries) <= 100
    assert len({entry["outId"] for entry in entries}) == 1, "one outId in a call"
    for entry in entries:
        assert set(entry) == (_DETAIL if path == DETAILS else _REPLY)
        assert not any(value is None for value in entry.values())
        dates = ("sendDate", "receiveDate") if path == DETAILS else ("sendTime",)
        assert all(_DATE.fullmatch(entry[name]) for name in dates)
        if path == DETAILS:
            assert entry["sendStatus"] in (1, 2)
            assert (entry["sendStatus"] == 2) == (entry["errCode"] == "DELIVERED")
            assert entry["sendStatus"] == 2 or entry["message"]


def signed(
    path: str, nonce: str = "", timestamp: str = "", key: str = KEY
) -> tuple[str, dict[str, str]]:
    """Return a path with its signed parameters, and the header with the signature."""
    from urllib.parse import urlencode

    nonce = nonce or secrets.token_hex(16)
    timestamp = timestamp or str(int(time.time()))
    query = urlencode({"timestamp": timestamp, "nonce": nonce})
    return f"{path}?{query}", {"X-QA-Hmac-Signature": sign(key, timestamp, nonce)}


def by_phone(entries: Iterable[dict[str, Any]]) -> dict[str, set[tuple[int, str]]]:
    """Return the statuses and codes of each phone in these entries."""
    found: dict[str, set[tuple[int, str]]] = {}
    for entry in entries:
        found.setdefault(entry["phoneNum"], set()).add((entry["sendStatus"], entry["errCode"]))
    return found
