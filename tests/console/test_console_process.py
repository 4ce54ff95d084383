"""`ops console` as a process in a terminal: its addresses, and its end."""

import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.support.local_stack import console_process

ENVIRONMENT = {
    "AWS_DEFAULT_REGION": "ap-southeast-1",
    "AWS_ACCESS_KEY_ID": "x",
    "AWS_SECRET_ACCESS_KEY": "x",
    # Nothing listens there: no call leaves this machine.
    "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    "PYTHONUNBUFFERED": "1",
}


class Terminal:
    """A console in a terminal of its own."""

    def __init__(self, runtime: Path) -> None:
        self.environment = {**os.environ, **ENVIRONMENT, "XDG_RUNTIME_DIR": str(runtime)}
        self._screen, keyboard = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "ops", "console", "--no-browser", "--stage", "prod"],
            env=self.environment,
            stdin=keyboard,
            stdout=subprocess.PIPE,
            text=True,
        )
        os.close(keyboard)

    def line(self) -> str:
        assert self.process.stdout
        return self.process.stdout.readline().strip()

    def press_enter(self) -> None:
        os.write(self._screen, b"\n")

    def end(self) -> int:
        """Press Ctrl-C, as a terminal passes it on."""
        self.process.send_signal(signal.SIGINT)
        code = self.process.wait(15)
        os.close(self._screen)
        return code


@pytest.fixture
def terminal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    terminal = Terminal(tmp_path_factory.mktemp("r"))
    try:
        yield terminal
    finally:
        if terminal.process.poll() is None:
            terminal.process.kill()
        # Waits, and closes its output.
        terminal.process.__exit__(None, None, None)


def status(address: str) -> int:
    return requests.get(address, timeout=5).status_code


def test_enter_and_url_give_fresh_addresses_and_ctrl_c_ends_it(terminal: Terminal) -> None:
    first = terminal.line()
    assert first.startswith("http://127.0.0.1:")
    terminal.press_enter()
    second = terminal.line()
    assert second != first
    # The unused one before it is void.
    assert [status(first), status(second), status(second)] == [403, 200, 403]
    done = console_process.ops(terminal.environment, "console", "--url", "--stage", "prod")
    assert done.returncode == 0, done.stderr
    third = done.stdout.strip()
    assert third not in (first, second)
    assert status(third) == 200
    began = time.monotonic()
    assert terminal.end() == 0
    assert time.monotonic() - began < 10
    # Its socket is gone with it.
    runtime = Path(terminal.environment["XDG_RUNTIME_DIR"])
    assert list(runtime.rglob("*.sock")) == []
