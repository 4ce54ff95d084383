"""The memory of the function `read` for a million lines over a real connection."""

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.support import thoroughness
from tests.support.waiting import wait_for

# CI reads a million lines.
LINES = 1_000_000 if thoroughness.ALL else 300_000
# The limit of the memory above that of an idle function.
MAX_BYTES = 100 * 1024 * 1024


@pytest.fixture
def served(tmp_path: Path) -> Iterator[str]:
    """Serve a folder from a process of its own."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1"]
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.DEVNULL) as process:
        origin = f"http://127.0.0.1:{port}"
        try:
            wait_for(lambda: serves(origin))
            yield origin
        finally:
            process.terminate()


def serves(origin: str) -> bool:
    try:
        requests.get(origin, timeout=60).close()
    except requests.ConnectionError:
        return False
    return True


def test_lines_by_the_hundred_thousand_take_less_than_100_mb(served: str, tmp_path: Path) -> None:
    with (tmp_path / "numbers.txt").open("w") as file:
        file.writelines(f"13{number:09d}\r\n" for number in range(LINES - 10))
        file.writelines(f"13{number:09d}\r\n" for number in range(10))
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.file_reader", f"{served}/numbers.txt"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["state"] == "done", found["reason"]
    assert (found["recipients"], found["repeated"]) == (LINES - 10, 10)
    assert found["chunks"] == found["queued"] == LINES // 200
    assert found["grown"] < MAX_BYTES
