"""How commands print: tables for people, JSON for programs, errors on stderr with exit code 1."""

import inspect
import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import wraps
from typing import Annotated, Any, NoReturn, ParamSpec

import typer
from botocore.exceptions import BotoCoreError, ClientError
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from chalicelib.errors import BridgeError, Refused
from ops import errors, stages
from ops.commands.labels import label
from ops.errors import OperatorError

Stage = Annotated[
    str,
    typer.Option(
        "--stage", help="A stage of .chalice/config.json, or “local”: the stack of `make up`."
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
OutId = Annotated[str, typer.Argument(metavar="OUT_ID", help="Quick Audience's outId.")]
Yes = Annotated[bool, typer.Option("--yes", help="Don't ask for confirmation.")]

P = ParamSpec("P")
_WIDEST = 10_000
_console = Console()
_errors = Console(stderr=True, soft_wrap=True)


def fail(message: str) -> NoReturn:
    """End with an error."""
    _errors.print(f"[red]error:[/red] {escape(message)}", highlight=False)
    raise typer.Exit(1)


def warn(message: str) -> None:
    """Print a warning, and go on."""
    _errors.print(f"[yellow]warning:[/yellow] {escape(message)}", highlight=False)


def confirm(question: str, *, yes: bool) -> None:
    """End the command unless the operator agrees, or has agreed with --yes."""
    if yes:
        return
    try:
        agreed = typer.confirm(question, err=True)
    except typer.Abort:
        # Standard input has ended, and the question's line is still open.
        typer.echo(err=True)
        agreed = False
    if not agreed:
        fail("nothing was done: say yes, or give --yes")


def command(function: Callable[P, None]) -> Callable[P, None]:
    """Wrap a command: enter its stage first, and print expected errors in one line."""

    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            stages.enter(str(kwargs["stage"]))
            function(*args, **kwargs)
        except Refused as error:
            fail(error.message)
        except (BridgeError, OperatorError) as error:
            fail(str(error))
        except (BotoCoreError, ClientError) as error:
            fail(errors.describe(error))

    run.__doc__ = _without_line_breaks(function.__doc__ or "")
    return run


def _without_line_breaks(doc: str) -> str:
    """Return a docstring with each paragraph on one line, which --help wraps. Lists of examples keep their lines."""
    return "\n\n".join(
        paragraph if paragraph.startswith("Examples:") else paragraph.replace("\n", " ")
        for paragraph in inspect.cleandoc(doc).split("\n\n")
    )


def show(
    value: Mapping[str, Any],
    *,
    as_json: bool,
    title: str = "",
    labels: Mapping[str, str] | None = None,
    err: bool = False,
) -> None:
    """Print a mapping as JSON, or as two columns. `labels` are words for keys that differ from the usual ones.

    With `err`, columns are printed on standard error.
    """
    if as_json:
        print_json(value)
        return
    table = Table(title=Text(title) if title else None, show_header=False, title_justify="left")
    # Rich would cut a line off whose last word just fits.
    for _ in range(2):
        table.add_column(overflow="fold")
    for name, field in value.items():
        table.add_row(Text(_word(name, labels)), _cell(field))
    (_errors if err else _console).print(table)


def show_rows(
    rows: Iterable[Mapping[str, Any]],
    columns: Sequence[str],
    *,
    as_json: bool,
    empty: str,
    labels: Mapping[str, str] | None = None,
    least: Sequence[str] = (),
) -> None:
    """Print rows as a JSON array, or as a table of some columns. `empty` is printed in place of an empty table.

    A terminal that is too narrow for a table with lines gets one without, if need be without the columns in `least`,
    and reads that these are missing. What is not printed to a terminal is as wide as it needs to be, unless the
    environment has COLUMNS.
    """
    found = _to_show(rows, as_json=as_json, empty=empty)
    if not found:
        return
    table = _table(found, columns, labels)
    if _width(table) <= _console.width:
        _console.print(table)
        return
    if not _console.is_terminal and not os.environ.get("COLUMNS"):
        Console(width=_width(table)).print(table)
        return
    narrow = _table(found, columns, labels, narrow=True)
    if _width(narrow) <= _console.width:
        _console.print(narrow)
    elif least:
        kept = [column for column in columns if column not in least]
        _console.print(_table(found, kept, labels, narrow=True))
        missing = ", ".join(_word(column, labels).replace("\n", " ") for column in least)
        typer.echo(f"Not shown at this width: {missing}.")
    else:
        _console.print(table)


def _width(table: Table) -> int:
    """Return the columns of a terminal in which nothing of a table is folded."""
    return Measurement.get(_console, _console.options.update_width(_WIDEST), table).maximum


def _table(
    rows: Iterable[Mapping[str, Any]],
    columns: Sequence[str],
    labels: Mapping[str, str] | None,
    *,
    narrow: bool = False,
) -> Table:
    """Return a table of rows; with `narrow`, without lines between its columns."""
    table = Table(box=box.SIMPLE_HEAD, padding=0, show_edge=False) if narrow else Table()
    values = [[row.get(column, "") for column in columns] for row in rows]
    for place, column in enumerate(columns):
        numbers = all(type(row[place]) is int for row in values)
        table.add_column(
            _word(column, labels), overflow="fold", justify="right" if numbers else "left"
        )
    for row in values:
        table.add_row(*map(_cell, row))
    return table


def show_each(
    rows: Iterable[Mapping[str, Any]],
    *,
    as_json: bool,
    empty: str,
    labels: Mapping[str, str] | None = None,
) -> None:
    """Print rows as a JSON array, or each as a table of its own."""
    for row in _to_show(rows, as_json=as_json, empty=empty):
        show(row, as_json=False, labels=labels)


def print_json(value: Any) -> None:
    """Print a value as JSON."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2))


def _to_show(
    rows: Iterable[Mapping[str, Any]], *, as_json: bool, empty: str
) -> list[Mapping[str, Any]]:
    """Return the rows that are to be shown as tables; none if they are printed as JSON, or if there are none."""
    found = list(rows)
    if as_json:
        print_json(found)
        return []
    if not found:
        typer.echo(empty)
    return found


def _word(key: str, labels: Mapping[str, str] | None) -> str:
    return (labels or {}).get(key) or label(key)


def _cell(value: Any) -> Text:
    """Return a cell's content as plain text: the brackets in signs and replies are no markup."""
    if value is None:
        return Text("-")
    if isinstance(value, bool):
        return Text("yes" if value else "no")
    if isinstance(value, Mapping):
        return Text(", ".join(f"{label(name)}: {part}" for name, part in value.items()) or "-")
    if isinstance(value, list):
        return Text("; ").join(map(_cell, value)) if value else Text("-")
    return Text(str(value) or "-")
