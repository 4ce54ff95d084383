"""What the demo's parts share: a running stack, a voice, and patience."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import requests
from rich.console import Console

from local.oss import Files
from local.stack import TENCENT_API, Stack

SIGN, SIGN_ID = "测试签名", 1001


class DemoError(Exception):
    """Something that should have worked did not."""


class Stage:
    """A running stack and those around it. Nothing is waited for longer than `patience` seconds of silence."""

    def __init__(self, console: Console, stack: Stack, files: Files, patience: float) -> None:
        self.console = console
        self.files = files
        self.patience = patience
        self.quick_audience = stack.addresses.quickaudience
        # Another Tencent than the simulator answers no questions and owes no replies.
        simulated = not os.environ.get("TENCENT_BASE_URL")
        self.tencent = stack.addresses.tencent.removesuffix(TENCENT_API) if simulated else None
        self._environment = {**os.environ, **stack.environment}

    def done(self, what: str) -> None:
        """Say that something worked."""
        self.console.print(f"[green]✓[/] {what}", soft_wrap=True)

    def ops(self, *words: str) -> str:
        """Run an operator's command, as an operator would."""
        return self.python("ops", *words)

    def python(self, module: str, *words: str, **environment: str) -> str:
        """Run a module on the stack's environment; answers what it printed."""
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
        """Have Quick Audience create a template, and wait for its approval; answers its code."""
        code = str(call(self.quick_audience, "/_sim/templates", body)["templateCode"])
        path = f"/_sim/templates/{code}" + ("?digital=1" if body.get("digital") else "")
        self.wait(
            f"template {code} to be approved", lambda: call(self.quick_audience, path)["approved"]
        )
        return code

    def wait(self, what: str, condition: Callable[[], Any]) -> None:
        """Wait for something. Raises DemoError when it doesn't come."""
        deadline = time.monotonic() + self.patience
        while not condition():
            if time.monotonic() > deadline:
                raise DemoError(f"waited {self.patience:.0f} s in vain for {what}")
            time.sleep(0.2)


def call(base: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """Ask a simulator; a body makes it a POST."""
    method = "GET" if body is None else "POST"
    response = requests.request(method, base + path, json=body, timeout=60)
    if not response.ok:
        raise DemoError(f"{method} {path}: {response.status_code} {response.text[:300]}")
    answer: dict[str, Any] = response.json()
    return answer
