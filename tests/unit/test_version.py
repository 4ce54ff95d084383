"""One version: what the bundle says of itself, what the package says, what `ops --version` prints."""

import tomllib
from pathlib import Path

from typer.testing import CliRunner

from chalicelib import __version__
from ops.__main__ import app


def test_the_project_has_the_version_of_its_code() -> None:
    assert tomllib.loads(Path("pyproject.toml").read_text())["project"]["version"] == __version__


def test_ops_prints_it() -> None:
    result = CliRunner().invoke(app, ["--version"])
    assert (result.exit_code, result.stdout) == (0, f"{__version__}\n")
