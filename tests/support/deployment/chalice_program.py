"""A `chalice` for tests that deploy: the program that is called, and its work done in this process."""

import ast
import stat
import sys
from pathlib import Path

import pytest

from ops import deploy, destroy
from tests.support.deployment.chalice_in_process import InProcess

PREFIX = "https://abc123.execute-api.us-east-1.amazonaws.com/api"


class Chalice:
    """A `chalice` that records its calls and files.

    Where that program succeeds, Chalice's own deployer does the work on the AWS of this process.
    """

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.calls_file = folder / "calls"
        self._python = sys.executable
        folder.mkdir()
        self._program = folder / "chalice"
        # The commands look for Chalice beside this file.
        self.python = folder / "python"
        self.write()
        self._work = InProcess(monkeypatch, folder / "bundle.zip")
        called = deploy.run_chalice

        def run(command: str, stage: str, project: Path) -> None:
            called(command, stage, project)
            self._work.run(command, stage, project)

        for module in (deploy, destroy):
            monkeypatch.setattr(module, "run_chalice", run)

    def write(self, ends_with: int = 0) -> None:
        # Without `site` and with few imports, it starts in half the time.
        self._program.write_text(
            f"#!{self._python} -IS\n"
            "import os, sys\n"
            "given = {}\n"
            "for name in os.listdir('.chalice'):\n"
            "    if name.endswith('.json'):\n"
            "        with open('.chalice/' + name, encoding='utf-8') as file:\n"
            "            given[name] = file.read()\n"
            f"with open({str(self.calls_file)!r}, 'a', encoding='utf-8') as calls:\n"
            "    calls.write(repr((sys.argv[1:], given)) + '\\n')\n"
            f"sys.exit({ends_with})\n"
        )
        self._program.chmod(self._program.stat().st_mode | stat.S_IXUSR)

    @property
    def calls(self) -> list[list[str]]:
        return [words for words, _ in self._written()]

    @property
    def given(self) -> dict[str, str]:
        """Return the files of `.chalice/` at the last call, by name."""
        _, files = self._written()[-1]
        return files

    def _written(self) -> list[tuple[list[str], dict[str, str]]]:
        lines = self.calls_file.read_text().splitlines() if self.calls_file.exists() else []
        return [ast.literal_eval(line) for line in lines]
