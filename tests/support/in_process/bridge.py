"""The bridge under test with everything around it, as one object."""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
import requests
from chalice.test import Client
from moto.dynamodb.models import dynamodb_backends
from moto.sqs.models import sqs_backends

import app
from chalicelib import aws as clients
from chalicelib import parameter_store, settings
from chalicelib.delivery import outcome_queries
from chalicelib.domain.chunks import ChunkProgress
from chalicelib.queues import sending
from chalicelib.quickaudience import client
from chalicelib.store import chunks, pushed, send_requests, signs
from chalicelib.store.signs import Sign
from chalicelib.tencent import api3, throttle, v5
from tests.support.in_process import aws, hostile, known_templates, quickaudience, tencent
from tests.support.in_process.clock import Clock
from tests.support.in_process.outside import Outside
from tests.support.in_process.pump import Pump
from tests.support.in_process.quickaudience import FakeQuickAudience, signed
from tests.support.in_process.tencent import FakeTencent

TOKEN = "callback-secret"
SIGN = "某某科技"
SIGN_ID = 501
ENVIRONMENT = {
    "QA_PLATFORM_NAME": quickaudience.PLATFORM,
    "QA_KEY": quickaudience.KEY,
    "QA_BASE_URL": quickaudience.BASE_URL,
    "TENCENT_SDK_APP_ID": tencent.APP_ID,
    **tencent.SETTINGS[tencent.API],
    "TENCENT_CALLBACK_TOKENS": f"{TOKEN},the-next-secret",
    # No effective limit: the clock of these tests stands still, so a throttled call would wait for ever.
    "TENCENT_CALLS_PER_SECOND": "1000000000",
    "BRIDGE_TABLE": aws.TABLE,
    "BRIDGE_QUEUE_PREFIX": aws.PREFIX,
}
_http = Client(app.app)


@dataclass(frozen=True)
class Answer:
    """An answer under /sms/ whose envelope was checked."""

    status: int
    body: dict[str, Any]
    raw: bytes = b""

    @property
    def code(self) -> str:
        return str(self.body["code"])

    @property
    def message(self) -> str:
        return str(self.body["message"])

    def __getitem__(self, name: str) -> Any:
        return self.body[name]


def clear_caches() -> None:
    """Clear the caches of the process, as if a new one had started."""
    remembered: list[Any] = [
        settings.load,
        parameter_store._kept,
        clients._client,
        sending.url,
        send_requests.get,
        pushed._chain,
        v5._client,
        api3._client,
        throttle._throttle,
        client._session,
    ]
    for cached in remembered:
        cached.cache_clear()


