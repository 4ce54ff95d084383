"""Write what a deployment would send to AWS, without AWS.

Two files and the bundle: `stack.json`, the template of the stage's table, queues and alarms; `functions.json`,
the template of its functions; `bundle.zip`, which `functions.json` expects beside it.
"""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from chalicelib import settings
from chalicelib.errors import ConfigurationError
from ops import bundle, project, stack, stages
from ops.secret import NAMES

STACK, FUNCTIONS, BUNDLE = "stack.json", "functions.json", "bundle.zip"


def write(config: dict[str, Any], stage: str, folder: Path, *, with_bundle: bool = True) -> None:
    """Write the two templates and the bundle of a stage. Raises BundleError and StageError.

    Nothing is written before everything is packed. Without the bundle it takes two seconds and no
    package index: dependencies leave no trace in the templates.
    """
    template = stack_template(config, stage)
    with TemporaryDirectory(prefix="package-") as temporary:
        copy, output = Path(temporary) / "project", Path(temporary) / "output"
        copy.mkdir()
        output.mkdir()
        project.make(copy, config, stage)
        if not with_bundle:
            (copy / "requirements.txt").write_text("")
        packed = bundle.pack(copy, stage, output, finished=with_bundle)
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


def warnings(environment: dict[str, str]) -> Iterator[str]:
    """Yield what `make deploy` would refuse in a stage's settings, or warn of."""
    try:
        settings.from_environment(environment)
    except ConfigurationError as error:
        yield f"{error} `make deploy` refuses them; the templates are written with them as they are."
    for name in NAMES:
        if (value := environment.get(name)) and not value.startswith("ssm:"):
            yield f"{name} stands in .chalice/config.json, so {FUNCTIONS} holds this secret, too"


def _write(path: Path, template: dict[str, Any]) -> None:
    path.write_text(json.dumps(template, ensure_ascii=False, indent=2) + "\n")
