"""The readers of answers without simplejson, which the development environment has and Lambda has not.

`requests` decodes JSON with simplejson where it can import it, and the two accept different texts.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = """
import sys
sys.modules["simplejson"] = None
import pytest, requests.compat
assert not requests.compat.has_simplejson
sys.exit(pytest.main(["-q", "-p", "no:cacheprovider", "-p", "no:xdist", *sys.argv[1:]]))
"""
READERS = ("test_v5_answers.py", "test_quickaudience_client.py", "test_lenient_json.py")


def test_answers_are_read_alike_without_simplejson() -> None:
    files = [str(ROOT / "tests" / "unit" / name) for name in READERS]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *files],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]


def test_no_answer_is_decoded_by_requests() -> None:
    for file in (ROOT / "chalicelib").rglob("*.py"):
        assert ".json()" not in file.read_text().replace("`response.json()`", ""), file
