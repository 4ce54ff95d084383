"""`ops package`: write what a deployment would send to AWS. `make package` calls it. It needs no AWS.

Two files and the bundle: `stack.json`, the template of the stage's table, queues and alarms;
`functions.json`, the template of its functions; `bundle.zip`, which `functions.json` expects beside it.
"""

import copy
import json
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer

from chalicelib import settings
from chalicelib.errors import ConfigurationError
from ops import bundle, policies, stack
from ops import stage as stages
from ops.deploy import done
from ops.output import Stage, command, fail, warn
from ops.secret import NAMES

STACK, FUNCTIONS, BUNDLE = "stack.json", "functions.json", "bundle.zip"


@command
def package(
    stage: Stage,
    out: Annotated[str, typer.Option("--out", metavar="DIR", help="The folder to write to.")],
) -> None:
    """Write what a deployment would send to AWS: two CloudFormation templates and the bundle. Needs no AWS."""
    if stage == stages.LOCAL:
        fail("the local stack is not deployed: name a stage of .chalice/config.json")
    if not out:
        fail("name the folder to write to: OUT=build")
    config = stages.read_config()
    _warn_of_settings(stages.environment(config, stage))
    folder = Path(out)
    try:
        write(config, stage, folder)
    except bundle.BundleError as error:
        fail(str(error))
    done(f"{folder / STACK}: table, queues, alarms, dashboard")
    done(f"{folder / FUNCTIONS}: functions, API, schedules")
    done(f"{folder / BUNDLE}: the functions' code")


def write(config: dict[str, Any], stage: str, folder: Path, *, with_bundle: bool = True) -> None:
    """Write the two templates and the bundle of a stage. Raises BundleError and StageError.

    Nothing is written before everything is packed. Without the bundle it takes two seconds and no
    package index: dependencies leave no trace in the templates.
    """
    config = copy.deepcopy(config)
    bundle.complete(config, stage)
    template = stack_template(config, stage)
    with TemporaryDirectory(prefix="package-") as temporary:
        project, output = Path(temporary) / "project", Path(temporary) / "output"
        project.mkdir()
        output.mkdir()
        _prepare(project, config, stage)
        if not with_bundle:
            (project / "requirements.txt").write_text("")
        packed = bundle.pack(project, stage, output, finished=with_bundle)
        folder.mkdir(parents=True, exist_ok=True)
        _write(folder / STACK, template)
        _write(folder / FUNCTIONS, packed.with_code(f"./{BUNDLE}"))
        if with_bundle:
            shutil.copyfile(packed.bundle, folder / BUNDLE)


def stack_template(config: dict[str, Any], stage: str) -> dict[str, Any]:
    """Return the template of a stage's stack, with the stage's parameters as their defaults.

    A deployment gives the parameters beside the template; so the file alone makes the same stack.
    """
    template = stack.template(stages.environment(config, stage)["BRIDGE_TABLE"])
    for name, value in stack.parameters(config, stage).items():
        parameter = template["Parameters"][name]
        parameter["Default"] = int(value) if parameter["Type"] == "Number" else value
    return template


def _prepare(project: Path, config: dict[str, Any], stage: str) -> None:
    """Make a copy of the project with the stage's configuration and policies: the checkout stays as it is."""
    bundle.copy_project(project)
    environment = stages.environment(config, stage)
    (project / ".chalice" / "config.json").write_text(json.dumps(config))
    policies.write(
        stage,
        table=environment["BRIDGE_TABLE"],
        queue_prefix=environment["BRIDGE_QUEUE_PREFIX"],
        vpc=bool(stages.of_function(config, stage, stages.HTTP_FUNCTION).subnet_ids),
        folder=project / ".chalice",
    )


def _write(path: Path, template: dict[str, Any]) -> None:
    path.write_text(json.dumps(template, ensure_ascii=False, indent=2) + "\n")


def _warn_of_settings(environment: dict[str, str]) -> None:
    """Warn of what `make deploy` would refuse or warn of."""
    try:
        settings.from_environment(environment)
    except ConfigurationError as error:
        warn(
            f"{error} `make deploy` refuses them; the templates are written with them as they are."
        )
    for name in NAMES:
        if (value := environment.get(name)) and not value.startswith("ssm:"):
            warn(f"{name} stands in .chalice/config.json, so {FUNCTIONS} holds this secret, too")
