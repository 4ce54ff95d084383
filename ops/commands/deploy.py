"""`ops deploy`: what `make deploy` calls."""

import sys
from collections.abc import Iterator
from typing import Annotated

import typer
from rich.console import Console

from ops import deploy as deployment
from ops import deploy_checks
from ops.commands.output import Stage, command, warn

_console = Console(highlight=False, soft_wrap=True)


@command
def deploy(
    stage: Stage,
    show_token: Annotated[
        bool,
        typer.Option("--show-token", help="Print Tencent's URL with its token in any case."),
    ] = False,
    adopt: Annotated[
        bool,
        typer.Option(
            "--adopt",
            help="Deploy a stage that another checkout deployed, or whose .chalice/deployed/ is lost.",
        ),
    ] = False,
    replace: Annotated[
        bool,
        typer.Option(
            "--replace", help="Replace queues or table although messages wait there; they are lost."
        ),
    ] = False,
) -> None:
    """Deploy a stage: create or update its table, queues and alarms, then its functions.

    The token of Tencent's URL is printed to a terminal only, since the output of pipelines is kept.

    A deployment that was interrupted goes on with the next one.

    Example: ops deploy --stage prod
    """
    checked = deploy_checks.check(stage, adopt=adopt, replace=replace)
    for warning in checked.warnings:
        warn(warning)
    _console.print(f"Deploying to {checked.target}", markup=False)
    prefix = deployment.deploy(checked, done)
    show = show_token or sys.stdout.isatty()
    token = checked.settings.tencent_callback_tokens[0] if show else "<token>"
    for line in _next(stage, prefix, token):
        _console.print(line, markup=False)
    if not show:
        _console.print(
            f"(`python -m ops doctor --stage {stage} --show-token` prints the token)", markup=False
        )


def done(step: str) -> None:
    """Print that a step is finished."""
    _console.print(f"[green]✓[/green] {step}")


def _next(stage: str, prefix: str, token: str) -> Iterator[str]:
    yield ""
    yield f"Give to Quick Audience  {prefix}"
    yield f"Give to Tencent         {prefix}/tencent/{token}/callback"
    yield ""
    yield f"Next: python -m ops doctor --stage {stage}"
    yield f"      python -m ops sign link NAME SIGN_ID --stage {stage}"
    yield "      docs/operations.md has the two consoles' fields, and what each alarm means"
