"""The report: tables for the terminal and for docs/benchmarks.md, and two drawings."""

import platform
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pygal
from pygal.style import Style
from rich.console import Console
from rich.table import Table

from bench.campaign import STAGES, Run

DOCS = Path(__file__).parent.parent / "docs"
PAGE = DOCS / "benchmarks.md"
CPU_PLOT = DOCS / "images" / "bench-cpu.svg"
GROWTH_PLOT = DOCS / "images" / "bench-growth.svg"

_STYLE = Style(
    background="white",
    plot_background="white",
    font_family="sans-serif",
    label_font_size=13,
    major_label_font_size=13,
    legend_font_size=13,
    title_font_size=16,
    colors=("#4477aa", "#66ccee", "#228833", "#ccbb44", "#ee6677"),
)


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


def draw_cpu(runs: Sequence[Run]) -> None:
    """Draw the CPU time per message by stage, beside the floors."""
    chart = pygal.HorizontalStackedBar(
        title="CPU per message, ms", width=900, height=360, js=[], style=_STYLE, show_y_guides=True
    )
    bars = []
    values: dict[str, list[float]] = {stage: [] for stage in STAGES}
    # The chart is filled from below.
    for run in reversed(runs):
        measured = {stage: one.cpu for stage, one in run.stages.items()}
        for name, seconds in (
            ("tuned floor", run.tuned),
            ("floor", run.floor),
            ("bridge", measured),
        ):
            bars.append(f"{run.kind}: {name}")
            for stage in STAGES:
                values[stage].append(round(seconds[stage] / run.recipients * 1000, 4))
    chart.x_labels = bars
    for stage, series in values.items():
        chart.add(stage, series)
    _save(chart, CPU_PLOT)


def draw_growth(runs: Sequence[Run]) -> None:
    """Draw the CPU time per message over the size of a campaign."""
    chart = pygal.XY(
        title="CPU per message, ms, over recipients",
        width=900,
        height=360,
        js=[],
        style=_STYLE,
        logarithmic=False,
        xrange=(2.9, 6.1),
        include_x_axis=True,
        dots_size=4,
    )
    chart.x_labels = [3, 4, 5, 6]
    chart.x_value_formatter = lambda power: f"{round(10**power):,}"
    for kind in dict.fromkeys(run.kind for run in runs):
        points = [
            (len(str(run.recipients)) - 1, run.cpu * 1000) for run in runs if run.kind == kind
        ]
        chart.add(kind, points)
    _save(chart, GROWTH_PLOT)


def _save(chart: pygal.Graph, path: Path) -> None:
    """Write a chart without pygal's script, which a page would not run anyway."""
    text = chart.render(is_unicode=True)
    path.write_text(re.sub(r"<script.*?</script>", "", text, flags=re.DOTALL))
