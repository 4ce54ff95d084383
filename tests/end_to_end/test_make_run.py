"""`make run` as a newcomer types it. It fails if a single receipt is lost."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from local.ports import free_port
from tests.support.local_stack.running_stack import for_ci

pytestmark = for_ci


def demo(state: Path, *options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    environment = {
        "PATH": os.environ["PATH"],
        "BRIDGE_PORT": str(free_port()),
        "BRIDGE_STATE": str(state),
        **environment,
    }
    return subprocess.run(
        [sys.executable, "-m", "local", "run", *options],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=500,
    )


@pytest.mark.parametrize(("api", "call"), [("3.0", "SendSms"), ("v5", "sendmultisms2")])
def test_run_succeeds(tmp_path: Path, api: str, call: str) -> None:
    done = demo(tmp_path, TENCENT_API=api)

    assert done.returncode == 0, done.stdout + done.stderr
    assert f"Tencent calls: {call} " in done.stdout
    assert "1,000" in done.stdout
    lines = done.stdout.splitlines()
    assert lines[-1].startswith("Next: make up ")
    # A line announces each step before its result.
    results = [number for number, line in enumerate(lines) if line.startswith("✓ ")]
    silent = [lines[n] for n in results if not lines[n - 1].endswith((" …", "┘"))]
    assert not silent
    assert len(results) == 8


def test_run_fails_when_one_receipt_is_lost(tmp_path: Path) -> None:
    done = demo(tmp_path, "--lose-a-receipt", "--patience", "10")

    assert done.returncode == 1
    assert "1 receipts missing" in done.stdout
    assert "Next: make up" not in done.stdout
