"""What `ops campaign show --watch` prints: bars at a terminal, otherwise a line for each change."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

import typer
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from ops import costs

_BAR_WIDTH = 40
# What changes although nothing happens to the campaign.
_PACE = ("at", "sendsPerSecond", "finalPerSecond", "secondsLeft")

Look = Mapping[str, Any]


def show(looks: Iterable[Look], *, as_json: bool, console: Console | None = None) -> None:
    """Print looks at a campaign until there are no more, or until Ctrl-C.

    As JSON, each look that differs from the one before is an object on a line of its own.
    """
    console = console or Console()
    try:
        if as_json or not console.is_terminal:
            _print_lines(looks, as_json=as_json)
        else:
            with Live(console=console, auto_refresh=False) as live:
                for look in looks:
                    live.update(bars(look), refresh=True)
    except KeyboardInterrupt:
        # The operator has seen enough. The campaign goes on.
        return


def _print_lines(looks: Iterable[Look], *, as_json: bool) -> None:
    before: Look = {}
    for look in looks:
        counts = {name: value for name, value in look.items() if name not in _PACE}
        if counts != before:
            typer.echo(json.dumps(look, ensure_ascii=False) if as_json else line(look))
        before = counts


def line(look: Look) -> str:
    """Return a look as a line of text."""
    parts = [
        f"{look['at']} Beijing time: {look['state']}",
        f"{_done(look, 'unsent')} sent to or refused{_per_second(look['sendsPerSecond'])}"
        + _left(look),
        f"{look['delivered']:,} delivered{_per_second(look['finalPerSecond'])}",
        f"{look['failed']:,} failed",
        f"{look['unreported']:,} without a receipt yet",
    ]
    if look["unknown"]:
        parts.append(f"{look['unknown']:,} of unknown outcome")
    if cost := costs.in_words(look["cost"], unpriced=look["unpriced"]):
        parts.append(cost)
    return "; ".join(parts)


def bars(look: Look) -> RenderableType:
    """Return a look as bars."""
    recipients = look["recipients"]
    table = Table.grid(padding=(0, 1))
    for name, count, style, rate in (
        ("sent to or refused", recipients - look["unsent"], "blue", look["sendsPerSecond"]),
        ("delivered", look["delivered"], "green", look["finalPerSecond"]),
        ("failed", look["failed"], "red", None),
        ("no receipt yet", look["unreported"], "yellow", None),
        ("unknown outcome", look["unknown"], "magenta", None),
    ):
        table.add_row(
            Text(name),
            ProgressBar(
                total=max(recipients, 1),
                completed=count,
                width=_BAR_WIDTH,
                complete_style=style,
                finished_style=style,
            ),
            Text(f"{count:,} of {recipients:,} ({_percent(count, recipients)} %)"),
            Text(_per_second(rate).removeprefix(", ")),
        )
    cost = costs.in_words(look["cost"], unpriced=look["unpriced"])
    title = f"{look['outId']}: {look['state']}{_left(look)}" + (f", {cost}" if cost else "")
    return Group(Text(title), table, Text(f"{look['at']} Beijing time. Ctrl-C ends this command."))


def _done(look: Look, left: str) -> str:
    recipients = look["recipients"]
    done = recipients - look[left]
    return f"{done:,} of {recipients:,} ({_percent(done, recipients)} %)"


def _percent(count: int, of: int) -> int:
    return count * 100 // of if of else 0


def _per_second(rate: float | None) -> str:
    return f", {rate:,} a second" if rate else ""


def _left(look: Look) -> str:
    """Return the time that is left until all are sent to, in words."""
    seconds = look["secondsLeft"]
    if seconds is None:
        return ""
    if seconds < 60:
        return f", {seconds} s left"
    minutes = seconds // 60
    return (
        f", {minutes // 60} h {minutes % 60} min left" if minutes >= 60 else f", {minutes} min left"
    )
