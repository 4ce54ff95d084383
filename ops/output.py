"""How commands speak: tables for people, JSON for programs, errors on stderr with exit code 1."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import wraps
from typing import Annotated, Any, NoReturn, ParamSpec

import typer
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from chalicelib.errors import BridgeError, Refused
from ops import stage as stages

Stage = Annotated[
    str, typer.Option("--stage", help="A stage of .chalice/config.json, or the local stack.")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
Yes = Annotated[bool, typer.Option("--yes", help="Don't ask whether it is meant.")]

P = ParamSpec("P")
_console = Console()
_errors = Console(stderr=True, soft_wrap=True)


def fail(message: str) -> NoReturn:
    """End with an error."""
    _errors.print(f"[red]error:[/red] {escape(message)}", highlight=False)
    raise typer.Exit(1)


def warn(message: str) -> None:
    """Say what is wrong, and go on."""
    _errors.print(f"[yellow]warning:[/yellow] {escape(message)}", highlight=False)


def confirm(question: str, *, yes: bool) -> None:
    """End the command unless the operator agrees, or did so beforehand."""
    if yes:
        return
    try:
        agreed = typer.confirm(question, err=True)
    except typer.Abort:
        # Nobody is there to ask, and the question's line is still open.
        typer.echo(err=True)
        agreed = False
    if not agreed:
        fail("nothing was done: say yes, or give --yes")


def command(function: Callable[P, None]) -> Callable[P, None]:
    """A command that enters its stage first and turns expected errors into one line."""

    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            stages.enter(str(kwargs["stage"]))
            function(*args, **kwargs)
        except Refused as error:
            fail(error.message)
        except (BridgeError, stages.StageError) as error:
            fail(str(error))
        except (BotoCoreError, ClientError) as error:
            fail(f"AWS: {error}")

    return run


def show(value: Any, *, as_json: bool, title: str = "") -> None:
    """Print a mapping as two columns, or as JSON."""
    if as_json:
        typer.echo(json.dumps(value, ensure_ascii=False, indent=2))
        return
    table = Table(title=title or None, show_header=False, title_justify="left")
    for name, field in value.items():
        table.add_row(Text(name), _cell(field))
    _console.print(table)


def show_rows(
    rows: Iterable[Mapping[str, Any]], columns: Sequence[str], *, as_json: bool, empty: str
) -> None:
    """Print rows as a table, or as a JSON array."""
    if found := _to_show(rows, as_json=as_json, empty=empty):
        table = Table()
        for column in columns:
            table.add_column(column, overflow="fold")
        for row in found:
            table.add_row(*(_cell(row.get(column, "")) for column in columns))
        _console.print(table)


def show_each(rows: Iterable[Mapping[str, Any]], *, as_json: bool, empty: str) -> None:
    """Print rows of many columns one below the other, or as a JSON array."""
    for row in _to_show(rows, as_json=as_json, empty=empty):
        show(row, as_json=False)


def _to_show(
    rows: Iterable[Mapping[str, Any]], *, as_json: bool, empty: str
) -> list[Mapping[str, Any]]:
    """The rows, unless all is said: as JSON, or that there are none."""
    found = list(rows)
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False, indent=2))
        return []
    if not found:
        typer.echo(empty)
    return found


def _cell(value: Any) -> Text:
    """What a cell shows. Plain text: signs and replies hold brackets, which are no markup."""
    if value is None:
        return Text("-")
    if isinstance(value, Mapping):
        return Text(", ".join(f"{name}: {part}" for name, part in value.items()) or "-")
    if isinstance(value, list):
        return Text("; ").join(map(_cell, value))
    return Text(str(value))
