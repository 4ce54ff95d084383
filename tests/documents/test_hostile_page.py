"""docs/hostile-aws.md describes the switches as the code does, and its example runs."""

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from local.hostile.switches import Switch
from tests.support import thoroughness
from tests.support.documents.switches import PAGE, SURENESS, Row, described, tabled

PACKAGE = Path("local/hostile")
MODULES = sorted(PACKAGE.glob("*.py"))
TEXT = PAGE.read_text()


def test_the_table_says_of_each_switch_what_the_code_says() -> None:
    assert [row.name for row in described()] == list(Switch)
    assert tabled() == described()


@pytest.mark.parametrize("row", described(), ids=lambda row: row.name)
def test_each_switch_says_how_sure_it_is(row: Row) -> None:
    assert SURENESS.search(row.aws)
    assert len(row.imitated) > 10


def test_each_mark_is_explained() -> None:
    used = set(re.findall(r"\[(\w+)\](?!\()", "".join(row.aws for row in described())))
    explained = set(re.findall(r"^\| \[(\w+)\] \|", TEXT, re.MULTILINE))
    assert used == explained == {"doc", "seen", "src", "guess"}


def test_the_page_says_where_each_switch_acts() -> None:
    section = TEXT.split("Where they act:")[1].split("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| ")][1:]
    places = {switch for row in rows for switch in Switch if f"`{switch}`" in row}
    assert places == set(Switch)


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.name)
def test_the_package_imports_botocore_and_nothing_else(module: Path) -> None:
    for node in ast.walk(ast.parse(module.read_text())):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names = [node.module or ""]
        roots = {name.partition(".")[0] for name in names}
        assert roots <= {*sys.stdlib_module_names, "botocore"}, names


@pytest.mark.skipif(not thoroughness.ALL, reason="takes seconds: BREAKS=all runs it")
def test_the_example_runs_in_an_empty_project(tmp_path: Path) -> None:
    [example] = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    [output] = re.findall(r"It prints:\n\n```text\n(.*?)```", TEXT, re.DOTALL)
    (tmp_path / "example.py").write_text(example)
    shutil.copytree(PACKAGE, tmp_path / "hostile", ignore=shutil.ignore_patterns("__pycache__"))
    unwanted = ("PYTHONPATH", "HOSTILE", "HOSTILE_SEED", "AWS_ENDPOINT_URL")
    environment = {name: value for name, value in os.environ.items() if name not in unwanted}
    command = [sys.executable, "example.py"]
    ended = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout == output
