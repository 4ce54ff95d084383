"""What the Makefile's targets pass on to the local stack."""

import os
import subprocess
from pathlib import Path

import pytest

from local.processes import ROOT


def run(folder: Path, *arguments: str, **given: str) -> str:
    """Run make with a Python that prints its arguments and HOSTILE, and return what it printed."""
    python = folder / "bin" / "python"
    python.parent.mkdir()
    python.write_text('#!/bin/sh\necho "$* HOSTILE=$HOSTILE"\n')
    python.chmod(0o755)
    (folder / ".installed").touch()
    environment = {name: value for name, value in os.environ.items() if name != "HOSTILE"}
    return subprocess.run(
        ["/usr/bin/env", "make", "--silent", f"VENV={folder}", *arguments],
        cwd=ROOT,
        env={**environment, **given},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout.strip()


@pytest.mark.parametrize("target", ["up", "run"])
def test_the_stack_gets_hostile_from_the_environment(tmp_path: Path, target: str) -> None:
    assert run(tmp_path, target, HOSTILE="chain") == f"-m local {target} HOSTILE=chain"


@pytest.mark.parametrize(
    ("arguments", "given", "hostile"),
    [
        ([], {}, "all"),
        ([], {"HOSTILE": "chain"}, "chain"),
        ([], {"HOSTILE": ""}, ""),
        (["HOSTILE=slots"], {}, "slots"),
        (["HOSTILE="], {}, ""),
    ],
)
def test_chaos_is_hostile_unless_it_is_given_otherwise(
    tmp_path: Path, arguments: list[str], given: dict[str, str], hostile: str
) -> None:
    passed, _, _ = run(tmp_path, "chaos", *arguments, **given).partition(" HOSTILE=")
    assert passed.endswith(f"--hostile {hostile}")
