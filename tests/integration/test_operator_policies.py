"""The policies of docs/operations.md for people, compared with the calls of the commands."""

from typing import Any

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError

from chalicelib import aws as clients
from chalicelib.store import table
from ops import deadletters
from tests.support.deployment import operator_policies
from tests.support.deployment.permissions import Permission, needed, partitions
from tests.support.in_process import aws
from tests.support.in_process.bridge import Bridge
from tests.support.in_process.changes import CHANGES, LOOKS
from tests.support.in_process.operator import ops

ELSEWHERE = {"doctor", "env", "package"}
"""Commands that tests/deployment tests, or that make no calls."""


def policy(name: str) -> dict[str, Any]:
    page = {
        "table/qa-sms-bridge-prod": f"table/{aws.TABLE}",
        "qa-sms-bridge-prod-": aws.PREFIX,
        "REGION": aws.REGION,
        "ACCOUNT": aws.ACCOUNT,
    }
    return operator_policies.policy(name, **page)


class Iam:
    """Records the permissions that calls need, and denies those that a policy does not give."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.used: set[Permission] = set()
        self.denied: list[Permission] = []
        self.policy: dict[str, Any] | None = None
        call: Any = BaseClient._make_api_call  # type: ignore[attr-defined]

        def make_api_call(client: Any, operation: str, params: dict[str, Any]) -> Any:
            service = client.meta.service_model.service_name
            if self.policy and service != "sts":
                self._check(operation, set(needed(service, operation, params)))
            return call(client, operation, params)

        monkeypatch.setattr(BaseClient, "_make_api_call", make_api_call)

    def run(self, name: str, words: list[str]) -> Any:
        self.policy = policy(name)
        try:
            return ops(*words)
        finally:
            self.policy = None

    def _check(self, operation: str, permissions: set[Permission]) -> None:
        assert self.policy
        self.used |= permissions
        if denied := operator_policies.denied(self.policy, permissions):
            self.denied += denied
            message = f"User: x is not authorized to perform: {denied[0].action} on resource: y"
            error: Any = {"Code": "AccessDeniedException", "Message": message}
            raise ClientError({"Error": error}, operation)


@pytest.fixture
def iam(local: Bridge, monkeypatch: pytest.MonkeyPatch) -> Iam:
    monkeypatch.setattr(deadletters, "_WAIT_SECONDS", 0)
    return Iam(monkeypatch)


v5 = pytest.mark.v5_only("the signs and templates of tests.support.in_process.changes are v5's")


@v5
@pytest.mark.parametrize("name", CHANGES)
def test_an_operator_may_make_every_change(local: Bridge, iam: Iam, name: str) -> None:
    result = iam.run("operator", CHANGES[name](local))
    assert (result.exit_code, iam.denied) == (0, []), result.output


@v5
@pytest.mark.parametrize("who", ["operator", "viewer"])
@pytest.mark.parametrize("name", sorted(LOOKS.keys() - ELSEWHERE))
def test_everybody_may_look(local: Bridge, iam: Iam, name: str, who: str) -> None:
    CHANGES["template delete"](local)
    CHANGES["receipts replay"](local)
    CHANGES["deadletters replay"](local)
    result = iam.run(who, [*name.split(), *LOOKS[name]])
    assert (result.exit_code, iam.denied) == (0, []), result.output


@v5
@pytest.mark.parametrize("name", CHANGES)
def test_who_may_only_look_changes_nothing(local: Bridge, iam: Iam, name: str) -> None:
    words = CHANGES[name](local)
    before = clients.dynamodb().scan(TableName=table.table_name())["Items"]
    result = iam.run("viewer", words)
    assert result.exit_code == 1
    assert "not authorized to perform: dynamodb:PutItem" in result.stderr
    assert clients.dynamodb().scan(TableName=table.table_name())["Items"] == before


@v5
def test_an_operator_has_no_right_that_no_command_uses(local: Bridge, iam: Iam) -> None:
    """Of the table and the queues; the others are those of tests/deployment/test_operator_rights.py."""
    for change in CHANGES.values():
        words = change(local)
        assert iam.run("operator", words).exit_code == 0, words
        local.reset()
    CHANGES["deadletters replay"](local)
    for name in LOOKS.keys() - ELSEWHERE:
        iam.run("operator", [*name.split(), *LOOKS[name]])
    document = policy("operator")
    examined = next(one for one in document["Statement"] if one["Sid"] == "Examine")
    given = operator_policies.actions(document) - set(examined["Action"])
    given = {one for one in given if one.startswith(("dynamodb:", "sqs:"))}
    assert given == {one.action for one in iam.used}
    written = {partition for one in iam.used for partition in one.partitions}
    assert partitions(document) == written
