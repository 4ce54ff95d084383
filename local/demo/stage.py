"""What the parts of the demo share: the running stack, its output, and waiting with a time limit."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import requests
from rich.console import Console

from local.configuration import TENCENT_API
from local.oss import Files
from local.stack import Stack

SIGN, SIGN_ID = "测试签名", 1001


class DemoError(Exception):
    """A step of the demo failed. The message is for the person who started it."""


class Stage:
    """A running stack with its simulators.

    A wait fails after `patience` seconds without progress.
    """

    def __init__(self, console: Console, stack: Stack, files: Files, patience: float) -> None:
        self.console = console
        self.files = files
        self.patience = patience
        self.api = stack.environment.get("TENCENT_API") or "v5"
        self.quick_audience = stack.addresses.quickaudience
        # None unless the simulator runs: another Tencent has no control API and need not send replies.
        simulated = not os.environ.get("TENCENT_BASE_URL")
        self.tencent = stack.addresses.tencent.removesuffix(TENCENT_API) if simulated else None
        self._environment = {**os.environ, **stack.environment}

    def step(self, action: str) -> AbstractContextManager[None]:
        """Show the action while the block runs."""
        return step(self.console, action)

    def done(self, result: str) -> None:
        """Print a result as successful."""
        self.console.print(f"[green]✓[/] {result}", soft_wrap=True)

    def ops(self, *words: str) -> str:
        """Run an operator's command and return its output. Raise DemoError if it fails."""
        return self.python("ops", *words)

    def python(self, module: str, *words: str, **environment: str) -> str:
        """Run a module in the stack's environment and return its output. Raise DemoError if it fails."""
        done = subprocess.run(
            [sys.executable, "-m", module, *words],
            env=self._environment | environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise DemoError(f"{module} {' '.join(words)}: {done.stderr.strip()}")
        return done.stdout

    def template(self, body: dict[str, Any]) -> str:
        """Have Quick Audience create a template, wait for its approval, and return its code."""
        code = str(call(self.quick_audience, "/_sim/templates", body)["templateCode"])
        path = f"/_sim/templates/{code}" + ("?digital=1" if body.get("digital") else "")
        self.wait(
            f"the approval of template {code}", lambda: call(self.quick_audience, path)["approved"]
        )
        return code

    def wait(self, event: str, condition: Callable[[], Any]) -> None:
        """Wait until the condition holds. Raise DemoError after `patience` seconds."""
        deadline = time.monotonic() + self.patience
        while not condition():
            if time.monotonic() > deadline:
                raise DemoError(f"waited {self.patience:.0f} s in vain for {event}")
            time.sleep(0.2)


@contextmanager
def step(console: Console, action: str) -> Iterator[None]:
    """Show the action while the block runs: as a spinner on a terminal, as a line elsewhere."""
    if console.is_terminal:
        with console.status(f"{action} …"):
            yield
    else:
        console.print(f"{action} …", soft_wrap=True)
        yield


def call(base: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """Call a simulator's control API: GET without a body, POST with one. Raise DemoError on a refusal."""
    method = "GET" if body is None else "POST"
    response = requests.request(method, base + path, json=body, timeout=60)
    if not response.ok:
        raise DemoError(f"{method} {path}: {response.status_code} {response.text[:300]}")
    answer: dict[str, Any] = response.json()
    return answer
