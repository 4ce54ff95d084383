"""The tests that documents name."""

import ast
import functools
from pathlib import Path


def is_test(test: str) -> bool:
    """Return whether a test that is named as `path::name` exists."""
    path, _, name = test.partition("::")
    return path.startswith("tests/") and Path(path).exists() and name in _tests_in(path)


def counts_exactly(test: str) -> bool:
    """Return whether a test, or each test of a file, is marked `counts`, so that it is skipped with HOSTILE."""
    path, _, name = test.partition("::")
    tree = ast.parse(Path(path).read_text())
    marks = [node for node in tree.body if isinstance(node, ast.Assign)]
    if any("mark.counts" in ast.unparse(mark) for mark in marks):
        return True
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    found = [one for one in functions if one.name == name]
    return any("mark.counts" in ast.unparse(mark) for one in found for mark in one.decorator_list)


@functools.cache
def _tests_in(path: str) -> set[str]:
    tree = ast.parse(Path(path).read_text())
    return {
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
    }
