"""Commands of a Typer app, called in process as if somebody typed them."""

import functools
import typing
from collections.abc import Sequence

import typer
import typer.testing
from typer.testing import CliRunner, Result

# Typer makes a command anew for each call, which takes longer than most of the commands.
_typer: typing.Any = typer.testing
_typer._get_command = functools.cache(_typer._get_command)


def run(app: typer.Typer, arguments: Sequence[str], typed: str = "", **environment: str) -> Result:
    """Run a command with the answers to its questions, and return its result."""
    return CliRunner().invoke(app, list(arguments), input=typed, env=environment)
