"""What the tests of the Tencent simulator share: a caller, and a receiver of callbacks."""

import hashlib
import json
import queue
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import requests

from tests.support.waiting import wait_for

APPKEY = "local-app-key"
SDKAPPID = "1400000001"
MOBILE = "13800000001"

CODE_TEMPLATE, PLAIN_TEMPLATE, FOREIGN_TEMPLATE = 2001, 2002, 2003


def tel(mobile: str, nationcode: str = "86") -> dict[str, Any]:
    return {"nationcode": nationcode, "mobile": mobile}


def signed_part(call: str, body: dict[str, Any]) -> str:
    """Return what a call signs in addition to key, random and time, as documented."""
    if call == "sendsms":
        return f"&mobile={body['tel']['mobile']}"
    if call == "sendmultisms2":
        return "&mobile=" + ",".join(number["mobile"] for number in body["tel"])
    if call == "sendisms":
        return f"&tel={body['tel']}"
    return ""


class Caller:
    """Calls a running simulator and its control API."""

    def __init__(self, url: str, appkey: str = APPKEY) -> None:
        self.url = url
        self.appkey = appkey
        self.session = requests.Session()

    def post(
        self,
        call: str,
        body: Any,
        *,
        random: str = "123456",
        sdkappid: str = SDKAPPID,
        timeout: float = 5,
    ) -> requests.Response:
        return self.session.post(
            f"{self.url}/v5/tlssmssvr/{call}?sdkappid={sdkappid}&random={random}",
            data=body if isinstance(body, bytes) else json.dumps(body),
            timeout=timeout,
        )

    def signed(self, call: str, body: dict[str, Any], signed: str | None = None) -> dict[str, Any]:
        body = {"time": int(time.time()), **body}
        part = signed_part(call, body) if signed is None else signed
        text = f"appkey={self.appkey}&random=123456&time={body['time']}{part}"
        return {**body, "sig": hashlib.sha256(text.encode()).hexdigest()}

    def call(self, call: str, *, timeout: float = 5, **body: Any) -> Any:
        answer = self.post(call, self.signed(call, body), timeout=timeout)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def refusal(self, call: str, **body: Any) -> int:
        answer = self.call(call, **body)
        assert "data" not in answer
        assert "detail" not in answer
        assert "sid" not in answer
        assert isinstance(answer["result"], int)
        return answer["result"]

    def send(self, mobile: str = MOBILE, *, timeout: float = 5, **changes: Any) -> Any:
        body = {"tel": tel(mobile), "tpl_id": PLAIN_TEMPLATE, "params": [], **changes}
        return self.call("sendsms", timeout=timeout, **body)

    def send_many(self, *mobiles: str, timeout: float = 5, **changes: Any) -> Any:
        numbers = [tel(mobile) for mobile in mobiles]
        body = {"tel": numbers, "tpl_id": PLAIN_TEMPLATE, "params": [], **changes}
        return self.call("sendmultisms2", timeout=timeout, **body)

    def inspect(self, path: str, **params: Any) -> Any:
        answer = self.session.get(f"{self.url}/_sim/{path}", params=params, timeout=60)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def control(self, path: str, body: Any = None, *, status: int = 200) -> Any:
        answer = self.session.post(f"{self.url}/_sim/{path}", json=body or {}, timeout=60)
        assert answer.status_code == status, answer.text
        return answer.json()

    def set_switches(self, **switches: Any) -> Any:
        return self.control("behaviour", switches)

    def messages(self, mobile: str = MOBILE) -> list[dict[str, Any]]:
        found = self.inspect("messages", mobile=mobile)["messages"]
        assert isinstance(found, list)
        return found

    def text_sent(self, mobile: str = MOBILE) -> str:
        text = self.messages(mobile)[-1]["text"]
        assert isinstance(text, str)
        return text

    def wait_until_idle(self) -> Any:
        return wait_for(lambda: state if (state := self.inspect("state"))["idle"] else None)

    def add_approved_template(self, text: str, **fields: Any) -> int:
        answer = self.call("add_template", text=text, **{"type": 0, **fields})
        tpl_id = answer["data"]["id"]
        assert isinstance(tpl_id, int)
        wait_for(lambda: self.template(tpl_id)["status"] == 0)
        return tpl_id

    def template(self, tpl_id: int) -> dict[str, Any]:
        found = self.call("get_template", tpl_id=[tpl_id])["data"][0]
        assert isinstance(found, dict)
        return found

    def sign(self, sign_id: int) -> dict[str, Any]:
        found = self.call("get_sign", sign_id=[sign_id])["data"][0]
        assert isinstance(found, dict)
        return found


class Receiver:
    """Receives callbacks, and answers them as the test says."""

    def __init__(self) -> None:
        self.pushes: list[Any] = []
        self.arrivals: list[float] = []
        self.content_types: list[str] = []
        self.url = ""
        self._answers: queue.SimpleQueue[tuple[int, bytes]] = queue.SimpleQueue()

    def answer_next(self, *answers: tuple[int, bytes]) -> None:
        """Set the answers to the next pushes. Later pushes are acknowledged."""
        for answer in answers:
            self._answers.put(answer)

    def receive(self, content_type: str, body: bytes) -> tuple[int, bytes]:
        try:
            answer = self._answers.get_nowait()
        except queue.Empty:
            answer = (200, b'{"result":0,"errmsg":"OK"}')
        self.arrivals.append(time.time())
        self.content_types.append(content_type)
        self.pushes.append(json.loads(body))
        return answer

    @property
    def receipts(self) -> list[dict[str, Any]]:
        return [receipt for push in self.pushes if isinstance(push, list) for receipt in push]

    @property
    def replies(self) -> list[dict[str, Any]]:
        return [push for push in self.pushes if isinstance(push, dict)]


@contextmanager
def running_receiver() -> Iterator[Receiver]:
    """Run a receiver on a free port."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status, answer = receiver.receive(self.headers["Content-Type"], body)
            self.send_response(status)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """Print nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: Any, client_address: Any) -> None:
            """Ignore connections that the simulator closes."""

    server = Server(("127.0.0.1", 0), Handler)
    receiver.url = f"http://127.0.0.1:{server.server_port}/callback"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
