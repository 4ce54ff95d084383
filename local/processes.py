"""A process of the stack: start it, wait until it is ready, stop it."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
"""The checkout, which is the working directory of every process of the stack."""

LISTENING = r"listening on (?P<url>http://\S+)"
"""Pattern of the line that each server of the stack prints when it is ready."""

_TAIL = 2_000
_POLL = 0.02


class StackError(Exception):
    """The stack cannot start or go on. The message is for the person who started it."""


class Process:
    """A Python module run as a process. It ends with this process, and writes its output to a log file."""

    def __init__(
        self,
        name: str,
        module: str,
        *arguments: str,
        environment: Mapping[str, str],
        log: Path,
        ready: str | None = None,
        pass_fds: Sequence[int] = (),
    ) -> None:
        self.name = name
        self.log = log
        self._command = [
            *(sys.executable, "-m", "local.child", str(os.getpid())),
            *(module, *arguments),
        ]
        self._environment = {**environment, "PYTHONUNBUFFERED": "1"}
        self._ready = ready
        self._pass_fds = tuple(pass_fds)
        self._popen: subprocess.Popen[bytes] | None = None
        self._log_start = 0
        self.started = 0.0

    def start(self) -> None:
        """Start it, or start it again. Its output is appended to the log.

        The kernel ties the child to the thread that starts it (see `local.child`), so that thread
        has to live until the child has ended.
        """
        with self.log.open("ab") as output:
            self._log_start = output.tell()
            self._popen = subprocess.Popen(
                self._command,
                cwd=ROOT,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                pass_fds=self._pass_fds,
                # Ctrl-C at a terminal signals the whole process group. The stack stops its processes in
                # an order of its own, so they are not in that group.
                start_new_session=True,
            )
        self.started = time.monotonic()

    @property
    def pid(self) -> int:
        """Its process id. It must have been started."""
        assert self._popen is not None  # noqa: S101 - for the type checker
        return self._popen.pid

    @property
    def exit_code(self) -> int | None:
        """Its exit code: None while it runs, negative if a signal ended it."""
        return self._popen.poll() if self._popen else None

    @property
    def running(self) -> bool:
        """Whether it has been started and has not ended."""
        return self._popen is not None and self._popen.poll() is None

    def output(self) -> str:
        """Return its output since its last start."""
        with self.log.open("rb") as log:
            log.seek(self._log_start)
            return log.read().decode(errors="replace")

    def wait_ready(self, timeout: float = 60) -> re.Match[str]:
        """Wait for the line that says that it is ready. Raise StackError if it ends before, or takes too long."""
        assert self._ready is not None  # noqa: S101 - for the type checker
        deadline = time.monotonic() + timeout
        while not (match := re.search(self._ready, self.output())):
            if not self.running:
                raise StackError(f"{self.name} {self.fate()}")
            if time.monotonic() > deadline:
                raise StackError(
                    f"{self.name} is not ready after {timeout:.0f} s.{self._excerpt()}"
                )
            time.sleep(_POLL)
        return match

    def fate(self) -> str:
        """Return how it ended, with the end of its log, for an error message."""
        code = self.exit_code
        how = f"was ended by signal {-code}" if code and code < 0 else f"ended with code {code}"
        return f"{how}.{self._excerpt()}"

    def _excerpt(self) -> str:
        tail = self.output()[-_TAIL:].strip()
        return f" The end of its log, {self.log}:\n{tail or '(empty)'}"

    def terminate(self) -> None:
        """Ask it to finish its current work and to end."""
        if self._popen is not None:
            self._popen.terminate()
            # A process that HOSTILE has frozen would not notice.
            self._popen.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """Kill it, and wait until it has ended."""
        if self._popen is not None:
            self._popen.kill()
            self._popen.wait()

    def wait(self, timeout: float) -> bool:
        """Wait at most `timeout` seconds and return whether it has ended."""
        if self._popen is None:
            return True
        try:
            self._popen.wait(timeout)
        except subprocess.TimeoutExpired:
            return False
        return True
