"""The two drawings of docs/benchmarks.md.

Only `bench.__main__` imports this module: pygal changes how Python finds modules, which later imports warn of.
"""

import re
from collections.abc import Sequence
from pathlib import Path

import pygal
from pygal.style import Style

from bench.campaign import STAGES, Run
from bench.report import CPU_PLOT, GROWTH_PLOT

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
