"""The permissions that a function's calls to AWS need, and whether its policy allows them.

The AWS of the integration tests allows everything, so this module takes the place of IAM: a call that the
function's policy does not allow is denied, as it would be when deployed, and recorded.
"""

import fnmatch
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
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
LEADING_KEYS = "dynamodb:LeadingKeys"
"""IAM's name for the partition keys of the items that a call reads or writes."""
RECORDING = os.environ.get("POLICIES") == "print"
"""Whether every call is allowed, so that the record shows what the policies should allow."""
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
    partitions: tuple[str, ...] = ()
    """The partitions of the table that the action writes, in the form of `partition`."""


def documents() -> dict[str, Any]:
    """Return the policy of each function, with the names that the integration tests use."""
    return policies.render(STAGE, ENVIRONMENT, identity=IDENTITY)


def needed(service: str, operation: str, params: Mapping[str, Any]) -> Iterator[Permission]:
    """Return the permissions that IAM requires for a call."""
    match service:
        case "dynamodb":
            for action, table, keys in _on_tables(operation, params):
                resource = IDENTITY.arn("dynamodb", f"table/{table}")
                written = tuple(sorted({partition(key["pk"]["S"]) for key in keys}))
                yield Permission(f"dynamodb:{action}", resource, written)
        case "sqs":
            # A batch needs the same permission as one message.
            queue = params.get("QueueName") or params["QueueUrl"].rsplit("/", 1)[1]
            yield Permission(f"sqs:{operation.removesuffix('Batch')}", IDENTITY.arn("sqs", queue))
        case "ssm":
            resource = "parameter/" + params["Name"].removeprefix("/")
            yield Permission(f"ssm:{operation}", IDENTITY.arn("ssm", resource))
        case _:
            raise AssertionError(f"{service} {operation}: say here what IAM asks for")


def partition(pk: str) -> str:
    """Return the pattern of a partition key, as the policies write it: `OUT#*`, or the whole key if it is fixed."""
    kind, separator, _ = pk.partition("#")
    return f"{kind}#*" if separator else kind


Attributes = Mapping[str, Any]


def _on_tables(
    operation: str, params: Mapping[str, Any]
) -> Iterator[tuple[str, str, list[Attributes]]]:
    """Yield each action of a call with its table and with the keys of the items that it writes."""
    match operation:
        case "BatchGetItem":
            for table in params["RequestItems"]:
                yield operation, table, []
        case "BatchWriteItem":
            for table, requests in params["RequestItems"].items():
                yield operation, table, [_key(part) for one in requests for part in one.values()]
        case "TransactWriteItems":
            for item in params["TransactItems"]:
                [(kind, part)] = item.items()
                yield f"{kind}Item", part["TableName"], _keys(part)
        case "ExecuteStatement" | "BatchExecuteStatement" | "ExecuteTransaction":
            found = params.get("Statements") or params.get("TransactStatements") or [params]
            for statement in found:
                yield _of_statement(statement["Statement"], statement.get("Parameters", []))
        case "PutItem" | "UpdateItem" | "DeleteItem":
            yield operation, params["TableName"], _keys(params)
        case _:
            yield operation, params["TableName"], []


def _of_statement(text: str, parameters: list[Any]) -> tuple[str, str, list[Attributes]]:
    verb, *words = text.split()
    table = next(word for word in words if word.startswith('"')).strip('"')
    before, found, _ = text.partition('"pk"=?')
    key = parameters[before.count("?") :][:1] if found and verb != "SELECT" else []
    return f"PartiQL{verb.capitalize()}", table, [{"pk": pk} for pk in key]


def _keys(params: Mapping[str, Any]) -> list[Attributes]:
    """Return the key of the item that a call writes. Tests may leave it out."""
    return [_key(params)] if "Item" in params or "Key" in params else []


def _key(params: Mapping[str, Any]) -> Attributes:
    key: Attributes = params["Item"] if "Item" in params else params["Key"]
    return key


def allows(document: Mapping[str, Any], permission: Permission) -> bool:
    """Return whether a policy allows a permission. The policies have no denials and no patterns of actions."""
    return any(
        permission.action in _listed(statement["Action"])
        and _matches(permission.resource, _listed(statement["Resource"]))
        # As IAM's ForAllValues does.
        and all(_matches(one, _leading_keys(statement)) for one in permission.partitions)
        for statement in document["Statement"]
    )


def partitions(document: Mapping[str, Any]) -> set[str]:
    """Return the partitions of the table that a policy lets its function write."""
    return {
        pattern
        for statement in document["Statement"]
        for pattern in _leading_keys(statement)
        if pattern != "*"
    }


def _leading_keys(statement: Mapping[str, Any]) -> list[str]:
    """Return the partition keys for which a statement holds."""
    condition = statement.get("Condition", {}).get("ForAllValues:StringLike", {})
    return _listed(condition.get(LEADING_KEYS, "*"))


def _matches(value: str, patterns: Iterable[str]) -> bool:
    return any(fnmatch.fnmatchcase(value, pattern) for pattern in patterns)


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


def expected(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what integration tests have to use of a policy: actions with resources, and partitions to write."""
    for one in granted(document):
        if one.action not in BY_OTHERS:
            yield one.action, one.resource
    for pattern in partitions(document):
        yield LEADING_KEYS, pattern


def granted(document: Mapping[str, Any]) -> Iterator[Permission]:
    """Return every action with every resource of a policy."""
    for statement in document["Statement"]:
        for action in _listed(statement["Action"]):
            for resource in _listed(statement["Resource"]):
                yield Permission(action, resource)


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def record(used: Iterable[tuple[str, str, str]]) -> dict[str, dict[str, list[str]]]:
    """Return what each function used: its actions by resource, and the partitions that it wrote.

    The uses are functions with an action and a resource, or with `LEADING_KEYS` and a partition.
    """
    found: dict[str, dict[str, list[str]]] = {}
    for function, action, resource in sorted(used):
        of_function = found.setdefault(function, {})
        key, value = (action, resource) if action == LEADING_KEYS else (resource, action)
        of_function.setdefault(key, []).append(value)
    return found


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

    @contextmanager
    def unchecked(self) -> Iterator[None]:
        """Let an operator do something inside the block while a function runs."""
        before, self._running = self._running, ""
        try:
            yield
        finally:
            self._running = before

    def check(self, function: str, operation: str, permissions: Iterable[Permission]) -> None:
        """Deny a call that the function's policy does not allow. The function may go on, so tests check `denied`."""
        for permission in permissions:
            self.used.setdefault(function, set()).add(permission)
            if not (RECORDING or allows(self._documents[function], permission)):
                on = ", ".join([permission.resource, *permission.partitions])
                self.denied.add(
                    f".chalice/policies.json does not allow {function} {permission.action} on {on}"
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
