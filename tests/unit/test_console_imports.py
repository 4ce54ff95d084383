"""What a console imports until it prints its address: it starts within a second on a machine that has time for it."""

import subprocess
import sys

import pytest

# Each costs from some milliseconds to a second, or belongs to tests and to the local stack.
NEEDLESS = (
    "awscrt",
    "chalice.deploy.deployer",
    "chalice.package",
    "hypothesis",
    "local",
    "ministack",
    "moto",
    "phonenumbers",
    "pydantic",
    "pytest",
    "samtranslator",
    "tests",
)
_SCRIPT = "import ops.__main__, sys; from ops.console import server; print(*sys.modules)"


@pytest.fixture(scope="module")
def imported() -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", _SCRIPT], capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


@pytest.mark.parametrize("name", NEEDLESS)
def test_a_console_starts_without(imported: set[str], name: str) -> None:
    assert name not in imported


def test_what_it_needs_is_seen(imported: set[str]) -> None:
    assert {"aiohttp", "jinja2", "boto3", "ops.console.app"} <= imported


def test_a_console_imports_no_more_than_it_did(imported: set[str]) -> None:
    """Half of its start is the interpreter reading modules."""
    assert len(imported) < 1200
