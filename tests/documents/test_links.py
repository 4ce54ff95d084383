"""Links between the project's pages: every file and heading that one names exists."""

import re
import subprocess
from functools import cache
from pathlib import Path
from urllib.parse import unquote

import pytest

PAGES = [
    Path(name)
    for name in subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"],  # noqa: S607
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
]


def links(page: Path) -> list[str]:
    """Return the targets of a page's links, without those in code."""
    text = re.sub(r"```.*?```|`[^`\n]*`", "", page.read_text(), flags=re.DOTALL)
    return re.findall(r"\]\(([^)\s]+)\)", text)


@cache
def anchors(page: Path) -> set[str]:
    """Return the anchors that GitHub makes of a page's headings."""
    text = re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def problem(page: Path, target: str) -> str:
    """Return what is wrong with a link; "" if nothing is, or if it leaves the project."""
    if re.match(r"[a-z]+:", target):
        return ""
    name, _, anchor = unquote(target).partition("#")
    linked = page.parent / name if name else page
    if not linked.exists():
        return f"{target}: no such file"
    if anchor and anchor not in anchors(linked):
        return f"{target}: no such heading"
    return ""


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_link_leads_somewhere(page: Path) -> None:
    assert [wrong for target in links(page) if (wrong := problem(page, target))] == []


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_no_page_has_the_marks_of_a_conflict(page: Path) -> None:
    assert re.findall("^(?:<{7}|>{7}) .*$", page.read_text(), re.MULTILINE) == []


def test_a_link_that_leads_nowhere_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# Two words\n[a](#two-words) [b](#two) [c](page.md) [d](no.md) `[e](no.md)`")
    found = [problem(page, target) for target in links(page)]
    assert found == ["", "#two: no such heading", "", "no.md: no such file"]


@pytest.mark.parametrize("page", sorted(Path("docs").rglob("*.md")), ids=str)
def test_every_page_of_the_documentation_is_in_an_index(page: Path) -> None:
    folder = page.parent
    listed = {
        (folder / target.partition("#")[0]).resolve() for target in links(folder / "README.md")
    }
    assert page.name == "README.md" or page.resolve() in listed
