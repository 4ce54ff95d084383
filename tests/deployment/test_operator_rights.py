"""The policies of docs/operations.md, compared with the calls of commands about a deployed stage."""

from typing import Any

import pytest
from botocore.client import BaseClient
from typer.testing import Result

from tests.support.deployment import operator_policies
from tests.support.deployment.commands import ops
from tests.support.deployment.fake_aws.account import Account

# Calls whose action in IAM has another name. GetCallerIdentity needs no right.
_ACTIONS = {"apigateway:GetStage": "apigateway:GET", "sts:GetCallerIdentity": ""}
CHANGES = (
    ["pause", "sends"],
    ["resume", "sends"],
    ["secret", "set", "QA_KEY"],
)
# Of the table and the queues, by tests/integration/test_operator_policies.py; and what only the console calls, by
# tests/console/test_console_pages.py.
_ELSEWHERE = ("dynamodb:", "sqs:", "cloudwatch:GetMetricData")


@pytest.fixture
def used(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The actions that calls need, as they are made."""
    found: set[str] = set()
    call: Any = BaseClient._make_api_call  # type: ignore[attr-defined]

    def make_api_call(client: Any, operation: str, params: dict[str, Any]) -> Any:
        name = f"{client.meta.service_model.service_name}:{operation}"
        found.update(filter(None, [_ACTIONS.get(name, name)]))
        return call(client, operation, params)

    monkeypatch.setattr(BaseClient, "_make_api_call", make_api_call)
    return found


def run(*words: str) -> None:
    result = ops(*words, "--stage", "prod", typed="k3y-of-quick-audience\n")
    assert result.exit_code in (0, 1), result.output


def test_an_operator_may_examine_pause_and_set_secrets_and_no_more(
    deployed: Result, account: Account, used: set[str]
) -> None:
    used.clear()
    for words in (["doctor"], *CHANGES):
        run(*words)
    given = operator_policies.actions(operator_policies.policy("operator"))
    assert used <= given
    others = {one for one in given - used if not one.startswith(_ELSEWHERE)}
    assert others == set()


def test_who_may_only_look_may_examine_all_but_secrets(
    deployed: Result, account: Account, used: set[str]
) -> None:
    used.clear()
    run("doctor")
    given = operator_policies.actions(operator_policies.policy("viewer"))
    assert used - given == {"ssm:GetParameter"}
    assert {one for one in given - used if not one.startswith(_ELSEWHERE)} == set()


def test_no_policy_of_a_viewer_changes_anything() -> None:
    given = operator_policies.actions(operator_policies.policy("viewer"))
    reading = ("Get", "BatchGet", "Query", "Describe", "List", "GET")
    changing = {one for one in given if not one.partition(":")[2].startswith(reading)}
    assert changing == {"sqs:ReceiveMessage", "sqs:ChangeMessageVisibility"}
