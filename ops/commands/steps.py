"""The steps of a command that takes minutes: a line for each, on stderr if the result is JSON."""

from rich.console import Console
from rich.markup import escape


class Steps:
    """The steps that a command has finished."""

    def __init__(self, *, as_json: bool) -> None:
        self.finished: list[str] = []
        self._console = Console(highlight=False, soft_wrap=True, stderr=as_json)

    def done(self, step: str) -> None:
        """Print that a step is finished."""
        self.finished.append(step)
        self._console.print(f"[green]✓[/green] {escape(step)}")

    def say(self, text: str) -> None:
        """Print a line."""
        self._console.print(text, markup=False)
