"""`ops deploy`: what `make deploy` calls."""

import sys
from collections.abc import Iterator
from typing import Annotated

import typer

from ops import deploy as deployment
from ops import deploy_checks
from ops.commands.output import Json, Stage, command, print_json, warn
from ops.commands.steps import Steps


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
    json: Json = False,
) -> None:
    """Deploy a stage: create or update its table, queues and alarms, then its functions.

    The token of Tencent's URL is printed to a terminal only, since the output of pipelines is kept.

    A deployment that was interrupted goes on with the next one.

    Example: ops deploy --stage prod
    """
    checked = deploy_checks.check(stage, adopt=adopt, replace=replace)
    for warning in checked.warnings:
        warn(warning)
    steps = Steps(as_json=json)
    steps.say(f"Deploying to {checked.target}")
    prefix = deployment.deploy(checked, steps.done)
    show = show_token or sys.stdout.isatty()
    token = checked.settings.tencent_callback_tokens[0] if show else "<token>"
    callback = f"{prefix}/tencent/{token}/callback"
    if json:
        print_json(
            {
                "stage": stage,
                "target": checked.target,
                "quickAudience": prefix,
                "tencent": callback,
                "steps": steps.finished,
                "warnings": checked.warnings,
            }
        )
        return
    for line in _next(stage, prefix, callback):
        steps.say(line)
    if not show:
        steps.say(f"(`python -m ops doctor --stage {stage} --show-token` prints the token)")


def _next(stage: str, prefix: str, callback: str) -> Iterator[str]:
    yield ""
    yield f"Give to Quick Audience  {prefix}"
    yield f"Give to Tencent         {callback}"
    yield ""
    yield f"Next: python -m ops doctor --stage {stage}"
    yield f"      python -m ops sign link NAME SIGN_ID --stage {stage}"
    yield "      docs/operations.md has the two consoles' fields, and what each alarm means"
