"""docs/architecture.md names modules and functions that exist."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

PAGE = Path("docs/architecture.md").read_text()
WALKS = re.findall(r"```mermaid\n(.*?)```", PAGE, re.DOTALL)
LIBRARY = Path("chalicelib")
MODULES = [path for path in LIBRARY.rglob("*.py") if path.stem != "__init__"]
# Of other projects and of files.
FOREIGN = {"py", "json", "md"}


@cache
def names(module: Path) -> set[str]:
    """Return the functions and classes of a module, and the methods as `Class.method`."""
    found = set()
    for node in ast.parse(module.read_text()).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
            inner = node.body if isinstance(node, ast.ClassDef) else []
            found |= {
                f"{node.name}.{one.name}" for one in inner if isinstance(one, ast.FunctionDef)
            }
    return found


def functions() -> Iterator[str]:
    """Yield `module.function` and `Class.method` as the walks name them, with the folder if they do."""
    for walk in WALKS:
        yield from re.findall(r"(?<![/\w.])(?:[a-z_]+/)?[A-Za-z_]+\.[a-z_]+\b(?!/)", walk)


def exists(name: str) -> bool:
    """Return whether a function or method exists."""
    module, _, function = name.rpartition(".")
    if module[0].isupper():
        return any(name in names(one) for one in MODULES)
    wanted = f"/{module}.py"
    return any(function in names(one) for one in MODULES if f"/{one.as_posix()}".endswith(wanted))


NAMED = sorted({name for name in functions() if name.rpartition(".")[2] not in FOREIGN})


@pytest.mark.parametrize("name", NAMED)
def test_a_function_of_the_walks_exists(name: str) -> None:
    assert exists(name)


def test_the_walks_name_many_functions() -> None:
    assert len(WALKS) == 4
    assert len(NAMED) > 40


@pytest.mark.parametrize("walk", WALKS, ids=range(len(WALKS)))
def test_the_modules_of_the_walks_exist(walk: str) -> None:
    folders = "|".join(sorted(path.name for path in LIBRARY.iterdir() if path.is_dir()))
    found = set(re.findall(rf"\b(?:{folders})/[a-z_0-9]+", walk))
    assert found
    assert [name for name in found if not (LIBRARY / f"{name}.py").exists()] == []


def test_the_files_that_are_named_exist() -> None:
    paths = re.findall(r"`((?:chalicelib|ops|tests|docs|\.chalice)/[\w./]+)`", PAGE)
    short = re.findall(r"`([a-z]+/[a-z_0-9]+\.py)`", PAGE)
    assert len(paths) > 10
    missing = [path for path in paths if not Path(path).exists()]
    missing += [path for path in short if not (LIBRARY / path).exists() and not Path(path).exists()]
    assert missing == []
