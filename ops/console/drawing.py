"""Bars and timelines as SVG. Colours are classes of the style sheet, since the policy forbids inline styles."""

from collections.abc import Sequence

from markupsafe import Markup, escape

Share = tuple[str, int]
"""A class of the style sheet, and how many recipients it stands for."""

_WIDTH = 1000
_BAR_HEIGHT = 10
_CHART_HEIGHT = 100
# A share that is not zero stays visible.
_MIN_WIDTH = 4


def bar(shares: Sequence[Share], total: int, label: str) -> Markup:
    """Return a stacked bar of a total. What the shares leave of it is drawn as nothing yet."""
    widths = _widths([count for _, count in shares], max(total, sum(count for _, count in shares)))
    rectangles, x = [], 0
    for (name, _), width in zip(shares, widths, strict=True):
        if width:
            rectangles.append(_rectangle(name, x, 0, width, _BAR_HEIGHT))
            x += width
    return _svg("bar", _BAR_HEIGHT, rectangles, label)


def chart(columns: Sequence[Sequence[Share]], label: str) -> Markup:
    """Return columns of stacked shares side by side, the highest as high as the chart."""
    if not columns:
        return Markup()
    highest = max(1, *(sum(count for _, count in column) for column in columns))
    step = _WIDTH / len(columns)
    gap = min(6.0, step / 5)
    rectangles = []
    for number, column in enumerate(columns):
        top = float(_CHART_HEIGHT)
        for name, count in column:
            height = max(count * _CHART_HEIGHT / highest, 1.5 if count else 0)
            if count:
                top -= height
                rectangles.append(
                    _rectangle(name, number * step + gap / 2, max(top, 0), step - gap, height)
                )
    return _svg("chart", _CHART_HEIGHT, rectangles, label)


def _widths(counts: Sequence[int], total: int) -> list[int]:
    """Return the widths of the shares of a total. Small shares are drawn wider, at the cost of the largest."""
    if not total:
        return [0 for _ in counts]
    widths = [max(round(count * _WIDTH / total), _MIN_WIDTH) if count else 0 for count in counts]
    if (excess := sum(widths) - _WIDTH) > 0:
        largest = widths.index(max(widths))
        widths[largest] -= excess
    return widths


def _rectangle(name: str, x: float, y: float, width: float, height: float) -> Markup:
    return Markup('<rect class="fill-{}" x="{:g}" y="{:g}" width="{:g}" height="{:g}"/>').format(
        name, round(x, 2), round(y, 2), round(width, 2), round(height, 2)
    )


def _svg(name: str, height: int, rectangles: Sequence[Markup], label: str) -> Markup:
    return Markup(
        '<svg class="{}" role="img" aria-label="{}" viewBox="0 0 {} {}" preserveAspectRatio="none">{}</svg>'
    ).format(name, escape(label), _WIDTH, height, Markup().join(rectangles))
