"""`ops console` as a process, for a running stack."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit


@dataclass(frozen=True)
class RunningConsole:
    """A running console: its first address, and how long it took to print it."""

    address: str
    seconds: float
    pid: int

    @property
    def origin(self) -> str:
        parts = urlsplit(self.address)
        return f"{parts.scheme}://{parts.netloc}"

    def memory(self) -> int:
        """Return how much memory it uses, in bytes."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        [line] = [line for line in status.splitlines() if line.startswith("VmRSS:")]
        return int(line.split()[1]) * 1024


@contextmanager
def running(environment: Mapping[str, str], *options: str) -> Iterator[RunningConsole]:
    """Run a console until the end of the block; it must end by itself at SIGTERM."""
    began = time.monotonic()
    with subprocess.Popen(
        [sys.executable, "-m", "ops", "console", "--no-browser", *options],
        env={**os.environ, **environment, "PYTHONUNBUFFERED": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout
            address = process.stdout.readline().strip()
            yield RunningConsole(address, time.monotonic() - began, process.pid)
        finally:
            process.terminate()
            assert process.wait(15) == 0


def ops(environment: Mapping[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    """Run an operator's command."""
    return subprocess.run(
        [sys.executable, "-m", "ops", *words],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
