"""A function of the bundle as Lambda runs it: AWS's own runtime client, served by a local Runtime API.

    with Function(folder, "app.app", environment) as function:
        answer = function.invoke(event)

The process sees the unpacked bundle, the runtime client and Python's standard library, and no other
library of this machine: whatever the bundle lacks is missing here, too.
"""

import json
import os
import queue
import subprocess
import sys
import time
import uuid
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import distribution
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from threading import Thread
from types import TracebackType
from typing import Any, Self

from local.processes import StackError

# The packages that Lambda has in /var/runtime, beside the function's own code.
_CLIENT = ("awslambdaric", "simplejson", "snapshot-restore-py")
_VERSION = "/2018-06-01/runtime"
_PATIENCE = 60.0
# Seconds that each invocation gets until its deadline: Lambda's maximum.
_MAX_SECONDS = 900.0


@dataclass(frozen=True)
class Answer:
    """A function's answer."""

    payload: Any
    error: bool
    """Whether the function raised an exception."""
    seconds: float
    """Time since the call; for the first call, since the process was started."""


class _Api(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        self.events: queue.SimpleQueue[tuple[str, bytes]] = queue.SimpleQueue()
        self.answers: queue.SimpleQueue[tuple[bytes, bool, float]] = queue.SimpleQueue()
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore connections that a killed process left open."""


class _Handler(BaseHTTPRequestHandler):
    server: _Api
    protocol_version = "HTTP/1.1"
    # Headers and body go out in one packet. In two, the second one may be delayed for 40 ms.
    wbufsize = -1

    def do_GET(self) -> None:
        """Answer `/invocation/next`, where the function waits for its next event."""
        request_id, event = self.server.events.get()
        self._answer(
            200,
            event,
            {
                "Lambda-Runtime-Aws-Request-Id": request_id,
                "Lambda-Runtime-Deadline-Ms": str(int((time.time() + _MAX_SECONDS) * 1000)),
                "Lambda-Runtime-Invoked-Function-Arn": (
                    "arn:aws:lambda:us-east-1:000000000000:function:bridge"
                ),
                "Lambda-Runtime-Trace-Id": f"Root=1-{int(time.time()):08x}-{uuid.uuid4().hex[:24]}",
            },
        )

    def do_POST(self) -> None:
        """Accept `/invocation/{id}/response`, `/invocation/{id}/error` and `/init/error`."""
        arrived = time.perf_counter()
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(202, b'{"status":"OK"}', {})
        self.server.answers.put((body, self.path.endswith("/error"), arrived))

    def _answer(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        headers = {**headers, "Content-Type": "application/json", "Content-Length": str(len(body))}
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's name
        """Write no access log."""


class Function:
    """One execution environment of a function. The bundle is unpacked in `folder`.

    `options` are the interpreter's. `under` is a command that runs it, such as a profiler's. An answer may take
    `patience` seconds.
    """

    def __init__(
        self,
        folder: Path,
        handler: str,
        environment: Mapping[str, str],
        *,
        options: Sequence[str] = (),
        under: Sequence[str] = (),
        patience: float = _PATIENCE,
    ) -> None:
        self._folder = folder
        self._handler = handler
        self._environment = dict(environment)
        self._options = options
        self._under = under
        self._patience = patience
        self._api = _Api()
        self._client = TemporaryDirectory(prefix="runtime-client-")
        self._output = TemporaryFile()  # noqa: SIM115 -- closed with the function
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        Thread(target=self._api.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        _link_client(Path(self._client.name))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._api.shutdown()
        self._api.server_close()
        self._client.cleanup()
        self._output.close()

    def invoke(self, event: Any) -> Answer:
        """Call it with an event; the first call starts the process.

        Raise StackError if the process ends, or does not answer in time.
        """
        self._api.events.put((str(uuid.uuid4()), json.dumps(event).encode()))
        began = time.perf_counter()
        if self._process is None:
            self._process = self._start()
        process = self._process
        while time.perf_counter() - began < self._patience:
            try:
                body, error, arrived = self._api.answers.get(timeout=0.2)
            except queue.Empty:
                if process.poll() is not None:
                    break
            else:
                return Answer(json.loads(body), error, arrived - began)
        raise StackError(f"{self._handler} did not answer. Its output:\n{self.output()[-2000:]}")

    def cpu_seconds(self) -> float:
        """Return the CPU seconds that the process has used, which other processes do not affect."""
        assert self._process is not None  # noqa: S101 -- for the type checker
        threads = Path("/proc", str(self._process.pid), "task").glob("*/schedstat")
        return sum(int(thread.read_text().split()[0]) for thread in threads) / 1e9

    def end(self) -> str:
        """Ask the process to end, wait until it has, and return what it printed."""
        assert self._process is not None  # noqa: S101 -- for the type checker
        self._process.terminate()
        self._process.wait(_PATIENCE)
        return self.output()

    def output(self) -> str:
        """Return what it has printed and logged so far."""
        self._output.seek(0)
        return self._output.read().decode(errors="replace")

    def _start(self) -> subprocess.Popen[bytes]:
        # -S: no site-packages. No bytecode is written beside the code, as in Lambda.
        command = [
            *self._under,
            sys.executable,
            "-S",
            *self._options,
            "-m",
            "awslambdaric",
            self._handler,
        ]
        environment = {
            **self._environment,
            "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{self._api.server_port}",
            "AWS_LAMBDA_FUNCTION_NAME": "bridge",
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1024",
            "LAMBDA_TASK_ROOT": str(self._folder),
            "PYTHONPATH": os.pathsep.join((str(self._folder), self._client.name)),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        return subprocess.Popen(
            command,
            cwd=self._folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=subprocess.STDOUT,
        )


def _link_client(folder: Path) -> None:
    """Link the runtime client and its dependencies into a folder of their own."""
    for name in _CLIENT:
        for file in distribution(name).files or ():
            top = file.parts[0]
            link = folder / top
            if top != ".." and not top.endswith(".dist-info") and not link.exists():
                link.symlink_to(distribution(name).locate_file(top))  # type: ignore[arg-type]


@contextmanager
def unpacked(bundle: Path) -> Iterator[Path]:
    """Yield a temporary folder with the bundle's files."""
    with TemporaryDirectory(prefix="bundle-") as folder:
        with zipfile.ZipFile(bundle) as packed:
            packed.extractall(folder)
        yield Path(folder)
