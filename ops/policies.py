"""The functions' IAM policies, from `.chalice/policies.json`, which is written by hand.

Chalice reads a policy from a file and fills in nothing, so each function of each stage has a file:
`.chalice/policy-<stage>-<function>.json`, in the project that Chalice deploys. The policies name the stage's own
table, queues, secrets and logs, with wildcards for account and region: a role can't reach into another account
by itself.
"""

import json
from pathlib import Path
from string import Template
from typing import Any

from ops import stages

# Names of groups of statements; the other names in the file are functions.
_EVERY, _VPC = "every function", "in a VPC"


def file_name(stage: str, function: str) -> str:
    """Return the name of a function's policy file: Chalice's `iam_policy_file`."""
    return f"policy-{stage}-{function}.json"


def secrets(stage: str) -> str:
    """Return the path of a stage's secrets in the parameter store."""
    return f"/{stages.APP}/{stage}"


def functions() -> list[str]:
    """Return Chalice's names of the functions."""
    return list(_source()["functions"])


def render(stage: str, *, table: str, queue_prefix: str, vpc: bool = False) -> dict[str, Any]:
    """Return the policy of each function, by its name."""
    source = _source()
    rendered = {}
    for function, own in source["functions"].items():
        groups = [_EVERY, *own["and"], *([_VPC] if vpc else [])]
        statements = [*own["statements"], *(one for group in groups for one in source[group])]
        text = json.dumps({"Version": "2012-10-17", "Statement": statements})
        filled = Template(text).substitute(
            Table=table,
            QueuePrefix=queue_prefix,
            Secrets=secrets(stage).removeprefix("/"),
            Function=stages.function_name(stage, function),
        )
        rendered[function] = json.loads(filled)
    return rendered


def write(folder: Path, stage: str, *, table: str, queue_prefix: str, vpc: bool = False) -> None:
    """Write the policy files that Chalice reads into a project's `.chalice/`."""
    rendered = render(stage, table=table, queue_prefix=queue_prefix, vpc=vpc)
    for function, document in rendered.items():
        path = folder / file_name(stage, function)
        path.write_text(json.dumps(document, indent=2) + "\n")


def _source() -> dict[str, Any]:
    source: dict[str, Any] = json.loads((stages.FOLDER / "policies.json").read_text())
    return source
