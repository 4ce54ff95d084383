"""`ops secret`: the stage's secrets, in AWS's parameter store rather than in a file."""

import secrets
import sys
from typing import Annotated

import boto3
import typer

from ops import stage as stages
from ops.output import Stage, command, fail
from ops.policies import secrets as folder

app = typer.Typer(no_args_is_help=True, help="Secrets of a deployed stage.")

NAMES = ("QA_KEY", "TENCENT_APP_KEY", "TENCENT_CALLBACK_TOKENS")
"""The settings that may be `ssm:/name of a parameter`."""


def parameter(stage: str, name: str) -> str:
    """The parameter that a stage keeps a secret in, unless its configuration names another."""
    return f"{folder(stage)}/{name.lower().replace('_', '-')}"


@app.command("set")
@command
def set_(
    name: Annotated[str, typer.Argument(metavar="NAME", help=", ".join(NAMES))],
    generate: Annotated[
        bool, typer.Option("--generate", help="Make one up: good for TENCENT_CALLBACK_TOKENS.")
    ] = False,
    stage: Stage = "prod",
) -> None:
    """Keep a secret as a SecureString. It is asked for, or read from standard input; never an argument.

    A deployed stage has it within five minutes, without another deployment.
    """
    if stage == stages.LOCAL:
        fail("the local stack has no secrets: name a deployed stage with --stage")
    if name not in NAMES:
        fail(f"{name} is no secret; these are: {', '.join(NAMES)}")
    value = secrets.token_urlsafe(24) if generate else _ask(name)
    if not value:
        fail("nothing was given, nothing was done")
    where = _named(stage, name)
    boto3.client("ssm").put_parameter(Name=where, Value=value, Type="SecureString", Overwrite=True)
    typer.echo(f"{name} is in {where}")
    if stages.environment(stages.read_config(), stage).get(name) != f"ssm:{where}":
        typer.echo(f'Now write "{name}": "ssm:{where}" into the stage in .chalice/config.json')


def _ask(name: str) -> str:
    if sys.stdin.isatty():
        return str(typer.prompt(name, hide_input=True, err=True)).strip()
    return sys.stdin.read().strip()


def _named(stage: str, name: str) -> str:
    """The parameter that the configuration names for it, or the one it should."""
    value = stages.environment(stages.read_config(), stage).get(name, "")
    return value.removeprefix("ssm:") if value.startswith("ssm:") else parameter(stage, name)
