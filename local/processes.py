"""One process of the stack: started, watched until it says that it is ready, stopped."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
"""The checkout: what every process of the stack has as its working directory."""

LISTENING = r"listening on (?P<url>http://\S+)"
"""What a server of ours prints when it is ready."""

_TAIL = 2_000
_POLL = 0.02


class StackError(Exception):
    """The stack cannot start or go on; the message is meant for the person who started it."""


class Process:
    """A Python module run as a process that dies with us, its output in a log file."""

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
        """Start it, or start it again; its output goes on where the log ends.

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
                # Ctrl-C at a terminal goes to its whole process group; the order in which the
                # stack stops is ours to decide, so its processes are not in that group.
                start_new_session=True,
            )
        self.started = time.monotonic()

    @property
    def pid(self) -> int:
        """Its process id; it has to have been started."""
        assert self._popen is not None  # noqa: S101 - for the type checker
        return self._popen.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs; negative: the signal that ended it."""
        return self._popen.poll() if self._popen else None

    @property
    def running(self) -> bool:
        """Whether it has been started and has not ended."""
        return self._popen is not None and self._popen.poll() is None

    def output(self) -> str:
        """What it printed since it was started last."""
        with self.log.open("rb") as log:
            log.seek(self._log_start)
            return log.read().decode(errors="replace")

    def wait_ready(self, timeout: float = 60) -> re.Match[str]:
        """Wait for the line that says it is ready; raise StackError if it dies before that."""
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
        """How it ended, for an error message, with the end of its log."""
        code = self.exit_code
        how = f"was ended by signal {-code}" if code and code < 0 else f"ended with code {code}"
        return f"{how}.{self._excerpt()}"

    def _excerpt(self) -> str:
        tail = self.output()[-_TAIL:].strip()
        return f" The end of its log, {self.log}:\n{tail or '(empty)'}"

    def terminate(self) -> None:
        """Ask it to finish what it has in hand and to end."""
        if self._popen is not None:
            self._popen.terminate()

    def kill(self) -> None:
        """End it at once, and wait until it is gone."""
        if self._popen is not None:
            self._popen.kill()
            self._popen.wait()

    def wait(self, timeout: float) -> bool:
        """Whether it has ended within `timeout` seconds."""
        if self._popen is None:
            return True
        try:
            self._popen.wait(timeout)
        except subprocess.TimeoutExpired:
            return False
        return True
