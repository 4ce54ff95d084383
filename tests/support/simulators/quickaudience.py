"""What the tests of the Quick Audience simulator share: its client, and a fake bridge."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests

from local.quickaudience.settings import DEFAULT_KEY
from local.quickaudience.signature import SIGNATURE_HEADER, new_nonce, new_timestamp, sign

PREFIX = "/api"
OUT_ID = "campaign-1"
PHONES = ["13800000000", "13800000001", "13800000002", "13800000003"]
DETAILS = "details"
REPLY = "reply"

REVIEW = {"createDate": "2026-11-21 10:00:00", "reason": "无审批备注"}
TEXT_TEMPLATE = {
    **REVIEW,
    "templateCode": "1001",
    "templateName": "n",
    "templateContent": "c",
    "templateStatus": 1,
    "templateType": 2,
}
DIGITAL_TEMPLATE = {
    **REVIEW,
    "templateCode": "DIGITAL_1",
    "templateName": "n",
    "templateStatus": 2,
    "supportFactory": '{"UNICOM":"Success","MOBILE":"x","TELCOM":"Success"}',
}
DETAIL_ROW = {
    "content": "【腾讯云】c",
    "errCode": "DELIVERED",
    "outId": OUT_ID,
    "phoneNum": PHONES[0],
    "receiveDate": "2026-11-21 10:00:01",
    "sendDate": "2026-11-21 10:00:00",
    "sendStatus": 2,
    "templateCode": "1001",
}


@dataclass
class ReceivedRequest:
    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    raw: bytes

    @property
    def body(self) -> Any:
        return json.loads(self.raw)


FakeResponse = tuple[int, Any] | None


@dataclass
class FakeBridge:
    """A bridge that responds as the test says. None in place of an answer closes the connection."""

    url: str = ""
    requests: list[ReceivedRequest] = field(default_factory=list)
    respond: Callable[[ReceivedRequest], FakeResponse] = lambda _request: (
        200,
        envelope(bizId="biz-1"),
    )


def envelope(**fields: Any) -> dict[str, Any]:
    return {
        "platformName": "qa-sms-bridge",
        "code": "OK",
        "message": "OK",
        "requestId": "F655A8D5-B967-440B-8683-DAD6FF8DE990",
        **fields,
    }


@contextmanager
def running_fake_bridge() -> Iterator[FakeBridge]:
    """Run a fake bridge on a free port."""
    fake = FakeBridge()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            parts = urlsplit(self.path)
            raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            request = ReceivedRequest(
                method=self.command,
                path=parts.path.removeprefix(PREFIX),
                query=parse_qs(parts.query),
                headers=dict(self.headers),
                raw=raw,
            )
            fake.requests.append(request)
            response = fake.respond(request)
            if response is None:
                self.close_connection = True
                return
            status, body = response
            content = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json; charset=utf-8")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_DELETE = answer  # noqa: N815

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        fake.url = f"http://127.0.0.1:{server.server_address[1]}{PREFIX}"
        yield fake
        server.shutdown()
        thread.join()


class Simulator:
    """A client of a running simulator: pushes to it as a platform does, and calls its control API."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.session = requests.Session()

    def get(self, path: str, *, status: int = 200, **params: Any) -> Any:
        answer = self.session.get(f"{self.url}/_sim/{path}", params=params, timeout=60)
        assert answer.status_code == status, answer.text
        return answer.json()

    def post(self, path: str, body: Any = None, *, status: int = 200) -> Any:
        answer = self.session.post(f"{self.url}/_sim/{path}", json=body or {}, timeout=60)
        assert answer.status_code == status, answer.text
        return answer.json()

    def push(
        self,
        endpoint: str,
        body: Any,
        *,
        key: str = DEFAULT_KEY,
        timestamp: str | None = None,
        nonce: str | None = None,
        headers: dict[str, str] | None = None,
        timeout: float = 5,
    ) -> requests.Response:
        timestamp = timestamp or new_timestamp()
        nonce = new_nonce() if nonce is None else nonce
        return self.session.post(
            f"{self.url}/restapi/marketing2/third/sms/callback/send/{endpoint}",
            params={"timestamp": timestamp, "nonce": nonce},
            data=body if isinstance(body, (str, bytes)) else json.dumps(body),
            headers={
                "Content-Type": "application/json",
                SIGNATURE_HEADER: sign(key, timestamp, nonce),
                **(headers or {}),
            },
            timeout=timeout,
        )

    def push_accepted(self, endpoint: str, body: Any) -> None:
        """Push a body that must be accepted."""
        answer = self.push(endpoint, body)
        assert answer.json()["code"] == "200", answer.text

    def push_receipts(self, phones: list[str], *, status: int = 2, **changes: Any) -> None:
        entry = {
            "outId": OUT_ID,
            "sendStatus": status,
            "sendDate": beijing_now(),
            "receiveDate": beijing_now(),
            "errCode": "DELIVERED" if status == 2 else "MK:0001",
            "message": "",
            **changes,
        }
        self.push_accepted(
            DETAILS,
            {"thirdSmsSendDetailModelList": [{**entry, "phoneNum": phone} for phone in phones]},
        )

    def receipt_count(self) -> int:
        total = self.get("receipts")["total"]
        assert isinstance(total, int)
        return total

    def campaign(self, **params: Any) -> Any:
        return self.get(f"campaigns/{OUT_ID}", **params)

    def violations(self) -> list[str]:
        return [violation["problem"] for violation in self.get("state")["violations"]]


def beijing_now(hours: float = 0) -> str:
    return (datetime.now(UTC) + timedelta(hours=8 + hours)).strftime("%Y-%m-%d %H:%M:%S")


def campaign(**changes: Any) -> dict[str, Any]:
    return {
        "outId": OUT_ID,
        "signName": "腾讯云",
        "templateCode": "1001",
        "phones": {"count": 4, "start": "13800000000"},
        **changes,
    }


def detail(**changes: Any) -> dict[str, Any]:
    return {
        "outId": "out-1",
        "phoneNum": "13800000000",
        "sendStatus": 2,
        "sendDate": "2026-11-21 10:00:00",
        "receiveDate": "2026-11-21 10:00:03",
        "errCode": "DELIVERED",
        "message": "",
        **changes,
    }


def reply(**changes: Any) -> dict[str, Any]:
    return {
        "outId": "out-1",
        "phoneNum": "13800000000",
        "sendTime": "2026-11-21 10:05:00",
        "content": "T",
        **changes,
    }


def details(*entries: dict[str, Any]) -> dict[str, Any]:
    return {"thirdSmsSendDetailModelList": list(entries)}


def replies(*entries: dict[str, Any]) -> dict[str, Any]:
    return {"thirdSmsSendReplyModelList": list(entries)}
