"""The report: tables for the terminal and for docs/benchmarks.md."""

import platform
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from rich.console import Console
from rich.table import Table

DOCS = Path(__file__).parent.parent / "docs"
PAGE = DOCS / "benchmarks.md"
CPU_PLOT = DOCS / "images" / "bench-cpu.svg"
GROWTH_PLOT = DOCS / "images" / "bench-growth.svg"


T = TypeVar("T")
Columns = Sequence[tuple[str, Callable[[T], str]]]
"""A table's columns: the heading of each, and what it shows of a row's object."""


@dataclass
class Section:
    """A table with a title, and an explanation."""

    title: str
    headings: Sequence[str]
    rows: list[Sequence[str]] = field(default_factory=list)
    text: str = ""
    picture: str = ""

    def show(self, console: Console) -> None:
        """Print the table in the terminal."""
        table = Table(title=self.title, title_justify="left")
        for number, heading in enumerate(self.headings):
            table.add_column(heading, justify="right" if number else "left")
        for row in self.rows:
            table.add_row(*row)
        console.print(table)

    def markdown(self) -> str:
        """Return the section as Markdown."""
        aligned = ["---", *["--:"] * (len(self.headings) - 1)]
        lines = [self.headings, aligned, *self.rows]
        table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
        picture = f"![{self.title}]({self.picture})" if self.picture else ""
        return "\n\n".join(filter(None, [f"## {self.title}", self.text, table, picture]))


def table(
    title: str, objects: Iterable[T], columns: Columns[T], *, text: str = "", picture: str = ""
) -> Section:
    """Return a section with a row for each object."""
    return Section(
        title,
        tuple(heading for heading, _ in columns),
        [tuple(shown(one) for _, shown in columns) for one in objects],
        text=text,
        picture=picture,
    )


def write(introduction: str, sections: Sequence[Section]) -> None:
    """Write the page."""
    parts = [introduction, *(section.markdown() for section in sections)]
    PAGE.write_text("\n\n".join(parts) + "\n")


def machine() -> str:
    """Return the date and the machine of the measurement, as a text."""
    cpu = re.search(r"model name\s*: (.+)", Path("/proc/cpuinfo").read_text())
    cores = len(re.findall(r"^processor", Path("/proc/cpuinfo").read_text(), re.MULTILINE))
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {cpu[1] if cpu else 'unknown CPU'}, {cores} cores, "
        f"{platform.system()} {platform.release()}, Python {platform.python_version()}"
    )
