"""`ops secret`: the stage's secrets, in AWS's parameter store instead of a file."""

import sys
from typing import Annotated

import typer

from ops import secret
from ops.commands.output import Json, Stage, Yes, command, confirm, print_json
from ops.secret import NAMES

app = typer.Typer(no_args_is_help=True, help="Secrets of a deployed stage.")


@app.command("set")
@command
def set_(
    name: Annotated[str, typer.Argument(metavar="NAME", help=", ".join(NAMES))],
    stage: Stage,
    generate: Annotated[
        bool,
        typer.Option("--generate", help="Make a random one: good for TENCENT_CALLBACK_TOKENS."),
    ] = False,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Store a secret as a SecureString. It is asked for, or read from standard input; never an argument.

    A deployed stage reads it within five minutes, without another deployment. At a terminal, it asks before it
    replaces a secret.

    Example: ops secret set QA_KEY --stage prod
    """
    secret.require_name(stage, name)
    if _is_terminal() and secret.exists(stage, name):
        confirm(f"{name} of stage {stage} exists already. Replace it?", yes=yes)
    path = secret.store(stage, name, secret.generate() if generate else _ask(name))
    referenced = secret.is_referenced(stage, name, path)
    if json:
        print_json({"name": name, "parameter": path, "referenced": referenced})
        return
    typer.echo(f"{name} is in {path}")
    if not referenced:
        typer.echo(f'Now write "{name}": "ssm:{path}" into the stage in .chalice/config.json')


def _is_terminal() -> bool:
    return sys.stdin.isatty()


def _ask(name: str) -> str:
    if _is_terminal():
        return str(typer.prompt(name, hide_input=True, err=True)).strip()
    return sys.stdin.read().strip()
