"""The rules for the layout of `tests/`, read from its files."""

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

TESTS = Path(__file__).parents[1]


def imported_modules(path: Path) -> Iterator[str]:
    """Yield the dotted name of each imported module, and of each name imported from a package."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path} has a relative import"
            yield from (f"{node.module}.{name.name}" for name in node.names)


def test_tests_import_from_one_another_only_through_the_support_package() -> None:
    imported = {
        (path.relative_to(TESTS).as_posix(), name)
        for path in TESTS.rglob("*.py")
        for name in imported_modules(path)
        if name.split(".")[0] in ("tests", "conftest")
    }
    assert {one for one in imported if not one[1].startswith("tests.support.")} == set()
    assert len(imported) > 100


def test_no_two_test_files_have_the_same_name() -> None:
    names = Counter(path.name for path in TESTS.rglob("test_*.py"))
    assert [name for name, count in names.items() if count > 1] == []


def test_the_support_package_holds_no_tests() -> None:
    assert list((TESTS / "support").rglob("test_*.py")) == []
