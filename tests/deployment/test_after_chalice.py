"""What `make deploy` sets after Chalice: it is set, it is read back, and it comes back after it was lost."""

import json
from typing import Any

import pytest
from typer.testing import Result

from ops.resources.queues import QUEUES
from tests.support.deployment.checkout import Checkout
from tests.support.deployment.commands import keep_secrets, ops
from tests.support.deployment.fake_aws.account import Account
from tests.support.deployment.fake_aws.functions import Function, Lambda

FED = [queue.function for queue in QUEUES]


def function(account: Account, name: str) -> Function:
    return account.functions.functions[f"qa-sms-bridge-prod-{name}"]


def variables(account: Account, name: str) -> dict[str, str]:
    found: dict[str, str] = function(account, name).configuration["Environment"]["Variables"]
    return found


def mapping(account: Account, queue: str) -> dict[str, Any]:
    [found] = [
        one.properties
        for one in account.functions.mappings.values()
        if one.properties["EventSourceArn"].endswith(f":qa-sms-bridge-prod-{queue}")
    ]
    return found


def deploy() -> Result:
    return ops("deploy", "--stage", "prod")


def said(check: str) -> tuple[str, str]:
    found = json.loads(ops("doctor", "--stage", "prod", "--json").stdout)
    [one] = [finding for finding in found if finding["check"] == check]
    return one["state"], one["found"]


# --- loops ---


def test_the_queue_functions_may_loop_and_no_other(deployed: Result, account: Account) -> None:
    loops = {name.rpartition("-")[2]: one for name, one in account.functions.functions.items()}
    allowed = {name for name, one in loops.items() if one.recursive_loop == "Allow"}
    assert allowed == {*FED}
    assert "recursive loops: deliver, settle, push, read\n" in deployed.stdout


def test_a_function_that_lost_its_loops_gets_them_back(deployed: Result, account: Account) -> None:
    function(account, "push").recursive_loop = "Terminate"
    result = deploy()
    assert "recursive loops: push\n" in result.stdout
    assert function(account, "push").recursive_loop == "Allow"
    assert "recursive loops: nothing to set" in deploy().stdout


def test_loops_that_aws_does_not_confirm_fail_the_deployment(
    account: Account, chalice: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep_secrets()
    monkeypatch.setattr(Lambda, "put_function_recursion_config", lambda *_, **__: {})
    result = deploy()
    assert result.exit_code == 1
    assert "still ends chains of invocations" in result.stderr


# --- partial batches ---


def test_mappings_report_partial_batches_and_the_functions_know_it(
    deployed: Result, account: Account
) -> None:
    for queue in QUEUES:
        assert mapping(account, queue.name)["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
        assert variables(account, queue.function)["BRIDGE_PARTIAL_BATCHES"] == "on"
    for name in ("pull", "sweep", "release", "inquire"):
        assert "BRIDGE_PARTIAL_BATCHES" not in variables(account, name)


def test_a_function_keeps_its_other_variables(deployed: Result, account: Account) -> None:
    assert variables(account, "push") == {
        **variables(account, "sweep"),
        "BRIDGE_PARTIAL_BATCHES": "on",
    }


def test_the_variable_is_off_until_the_mapping_was_read_back(
    deployed: Result, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A redeployment begins with it off: Chalice may make a mapping anew, without the switch."""
    before = Lambda.update_event_source_mapping
    seen = []

    def update(self: Lambda, UUID: str, **given: Any) -> Any:  # noqa: N803
        arn = self.mappings[UUID].properties["FunctionArn"]
        seen.append(variables(account, arn.rpartition("-")[2]).get("BRIDGE_PARTIAL_BATCHES"))
        return before(self, UUID, **given)

    monkeypatch.setattr(Lambda, "update_event_source_mapping", update)
    mapping(account, "sends")["FunctionResponseTypes"] = []
    assert deploy().exit_code == 0
    # Chalice's four updates, and then the one of the mapping that lost its switch.
    assert seen == [None] * 5
    assert variables(account, "deliver")["BRIDGE_PARTIAL_BATCHES"] == "on"


def test_a_mapping_that_does_not_confirm_leaves_the_variable_off(
    account: Account, chalice: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep_secrets()
    before = Lambda.update_event_source_mapping

    def update(self: Lambda, UUID: str, **given: Any) -> Any:  # noqa: N803
        given.pop("FunctionResponseTypes", None)
        return before(self, UUID, **given)

    monkeypatch.setattr(Lambda, "update_event_source_mapping", update)
    result = deploy()
    assert result.exit_code == 1
    assert "does not report partial batches" in result.stderr
    assert not any("BRIDGE_PARTIAL_BATCHES" in variables(account, name) for name in FED)


def test_the_variable_is_refused_in_the_configuration(checkout: Checkout, chalice: object) -> None:
    checkout.configure(BRIDGE_PARTIAL_BATCHES="on")
    result = deploy()
    assert result.exit_code == 1
    assert "BRIDGE_PARTIAL_BATCHES stands in .chalice/config.json" in result.stderr


def test_doctor_compares_the_switch_with_the_variable(deployed: Result, account: Account) -> None:
    assert said("polling of sends")[0] == "ok"
    mapping(account, "sends")["FunctionResponseTypes"] = []
    state, text = said("polling of sends")
    assert state == "error"
    assert "messages are lost" in text
    del variables(account, "deliver")["BRIDGE_PARTIAL_BATCHES"]
    assert said("polling of sends")[0] == "warning"


def test_doctor_shows_what_lambda_says_of_a_queue(deployed: Result, account: Account) -> None:
    mapping(account, "receipts")["LastProcessingResult"] = "PROBLEM: Function call failed"
    assert said("polling of receipts") == (
        "warning",
        "enabled, last result: PROBLEM: Function call failed",
    )
    account.functions.mappings.clear()
    state, text = said("polling of receipts")
    assert state == "error"
    assert "nothing polls the queue" in text
