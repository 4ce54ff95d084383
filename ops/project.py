"""The project that Chalice packs and deploys: a copy of this checkout that is complete for one stage.

The tracked `.chalice/config.json` holds what people decide. The rest follows from the stage's name: the names of
table and queues, and a policy for each function. Chalice reads these from its configuration and from files, so
they are written into the copy, and the checkout stays as it is.
"""

import copy
import json
from pathlib import Path
from typing import Any

from ops import bundle, policies, stages
from ops.cloud.identity import Identity


def make(
    folder: Path, config: dict[str, Any], stage: str, identity: Identity = policies.ANYWHERE
) -> None:
    """Make a stage's project in an empty folder. Its policies hold for this account and region."""
    bundle.copy_project(folder)
    settings = folder / stages.FOLDER
    (settings / "config.json").write_text(json.dumps(complete(config, stage)))
    policies.write(settings, stage, policies.of_stage(config, stage, identity))


def share_records(folder: Path) -> None:
    """Let a project use the checkout's `.chalice/deployed/`, where Chalice records what it deployed."""
    records = stages.FOLDER / "deployed"
    records.mkdir(exist_ok=True)
    (folder / records).symlink_to(records.resolve(), target_is_directory=True)


def complete(config: dict[str, Any], stage: str) -> dict[str, Any]:
    """Return a copy of the configuration with everything that Chalice needs of a stage."""
    completed = copy.deepcopy(config)
    own = stages.of(completed, stage)
    own["environment_variables"] = stages.environment(config, stage)
    own["autogen_policy"] = False
    for function in policies.functions():
        wired = own.setdefault("lambda_functions", {}).setdefault(function, {})
        wired["iam_policy_file"] = policies.file_name(stage, function)
    return completed
