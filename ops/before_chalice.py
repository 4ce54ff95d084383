"""What a deployment prepares before Chalice: AWS has finished its last changes, and Chalice's record is complete.

So a deployment goes on from wherever an earlier one was interrupted.
"""

import json
import time
from collections.abc import Mapping
from typing import Any

from ops import adoption, policies, stages
from ops.cloud import clients, lambdas, roles_and_rules
from ops.cloud.identity import Identity
from ops.progress import Progress

# IAM needs seconds until a changed policy holds everywhere.
_PROPAGATION_SECONDS = 15
# The size of all inline policies of a role, without white space.
_MAX_POLICY = 10_240

Statement = Mapping[str, Any]


def prepare(config: dict[str, Any], stage: str, account: Identity, progress: Progress) -> None:
    """Prepare a stage for Chalice. Raises OperatorError."""
    for function in policies.functions():
        # Lambda refuses to change a function whose last change is not finished, and Chalice does not wait.
        lambdas.settled(stages.function_name(stage, function))
    if changed := adoption.reconcile(config, stage):
        progress(f"{adoption.path(stage)}: taken from AWS: {', '.join(changed)}")
    if widened := widen_policies(config, stage, account):
        time.sleep(_PROPAGATION_SECONDS)
        progress(f"roles: permissions added for {', '.join(widened)}")


def widen_policies(config: dict[str, Any], stage: str, account: Identity) -> list[str]:
    """Add what the new code needs to the roles, and leave what the running code needs; return whose roles changed.

    Chalice writes the new policy and uploads the new code in one go: until IAM has settled, that code is denied
    what is new. It removes afterwards what only the old code needed.
    """
    changed = []
    for function, wanted in policies.of_stage(config, stage, account).items():
        role = f"{stages.APP}-{stage}-{function}"
        present = roles_and_rules.policy(role, role)
        if present is None:
            continue
        document = union(present, wanted)
        if document == present or len(json.dumps(document, separators=(",", ":"))) > _MAX_POLICY:
            continue
        clients.of("iam").put_role_policy(
            RoleName=role, PolicyName=role, PolicyDocument=json.dumps(document)
        )
        changed.append(function)
    return changed


def union(present: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Return a policy with the statements of both. A statement whose id is taken gets another one."""
    statements = [*present["Statement"]]
    for statement in wanted["Statement"]:
        if _content(statement) in map(_content, statements):
            continue
        sids = {one.get("Sid") for one in statements}
        sid = statement["Sid"]
        while sid in sids:
            sid += "Next"
        statements.append({**statement, "Sid": sid})
    return {**present, "Statement": statements}


def _content(statement: Statement) -> dict[str, Any]:
    return {name: value for name, value in statement.items() if name != "Sid"}
