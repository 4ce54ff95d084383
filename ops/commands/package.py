"""`ops package`: what `make package` calls."""

from pathlib import Path
from typing import Annotated

import typer

from ops import stages
from ops.commands.deploy import done
from ops.commands.output import Stage, command, fail, warn
from ops.package import BUNDLE, FUNCTIONS, STACK, warnings, write


@command
def package(
    stage: Stage,
    out: Annotated[str, typer.Option("--out", metavar="DIR", help="The folder to write to.")],
) -> None:
    """Write what a deployment would send to AWS: two CloudFormation templates and the bundle. Needs no AWS.

    Example: ops package --stage prod --out build
    """
    if stage == stages.LOCAL:
        fail("the local stack is not deployed: name a stage of .chalice/config.json")
    if not out:
        fail("name the folder to write to: OUT=build")
    config = stages.read_config()
    for warning in warnings(stages.environment(config, stage)):
        warn(warning)
    folder = Path(out)
    write(config, stage, folder)
    done(f"{folder / STACK}: table, queues, alarms, dashboard")
    done(f"{folder / FUNCTIONS}: functions, API, schedules")
    done(f"{folder / BUNDLE}: the functions' code")
