"""The processes of a measurement: the stand-in, the functions and the floor."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import ProxyHandler, build_opener

from local import aws
from local.configuration import DEFAULTS, tencent_root
from local.processes import LISTENING, ROOT, Process


class Stub:
    """The stand-in for everything around the bridge, in a process of its own."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._open = build_opener(ProxyHandler({})).open

    def call(self, name: str, body: bytes = b"", **query: object) -> Any:
        """Call one of the stub's control calls, and return its answer."""
        return json.loads(self._call(name, body, query))

    def event(self, function: str) -> Any:
        """Return the next event for a function; None if there is none."""
        text = self._call("event", b"", {"function": function, "most": 1})
        return json.loads(text) if text else None

    def _call(self, name: str, body: bytes, query: Mapping[str, object]) -> bytes:
        url = f"{self.url}/_bench/{name}?{urlencode(query)}"
        with self._open(url, data=body, timeout=600) as response:
            text: bytes = response.read()
        return text


@contextmanager
def stub(folder: Path) -> Iterator[Stub]:
    """Run a stand-in."""
    process = Process(
        "stub",
        "bench.stub",
        environment=aws.environment("", {"PYTHONHASHSEED": "0"}),
        log=folder / "stub.log",
        ready=LISTENING,
    )
    process.start()
    try:
        yield Stub(process.wait_ready()["url"])
    finally:
        process.kill()


def environment(stub: Stub, endpoint: str = "", api: str = "v5") -> dict[str, str]:
    """Return a function's environment. `endpoint` is that of AWS, if not the stand-in; `api` is TENCENT_API."""
    chosen = {"TENCENT_API": api}
    return {
        **DEFAULTS,
        **aws.environment(endpoint or stub.url, {}),
        "PUBLIC_BASE_URL": stub.url,
        **chosen,
        "TENCENT_BASE_URL": tencent_root(chosen, stub.url),
        "QA_BASE_URL": stub.url,
        # High enough that no call is delayed.
        "TENCENT_CALLS_PER_SECOND": "1000000",
        "BENCH_STUB": stub.url,
    }


class Worker:
    """A module that runs as a process. It answers each line of its input with a line of JSON."""

    def __init__(self, module: str, *arguments: str, environment: Mapping[str, str]) -> None:
        self._popen = subprocess.Popen(  # noqa: S603 - our own module
            [sys.executable, "-m", module, *arguments],
            cwd=ROOT,
            env={**environment, "PATH": "/usr/bin:/bin"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> "Worker":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind:
            self._popen.kill()
        # Closes its standard input, which ends it, and waits.
        self._popen.__exit__(None, None, None)

    def do(self, line: str) -> Any:
        """Send a line, and return the answer."""
        assert self._popen.stdin  # noqa: S101
        assert self._popen.stdout  # noqa: S101
        self._popen.stdin.write(line + "\n")
        self._popen.stdin.flush()
        answer = self._popen.stdout.readline()
        if not answer:
            raise RuntimeError(f"{self._popen.args!r} ended with {self._popen.wait()}")
        return json.loads(answer)
