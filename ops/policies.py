"""The functions' IAM policies, from `.chalice/policies.json`, which is written by hand.

Chalice reads a policy from a file and fills in nothing, so each function of each stage has a file:
`.chalice/policy-<stage>-<function>.json`, in the project that Chalice deploys. The policies name the stage's own
table, queues, secrets and logs, in the account and region that the stage is deployed to. `make package` knows
neither, so it writes wildcards for both.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from string import Template
from typing import Any

from ops import stages
from ops.cloud.identity import Identity

ANYWHERE = Identity(account="*", region="*", partition="*")
"""Wildcards. A role can't reach into another account by itself."""

# Names of groups of statements; the other names in the file are functions.
_EVERY, _SECRETS, _VPC = "every function", "with secrets", "in a VPC"
# What becomes a list in the statements about secrets: one entry for each parameter that the function reads.
_PARAMETER = "${Parameter}"


def file_name(stage: str, function: str) -> str:
    """Return the name of a function's policy file: Chalice's `iam_policy_file`."""
    return f"policy-{stage}-{function}.json"


def secrets(stage: str) -> str:
    """Return the path of a stage's secrets in the parameter store."""
    return f"/{stages.APP}/{stage}"


def functions() -> list[str]:
    """Return Chalice's names of the functions."""
    return list(_source()["functions"])


def of_stage(
    config: dict[str, Any], stage: str, identity: Identity = ANYWHERE
) -> dict[str, dict[str, Any]]:
    """Return the policy of each function of a configured stage, by its name."""
    return render(
        stage,
        stages.environment(config, stage),
        vpc=bool(stages.of_function(config, stage, stages.HTTP_FUNCTION).subnet_ids),
        identity=identity,
    )


def render(
    stage: str,
    environment: Mapping[str, str],
    *,
    vpc: bool = False,
    identity: Identity = ANYWHERE,
) -> dict[str, dict[str, Any]]:
    """Return the policy of each function, by its name, for a stage with these settings."""
    source = _source()
    rendered = {}
    for function, own in source["functions"].items():
        groups = [_EVERY, *([_VPC] if vpc else [])]
        statements = [
            *own["statements"],
            *_for_parameters(source[_SECRETS], _parameters(own["secrets"], environment)),
            *(one for group in groups for one in source[group]),
        ]
        text = json.dumps({"Version": "2012-10-17", "Statement": statements})
        filled = Template(text).substitute(
            Partition=identity.partition,
            Region=identity.region,
            Account=identity.account,
            Table=environment["BRIDGE_TABLE"],
            QueuePrefix=environment["BRIDGE_QUEUE_PREFIX"],
            Function=stages.function_name(stage, function),
        )
        rendered[function] = json.loads(filled)
    return rendered


def write(folder: Path, stage: str, documents: Mapping[str, Any]) -> None:
    """Write the functions' policies as the files that Chalice reads in a project's `.chalice/`."""
    for function, document in documents.items():
        path = folder / file_name(stage, function)
        path.write_text(json.dumps(document, indent=2) + "\n")


def _parameters(secrets: list[str], environment: Mapping[str, str]) -> list[str]:
    """Return the parameters that hold these secrets, without a leading slash, as in their ARNs."""
    values = [environment.get(name, "") for name in secrets]
    return [
        value.removeprefix("ssm:").removeprefix("/") for value in values if value.startswith("ssm:")
    ]


def _for_parameters(statements: Any, parameters: list[str]) -> Any:
    """Return the statements about secrets with these parameters; none if there are no parameters."""

    def fill(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: fill(one) for name, one in value.items()}
        if isinstance(value, str) and _PARAMETER in value:
            return [value.replace(_PARAMETER, one) for one in parameters]
        return value

    return [fill(statement) for statement in statements] if parameters else []


def _source() -> dict[str, Any]:
    source: dict[str, Any] = json.loads((stages.FOLDER / "policies.json").read_text())
    return source
