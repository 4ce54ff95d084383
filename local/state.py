"""The folder of a stack's data: its lock, and the description with which others reach the stack.

`stack.json` exists while a stack runs. The lock beside it distinguishes a running stack from one that
was killed.
"""

import fcntl
import json
import os
import time
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from local.processes import StackError

DEFAULT = ".local"

_LAST_SNAPSHOT = 15.0


class State:
    """The folder of one stack's data, with its logs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self.aws = self.folder / "aws"
        self.logs = self.folder / "logs"
        self._description = self.folder / "stack.json"
        self._lock = self.folder / "lock"

    @contextmanager
    def lock(self) -> Iterator[int]:
        """Lock the folder for one stack, and yield the open file that holds the lock.

        Processes that inherit the file hold the lock, too. So when a stack is killed, the folder
        is free only after its ministack has written its data to disk.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        # It holds phone numbers, texts and keys, which other users of the machine must not read.
        self.folder.chmod(0o700)
        self.logs.mkdir(exist_ok=True)
        descriptor = os.open(self._lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            self._wait_locked(descriptor)
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, str(os.getpid()).encode(), 0)
            yield descriptor
        finally:
            os.close(descriptor)

    def _wait_locked(self, descriptor: int) -> None:
        deadline = time.monotonic() + _LAST_SNAPSHOT
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                holder = os.pread(descriptor, 20, 0).decode()
                if (holder.isdigit() and _alive(int(holder))) or time.monotonic() > deadline:
                    raise StackError(
                        f"{self.folder} is in use by another stack, process {holder or 'unknown'}. "
                        "Stop that one, or set BRIDGE_STATE (and BRIDGE_PORT) to run beside it."
                    ) from None
                time.sleep(0.05)
            else:
                return

    def publish(self, description: Mapping[str, Any]) -> None:
        """Write `stack.json`, with which others reach the running stack."""
        draft = self._description.with_suffix(".new")
        # It may hold keys from the environment of the person who started the stack.
        with open(draft, "w", opener=_private) as file:
            json.dump(description, file, indent=2, ensure_ascii=False)
        draft.replace(self._description)

    def withdraw(self) -> None:
        """Remove `stack.json`, because the stack is about to stop."""
        self._description.unlink(missing_ok=True)

    def running(self) -> dict[str, Any] | None:
        """Return the description of the stack that runs here; None if none does."""
        try:
            description: dict[str, Any] = json.loads(self._description.read_text())
            held = _held(self._lock)
        except FileNotFoundError:
            return None
        # After a stack is killed, its lock lasts a moment longer, and another process may get its pid.
        return description if held and _alive(description["pid"]) else None


def _alive(process: int) -> bool:
    return Path("/proc", str(process)).exists()


def _held(lock: Path) -> bool:
    with lock.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def adopt_environment(environ: MutableMapping[str, str] = os.environ) -> None:
    """Give this process the environment of the running stack, unless it has one already.

    Raise StackError if it has none and no stack runs: without `AWS_ENDPOINT_URL`, boto3 would call
    the real AWS with whatever keys it finds.
    """
    if environ.get("AWS_ENDPOINT_URL"):
        return
    folder = Path(environ.get("BRIDGE_STATE") or DEFAULT)
    description = State(folder).running()
    if description is None:
        raise StackError(
            f"No AWS_ENDPOINT_URL is set and no stack runs in {folder}: start one with `make up`."
        )
    environ.update(description["environment"])
