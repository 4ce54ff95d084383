"""A local stack and a server of files, shared by the tests."""

import os
import threading
from collections.abc import Iterator
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest

from local.ports import free_port
from local.stack import Stack
from tests.support.local_stack.files import Files, QuietHandler
from tests.support.local_stack.running_stack import SIGN, SIGN_ID, RunningStack


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Files]:
    folder = tmp_path_factory.mktemp("files")
    handler = partial(QuietHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever).start()
        yield Files(folder, f"http://127.0.0.1:{server.server_port}")
        server.shutdown()


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory, files: Files) -> Iterator[RunningStack]:
    environ = {
        "PATH": os.environ["PATH"],
        "OSS_ALLOWED_HOSTS": f".aliyuncs.com,{files.origin}",
        # Every send without an answer ends at once, so its receipt may settle it before `deliver` would have ended.
        "BRIDGE_ADOPT_AFTER": "20",
    }
    state = tmp_path_factory.mktemp("stack")
    with Stack(port=free_port(), state=state, environ=environ) as stack:
        running = RunningStack(stack)
        running.ops("sign", "link", SIGN, SIGN_ID)
        yield running
    failures = [
        line
        for log in Path(state, "logs").glob("*.log")
        for line in log.read_text().splitlines()
        if "Traceback" in line and "UnfinishedError" not in line
    ]
    assert not failures, failures[:3]


@pytest.fixture(scope="session")
def plain_template(running: RunningStack) -> str:
    return running.template("您的包裹已经到达，请及时领取。")
