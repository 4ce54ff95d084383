"""IAM's roles, EventBridge's rules and CloudWatch's log groups, as far as a deployment uses them."""

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from tests.support.deployment.fake_aws.errors import ServiceError, not_found


class Iam:
    """Roles with inline policies."""

    def __init__(self, arn: str) -> None:
        self.roles: dict[str, dict[str, Any]] = {}
        self.writes: list[tuple[str, Any]] = []
        """Every policy that was written, in this order."""
        self._arn = arn

    def create_role(self, RoleName: str, AssumeRolePolicyDocument: str) -> Any:
        if RoleName in self.roles:
            raise ServiceError("EntityAlreadyExists", f"Role {RoleName} already exists")
        self.roles[RoleName] = {}
        return self.get_role(RoleName)

    def get_role(self, RoleName: str) -> Any:
        self._policies(RoleName)
        return {
            "Role": {
                "RoleName": RoleName,
                "Path": "/",
                "RoleId": "AROA0000000000000000",
                "Arn": f"{self._arn}:role/{RoleName}",
                "CreateDate": "2026-11-29T00:00:00Z",
            }
        }

    def put_role_policy(self, RoleName: str, PolicyName: str, PolicyDocument: str) -> Any:
        document = json.loads(PolicyDocument)
        sids = [one["Sid"] for one in document["Statement"]]
        if len(set(sids)) != len(sids) or not all(sid.isalnum() for sid in sids):
            raise ServiceError("MalformedPolicyDocument", "Statement IDs (SID) must be unique")
        if len(json.dumps(document, separators=(",", ":"))) > 10_240:
            raise ServiceError("LimitExceeded", "Maximum policy size of 10240 bytes exceeded")
        self._policies(RoleName)[PolicyName] = document
        self.writes.append((RoleName, document))
        return {}

    def get_role_policy(self, RoleName: str, PolicyName: str) -> Any:
        policies = self._policies(RoleName)
        if PolicyName not in policies:
            raise ServiceError("NoSuchEntity", f"The role policy {PolicyName} cannot be found.")
        return {
            "RoleName": RoleName,
            "PolicyName": PolicyName,
            "PolicyDocument": quote(json.dumps(policies[PolicyName])),
        }

    def list_role_policies(self, RoleName: str) -> Any:
        return {"PolicyNames": list(self._policies(RoleName))}

    def delete_role_policy(self, RoleName: str, PolicyName: str) -> Any:
        del self._policies(RoleName)[PolicyName]
        return {}

    def delete_role(self, RoleName: str) -> Any:
        if self._policies(RoleName):
            raise ServiceError(
                "DeleteConflict", "Cannot delete entity, must delete policies first."
            )
        del self.roles[RoleName]
        return {}

    def _policies(self, role: str) -> dict[str, Any]:
        if role not in self.roles:
            raise ServiceError("NoSuchEntity", f"The role with name {role} cannot be found.")
        return self.roles[role]


@dataclass
class Rule:
    """A rule with its targets."""

    properties: dict[str, Any]
    targets: dict[str, str] = field(default_factory=dict)


class Events:
    """Rules of the default event bus."""

    def __init__(self, arn: str) -> None:
        self.rules: dict[str, Rule] = {}
        self._arn = arn

    def put_rule(self, Name: str, **given: Any) -> Any:
        self.rules.setdefault(Name, Rule({})).properties = given
        return {"RuleArn": f"{self._arn}:rule/{Name}"}

    def describe_rule(self, Name: str) -> Any:
        return {"Name": Name, **self._get(Name).properties}

    def put_targets(self, Rule: str, Targets: list[dict[str, str]]) -> Any:
        self._get(Rule).targets |= {one["Id"]: one["Arn"] for one in Targets}
        return {"FailedEntryCount": 0}

    def remove_targets(self, Rule: str, Ids: list[str]) -> Any:
        for one in Ids:
            self._get(Rule).targets.pop(one, None)
        return {"FailedEntryCount": 0}

    def delete_rule(self, Name: str) -> Any:
        if self._get(Name).targets:
            raise ServiceError("ValidationException", "Rule can't be deleted since it has targets.")
        del self.rules[Name]
        return {}

    def _get(self, name: str) -> Rule:
        if name not in self.rules:
            raise not_found(f"Rule {name}")
        return self.rules[name]


class Logs:
    """Log groups with their retention."""

    def __init__(self) -> None:
        self.groups: dict[str, int | None] = {}

    def describe_log_groups(self, logGroupNamePrefix: str) -> Any:
        found = [name for name in self.groups if name.startswith(logGroupNamePrefix)]
        return {"logGroups": [{"logGroupName": name} for name in found]}

    def create_log_group(self, logGroupName: str) -> Any:
        if logGroupName in self.groups:
            raise ServiceError("ResourceAlreadyExistsException", "The log group already exists")
        self.groups[logGroupName] = None
        return {}

    def put_retention_policy(self, logGroupName: str, retentionInDays: int) -> Any:
        self._require(logGroupName)
        self.groups[logGroupName] = retentionInDays
        return {}

    def delete_retention_policy(self, logGroupName: str) -> Any:
        self._require(logGroupName)
        self.groups[logGroupName] = None
        return {}

    def _require(self, name: str) -> None:
        if name not in self.groups:
            raise not_found(f"The log group {name}")
