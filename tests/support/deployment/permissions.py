"""The permissions that a function's calls to AWS need, and whether its policy allows them.

The AWS of the integration tests allows everything, so this module takes the place of IAM: a call that the
function's policy does not allow is denied, as it would be when deployed, and recorded.
"""

import fnmatch
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError
from chalice.app import Chalice, EventSourceHandler

from ops import policies
from ops.cloud.identity import Identity
from tests.support.in_process.aws import ACCOUNT, PREFIX, REGION, TABLE

STAGE = "test"
HTTP = "api_handler"
PARAMETERS = {
    "QA_KEY": "/qa-sms-bridge/test/qa-key",
    "TENCENT_APP_KEY": "/qa-sms-bridge/test/tencent-app-key",
    "TENCENT_CALLBACK_TOKENS": "/qa-sms-bridge/test/tokens",
}
"""The parameters that hold the stage's secrets, by setting."""
ENVIRONMENT = {
    "BRIDGE_TABLE": TABLE,
    "BRIDGE_QUEUE_PREFIX": PREFIX,
    **{name: f"ssm:{parameter}" for name, parameter in PARAMETERS.items()},
}
"""The settings from which the policies follow."""
IDENTITY = Identity(account=ACCOUNT, region=REGION, partition="aws")


@dataclass(frozen=True, order=True)
class Permission:
    """An action and its resource."""

    action: str
    resource: str


def documents() -> dict[str, Any]:
    """Return the policy of each function, with the names that the integration tests use."""
    return policies.render(STAGE, ENVIRONMENT, identity=IDENTITY)


def needed(service: str, operation: str, params: Mapping[str, Any]) -> Iterator[Permission]:
    """Return the permissions that IAM requires for a call."""
    match service:
        case "dynamodb":
            for action, table in _on_tables(operation, params):
                yield Permission(f"dynamodb:{action}", IDENTITY.arn("dynamodb", f"table/{table}"))
        case "sqs":
            # A batch needs the same permission as one message.
            queue = params.get("QueueName") or params["QueueUrl"].rsplit("/", 1)[1]
            yield Permission(f"sqs:{operation.removesuffix('Batch')}", IDENTITY.arn("sqs", queue))
        case "ssm":
            resource = "parameter/" + params["Name"].removeprefix("/")
            yield Permission(f"ssm:{operation}", IDENTITY.arn("ssm", resource))
        case _:
            raise AssertionError(f"{service} {operation}: say here what IAM asks for")


def _on_tables(operation: str, params: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    match operation:
        case "BatchGetItem" | "BatchWriteItem":
            for table in params["RequestItems"]:
                yield operation, table
        case "TransactWriteItems":
            for item in params["TransactItems"]:
                [(kind, part)] = item.items()
                yield f"{kind}Item", part["TableName"]
        case "ExecuteStatement" | "BatchExecuteStatement" | "ExecuteTransaction":
            found = params.get("Statements") or params.get("TransactStatements") or [params]
            for statement in found:
                verb, *words = statement["Statement"].split()
                table = next(word for word in words if word.startswith('"'))
                yield f"PartiQL{verb.capitalize()}", table.strip('"')
        case _:
            yield operation, params["TableName"]


def allows(document: Mapping[str, Any], permission: Permission) -> bool:
    """Return whether a policy allows a permission. The policies have no denials and no patterns of actions."""
    return any(
        permission.action in _listed(statement["Action"])
        and any(
            fnmatch.fnmatchcase(permission.resource, pattern)
            for pattern in _listed(statement["Resource"])
        )
        for statement in document["Statement"]
    )


BY_OTHERS = {
    "logs:CreateLogStream": "Lambda writes down what a function prints",
    "logs:PutLogEvents": "the same",
    "sqs:ReceiveMessage": "Lambda polls the queue that feeds a function",
    "sqs:DeleteMessage": "Lambda deletes what a function worked through, if that doesn't do it first",
    "sqs:GetQueueAttributes": "Lambda looks how much there is to do",
    "kms:Decrypt": "the parameter store opens what it keeps sealed",
    "ssm:GetParameter": "seen by a test of its own: elsewhere secrets are given as they are",
}
"""Permissions that integration tests don't see used, and who uses them in the function's role."""


def ours(document: Mapping[str, Any]) -> Iterator[Permission]:
    """Return the permissions of a policy that integration tests have to use."""
    for one in granted(document):
        if one.action not in BY_OTHERS:
            yield one


def granted(document: Mapping[str, Any]) -> Iterator[Permission]:
    """Return every action with every resource of a policy."""
    for statement in document["Statement"]:
        for action in _listed(statement["Action"]):
            for resource in _listed(statement["Resource"]):
                yield Permission(action, resource)


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


class Guard:
    """Checks the calls of the running function, and records the permissions used and denied."""

    def __init__(self) -> None:
        self.used: dict[str, set[Permission]] = {}
        self.denied: set[str] = set()
        self._documents = documents()
        self._running = ""

    def install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Check every call to AWS that a function makes. Calls of tests and of ops are not checked."""
        call: Any = BaseClient._make_api_call  # type: ignore[attr-defined]

        def make_api_call(client: Any, operation: str, params: dict[str, Any]) -> Any:
            if self._running:
                service = client.meta.service_model.service_name
                self.check(self._running, operation, needed(service, operation, params))
            return call(client, operation, params)

        monkeypatch.setattr(BaseClient, "_make_api_call", make_api_call)
        # One function runs at a time, in any number of threads.
        monkeypatch.setattr(EventSourceHandler, "__call__", self._named(_name))
        monkeypatch.setattr(Chalice, "__call__", self._named(lambda _: HTTP, Chalice.__call__))

    def check(self, function: str, operation: str, permissions: Iterable[Permission]) -> None:
        """Deny a call that the function's policy does not allow. The function may go on, so tests check `denied`."""
        for permission in permissions:
            self.used.setdefault(function, set()).add(permission)
            if not allows(self._documents[function], permission):
                self.denied.add(
                    f".chalice/policies.json does not allow {function} {permission.action} "
                    f"on {permission.resource}"
                )
                denied: Any = {"Code": "AccessDeniedException", "Message": str(permission)}
                raise ClientError({"Error": denied}, operation)

    def _named(
        self, name: Callable[[Any], str], run: Callable[..., Any] = EventSourceHandler.__call__
    ) -> Callable[..., Any]:
        def called(handler: Any, event: Any, context: Any) -> Any:
            before, self._running = self._running, name(handler)
            try:
                return run(handler, event, context)
            finally:
                self._running = before

        return called


def _name(handler: Any) -> str:
    return str(handler.func.__name__)
