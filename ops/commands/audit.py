"""`ops audit`: who changed what, when."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from ops import audit
from ops.commands.output import Json, Stage, command, show_rows

app = typer.Typer(no_args_is_help=True, help="The record of what operators changed.")

_COLUMNS = ("at", "who", "command", "arguments", "result", "outcome")
_LABELS = {"at": "time (Beijing time)"}


@app.command("list")
@command
def list_(
    first: Annotated[
        str,
        typer.Option(
            "--from",
            metavar="DATE",
            help="The first day, yyyy-MM-dd; default: 30 days, with the last one.",
        ),
    ] = "",
    last: Annotated[
        str, typer.Option("--to", metavar="DATE", help="The last day; default: today.")
    ] = "",
    stage: Stage = "local",
    json: Json = False,
) -> None:
    """List who changed what, when, and with what result, newest first. Entries are kept for a year.

    The table has the counts and the single values of an outcome; --json has all of it.

    Only commands that change something are recorded. "begun" is the result of a command that still runs, or
    that was killed. Phone numbers are masked. Days and times are Beijing time.

    Examples:
    ops audit list --stage prod
    ops audit list --from 2026-03-01 --to 2026-03-02 --stage prod
    """
    rows = audit.entries(first, last)
    show_rows(
        rows if json else map(_readable, rows),
        _COLUMNS,
        as_json=json,
        empty="Nothing was changed in these days.",
        labels=_LABELS,
    )


def _readable(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return an entry with those parts of its outcome that fit into a cell, and that its arguments don't have."""
    arguments, outcome = entry.get("arguments") or {}, entry.get("outcome")
    if isinstance(outcome, Mapping):
        outcome = _short(outcome, but=arguments)
    return {**entry, "arguments": _short(arguments), "outcome": outcome}


def _short(fields: Mapping[str, Any], but: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return fields without the empty ones and those that `but` has; of lists of mappings, the length."""
    return {
        name: _value(field)
        for name, field in fields.items()
        if field not in (None, "", False, [], {}) and (but or {}).get(name) != field
    }


def _value(field: Any) -> Any:
    if isinstance(field, Mapping) and field.keys() == {"amount", "currency"}:
        return " ".join(field.values())
    if isinstance(field, list) and all(isinstance(one, str) for one in field):
        return ", ".join(field)
    return len(field) if isinstance(field, list | Mapping) else field
