"""The tests that documents name."""

import ast
import functools
from pathlib import Path


def is_test(test: str) -> bool:
    """Return whether a test that is named as `path::name` exists."""
    path, _, name = test.partition("::")
    return path.startswith("tests/") and Path(path).exists() and name in _tests_in(path)


@functools.cache
def _tests_in(path: str) -> set[str]:
    tree = ast.parse(Path(path).read_text())
    return {
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
    }
