"""The functions' IAM policies, from `.chalice/policies.json`, which is written by hand.

Chalice reads a policy from a file as it stands, so there is one for each function of each stage:
`.chalice/policy-<stage>-<function>.json`, written anew by each deployment. They name the stage's own
table, queues, secrets and logs, of whatever account and region: a role can't reach into another
account by itself.
"""

import json
from pathlib import Path
from string import Template
from typing import Any

from ops import stage as stages

# Names of groups of statements, beside those of the functions.
_EVERY, _VPC = "every function", "in a VPC"


def file_name(stage: str, function: str) -> str:
    """What `iam_policy_file` says in `.chalice/config.json`."""
    return f"policy-{stage}-{function}.json"


def secrets(stage: str) -> str:
    """Where a stage's secrets are in the parameter store."""
    return f"/{stages.APP}/{stage}"


def functions() -> list[str]:
    """The names of the functions, as Chalice has them."""
    return list(_source()["functions"])


def render(stage: str, *, table: str, queue_prefix: str, vpc: bool = False) -> dict[str, Any]:
    """The policy of each function, by its name."""
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


def write(
    stage: str, *, table: str, queue_prefix: str, vpc: bool = False, folder: Path | None = None
) -> None:
    """Write the files that Chalice reads, into this checkout's `.chalice/` or another one."""
    rendered = render(stage, table=table, queue_prefix=queue_prefix, vpc=vpc)
    for function, document in rendered.items():
        path = (folder or stages.FOLDER) / file_name(stage, function)
        path.write_text(json.dumps(document, indent=2) + "\n")


def _source() -> dict[str, Any]:
    source: dict[str, Any] = json.loads((stages.FOLDER / "policies.json").read_text())
    return source
