"""`ops package`: what `make package` calls."""

from pathlib import Path
from typing import Annotated

import typer

from ops import stages
from ops.commands.output import Json, Stage, command, fail, print_json, warn
from ops.commands.steps import Steps
from ops.package import BUNDLE, FUNCTIONS, STACK, warnings, write


@command
def package(
    stage: Stage,
    out: Annotated[str, typer.Option("--out", metavar="DIR", help="The folder to write to.")],
    json: Json = False,
) -> None:
    """Write what a deployment would send to AWS: two CloudFormation templates and the bundle. Needs no AWS.

    Example: ops package --stage prod --out build
    """
    if stage == stages.LOCAL:
        fail("the local stack is not deployed: name a stage of .chalice/config.json")
    if not out:
        fail("name the folder to write to: OUT=build")
    config = stages.read_config()
    found = list(warnings(stages.environment(config, stage)))
    for warning in found:
        warn(warning)
    folder = Path(out)
    write(config, stage, folder)
    if json:
        files = [str(folder / name) for name in (STACK, FUNCTIONS, BUNDLE)]
        print_json({"stage": stage, "files": files, "warnings": found})
        return
    done = Steps(as_json=False).done
    done(f"{folder / STACK}: table, queues, alarms, dashboard")
    done(f"{folder / FUNCTIONS}: functions, API, schedules")
    done(f"{folder / BUNDLE}: the functions' code")
