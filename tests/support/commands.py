"""The operator's commands, as the program itself lists them."""

from collections.abc import Iterator
from typing import Any

import typer

from ops.__main__ import app


def _commands(found: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    groups = getattr(found, "commands", {})
    if not groups:
        yield name, found
    for part, one in groups.items():
        yield from _commands(one, f"{name} {part}".strip())


COMMANDS = dict(_commands(typer.main.get_command(app)))
"""Every command by its whole name, such as `sign list`."""
