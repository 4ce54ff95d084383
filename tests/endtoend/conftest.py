"""A whole local stack, and its two simulators' control APIs."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests

from local.configuration import TENCENT_API
from local.ports import free_port
from local.stack import Stack
from tests import thoroughness
from tests.waiting import wait_for

SIGN, SIGN_ID = "测试签名", "1001"

for_ci = pytest.mark.skipif(
    not thoroughness.ALL,
    reason="has a stack of its own for what tests/integration shows in process: BREAKS=all runs it",
)


class Bench:
    """A running stack with what a test does to it."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.prefix = stack.addresses.prefix
        self.callback = stack.addresses.callback
        self.quick_audience = stack.addresses.quickaudience
        self.tencent = stack.addresses.tencent.removesuffix(TENCENT_API)

    def get(self, base: str, path: str) -> dict[str, Any]:
        response = requests.get(base + path, timeout=60)
        response.raise_for_status()
        answer: dict[str, Any] = response.json()
        return answer

    def post(self, base: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        response = requests.post(base + path, json=body, timeout=60)
        assert response.ok, response.text
        answer: dict[str, Any] = response.json()
        return answer

    def ask(self, path: str, **more: Any) -> dict[str, Any]:
        """One request of Quick Audience's to the bridge, checked against the document by the simulator."""
        answer = self.post(self.quick_audience, "/_sim/request", {"path": path, **more})
        assert answer["violations"] == []
        return answer

    def campaign(self, out_id: str, **more: Any) -> dict[str, Any]:
        campaign = {"outId": out_id, "signName": SIGN, "batch": 100_000, **more}
        return self.post(self.quick_audience, "/_sim/campaigns", campaign)

    def account(self, out_id: str) -> dict[str, Any]:
        return self.get(self.quick_audience, f"/_sim/campaigns/{out_id}")

    def complete(self, out_id: str, seconds: float = 60) -> dict[str, Any]:
        """The account of a campaign once everything accepted was told."""
        wait_for(lambda: self.account(out_id)["complete"], seconds, lambda: self.account(out_id))
        return self.account(out_id)

    def messages(self, mobile: str) -> list[dict[str, Any]]:
        """What Tencent sent to a number."""
        found: list[dict[str, Any]] = self.get(self.tencent, f"/_sim/messages?mobile={mobile}")[
            "messages"
        ]
        return found

    def calls(self) -> dict[str, int]:
        calls: dict[str, int] = self.get(self.tencent, "/_sim/state")["calls"]
        return calls

    def accepted(self) -> int:
        """How many messages Tencent has taken in all."""
        numbers: dict[str, int] = self.get(self.tencent, "/_sim/state")["numbers"]
        return numbers["accepted"]

    def template(self, content: str, kind: int = 1) -> str:
        """Create a template and wait for its approval."""
        asked = {"name": "测试", "content": content, "type": kind}
        code = str(self.post(self.quick_audience, "/_sim/templates", asked)["templateCode"])
        wait_for(lambda: self.get(self.quick_audience, f"/_sim/templates/{code}")["approved"], 20)
        return code

    def ops(self, *words: str) -> Any:
        """An operator's command with --json."""
        done = subprocess.run(
            [sys.executable, "-m", "ops", *words, "--json"],
            env={**os.environ, **self.stack.environment},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


class _Quiet(SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        """Nobody reads it."""


@dataclass(frozen=True)
class Files:
    """A folder of files, served at an address that the stack may read from."""

    folder: Path
    origin: str

    def put(self, name: str, data: bytes) -> str:
        """Keep a file; answers its URL."""
        (self.folder / name).write_bytes(data)
        return f"{self.origin}/{name}"


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Files]:
    folder = tmp_path_factory.mktemp("files")
    handler = partial(_Quiet, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever).start()
        yield Files(folder, f"http://127.0.0.1:{server.server_port}")
        server.shutdown()


@pytest.fixture(scope="session")
def bench(tmp_path_factory: pytest.TempPathFactory, files: Files) -> Iterator[Bench]:
    environ = {"PATH": os.environ["PATH"], "OSS_ALLOWED_HOSTS": f".aliyuncs.com,{files.origin}"}
    state = tmp_path_factory.mktemp("stack")
    with Stack(port=free_port(), state=state, environ=environ) as stack:
        bench = Bench(stack)
        bench.ops("sign", "link", SIGN, SIGN_ID)
        yield bench
    failures = [
        line
        for log in Path(state, "logs").glob("*.log")
        for line in log.read_text().splitlines()
        if "Traceback" in line and "UnfinishedError" not in line
    ]
    assert not failures, failures[:3]


@pytest.fixture(scope="session")
def plain_template(bench: Bench) -> str:
    return bench.template("您的包裹已经到达，请及时领取。")