class Bridge:
    """The bridge, with fakes of Quick Audience and Tencent, its queues, its clock and its faults."""

    def __init__(
        self, monkeypatch: pytest.MonkeyPatch, clock: Clock, outside: Outside, state: str
    ) -> None:
        self._monkeypatch = monkeypatch
        self.clock = clock
        self.outside = outside
        self.state = state
        # A test whose work ends unfinished sets it to False: its log is not checked at the end.
        self.logs_are_complete = True
        self.tencent = FakeTencent(outside)
        self.quick_audience = FakeQuickAudience(outside)
        # The clock stands still, so a second would never be over.
        monkeypatch.setattr(throttle, "SECOND", 0)
        # For the same reason, inquiries don't wait for their turns.
        for rate in ("RECORDS_PER_SECOND", "STATUSES_PER_SECOND"):
            monkeypatch.setattr(outcome_queries, rate, 1e9)
        for api in (v5, api3):
            monkeypatch.setattr(api, "new_session", lambda *_, **__: self._session(self.tencent))
        self.configure(**ENVIRONMENT)
        self.pump = Pump(clock, outside, self.restart)

    def configure(self, **environment: str) -> None:
        """Set environment variables and start a new process."""
        for name, value in environment.items():
            self._monkeypatch.setenv(name, value)
        self.restart()

    def restart(self) -> None:
        """Start a new process."""
        clear_caches()
        client._session().mount("https://", self.quick_audience)

    @staticmethod
    def _session(adapter: requests.adapters.BaseAdapter) -> requests.Session:
        session = requests.Session()
        session.trust_env = False
        session.mount("https://", adapter)
        return session

    def reset(self) -> None:
        """Empty table, queues and fakes; keep the clock. moto's queries become slower with every item."""
        dynamodb_backends.reset()
        sqs_backends.reset()
        aws.create()
        self.tencent.__init__(self.outside)  # type: ignore[misc]
        self.quick_audience.__init__(self.outside)  # type: ignore[misc]
        self.pump.failures.clear()
        self.restart()

    # --- requests of Quick Audience ---

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        nonce: str = "",
        timestamp: str = "",
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """Send a signed request."""
        url, signature = signed(path, nonce, timestamp)
        return self.send(method, url, body, {**signature, **(headers or {})})

    def send(
        self, method: str, url: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> Answer:
        """Send a request without changes. The envelope of every answer is checked here."""
        raw = (
            body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        )
        given = {"Content-Type": "application/json", **(headers or {})}
        with hostile.current.request():
            answer = _http.http.request(method, url, headers=given, body=raw)
        assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
        found = json.loads(answer.body)
        assert found["platformName"] == quickaudience.PLATFORM
        for name in ("code", "message", "requestId"):
            assert isinstance(found[name], str)
            assert found[name]
        assert not [name for name, value in found.items() if value is None]
        assert (answer.status_code == 200) or found["code"] != "OK"
        return Answer(answer.status_code, found, answer.body)

    def template(
        self, content: str = "您好${name}, 您的订单已发货", kind: int = 1, *, approve: bool = True
    ) -> str:
        """Create a template through §2, approve it, and return its code."""
        create = partial(self._create_template, content, kind, approve=approve)
        if self.outside.is_watched or hostile.current.switches:
            return create()
        return known_templates.create((content, kind, approve), self.tencent, create)

    def _create_template(self, content: str, kind: int, *, approve: bool) -> str:
        answer = self.ask("POST", "/sms/smsTemplate", template_body(content, kind))
        assert answer.code == "OK"
        code = str(answer["templateCode"])
        if approve:
            self.tencent.review(int(code), 0)
            assert self.ask("GET", f"/sms/smsTemplate/{code}")["templateStatus"] == 1
        return code

    def link(self, name: str = SIGN, sign_id: int = SIGN_ID, status: int = 0) -> None:
        """Add a sign at Tencent and link it."""
        now = int(time.time())
        self.tencent.signs[sign_id] = {"id": sign_id, "text": name, "status": status, "reply": ""}
        signs.put(
            Sign(
                name=name, sign_id=sign_id, status=status, reply="", created_at=now, checked_at=now
            )
        )

    def campaign(
        self,
        phones: Sequence[Any],
        params: Any = None,
        *,
        code: str,
        out_id: str = "task-1",
        nonce: str = "",
        **fields: Any,
    ) -> Answer:
        """Send a request of §6."""
        body = {
            "outId": out_id,
            "signName": SIGN,
            "templateCode": code,
            "phoneNumberJson": list(phones),
            "templateParamJson": params,
        } | fields
        return self.ask("POST", "/sms/sendBatchList", body, nonce=nonce)

    # --- callbacks of Tencent ---

    def callback(
        self, events: Any, token: str = TOKEN, *, content_type: str = "application/json"
    ) -> tuple[int, dict[str, Any]]:
        """Push events to the callback URL as Tencent does."""
        raw = events if isinstance(events, bytes) else json.dumps(events).encode()
        with hostile.current.request():
            answer = _http.http.post(
                f"/tencent/{token}/callback", headers={"Content-Type": content_type}, body=raw
            )
        return answer.status_code, json.loads(answer.body)

    def deliver_all(self, report_status: str = "SUCCESS") -> None:
        """Report every message that Tencent sent."""
        events = tencent.statuses(self.tencent.sent, report_status)
        for first in range(0, len(events), 100):
            assert self.callback(events[first : first + 100]) == (
                200,
                {"result": 0, "errmsg": "OK"},
            )

    # --- stored state ---

    def progress(self, answer: Answer, out_id: str = "task-1") -> list[ChunkProgress]:
        return [one for _, one in chunks.all_progress(out_id, answer["bizId"])]


def template_body(
    content: str, kind: Any = 1, name: str = "发货通知", **fields: Any
) -> dict[str, Any]:
    """Return the document's example of §2 and §3 with another content."""
    return {
        "remark": "订单发货后通知买家",
        "templateContent": content,
        "templateName": name,
        "templateSubject": "string",
        "templateType": kind,
        "creatorAccount": "marketer",
    } | fields
