"""A deployment or a deletion that is killed at any of its calls is finished by the next one."""

import copy
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ops import adoption, deploy, deploy_checks, destroy, queue_names, stack, stages
from ops.deploy_checks import Checked
from ops.errors import OperatorError
from tests.support import thoroughness
from tests.support.deployment.chalice_program import PREFIX, Chalice
from tests.support.deployment.checkout import Checkout
from tests.support.deployment.commands import keep_secrets, ops
from tests.support.deployment.fake_aws.account import Account, Killed

RECORD = Path(".chalice/deployed/prod.json")


def silent(_: str) -> None:
    pass


@pytest.fixture
def checked(chalice: Chalice, monkeypatch: pytest.MonkeyPatch) -> Checked:
    """A stage whose stack stands, and stays as it is."""
    keep_secrets()
    found = deploy_checks.check("prod")
    stages.enter("prod")
    stack.of_stage("prod").bring_to(stack.template(found.settings.table), found.parameters)
    monkeypatch.setattr(stack.Stack, "bring_to", lambda *_: "unchanged")
    monkeypatch.setattr(stack.Stack, "delete", lambda _: True)
    return found


def points(account: Account, work: Callable[[], Any]) -> Iterator[int]:
    """Yield the numbers of the calls that change something; every twelfth of them, unless CI asks for all.

    A death at a call that only reads leaves the same as one after the change before it.
    """
    account.calls.clear()
    work()
    reading = (" Get", " List", " Describe")
    changing = [
        number
        for number, call in enumerate(account.calls, 1)
        if not any(word in call for word in reading)
    ]
    assert len(changing) > 30
    yield from thoroughness.some(changing, 12)


def kill(account: Account, number: int, work: Callable[[], Any]) -> None:
    """Do some work, killed after its call of this number has had its effect."""
    account.calls.clear()
    account.killed_at = number, "after"
    with pytest.raises(Killed):
        work()
    account.killed_at = None


@pytest.mark.timeout(900)
def test_a_first_deployment_goes_on_wherever_it_was_killed(
    account: Account, checked: Checked
) -> None:
    def work() -> None:
        assert deploy.deploy(checked, silent) == PREFIX

    empty = account.snapshot()
    for number in points(account, work):
        whole, record = copy.deepcopy(account.state()), adoption.read("prod")
        account.restore(empty)
        RECORD.unlink()
        kill(account, number, work)
        assert deploy.deploy(deploy_checks.check("prod"), silent) == PREFIX
        assert account.state() == whole, account.calls[number - 1]
        assert adoption.read("prod").keys() == record.keys()


@pytest.mark.timeout(900)
def test_a_later_deployment_goes_on_wherever_it_was_killed(
    account: Account, checked: Checked
) -> None:
    def work() -> None:
        assert deploy.deploy(checked, silent) == PREFIX

    work()
    for number in points(account, work):
        whole = copy.deepcopy(account.state())
        kill(account, number, work)
        work()
        assert account.state() == whole, account.calls[number - 1]


@pytest.mark.timeout(900)
def test_a_deletion_goes_on_wherever_it_was_killed(account: Account, checked: Checked) -> None:
    def work() -> None:
        destroy.destroy("prod", silent, with_table=False)

    deploy.deploy(checked, silent)
    full = account.snapshot()
    for number in points(account, work):
        account.restore(full)
        adoption.reconcile(checked.config, "prod")
        kill(account, number, work)
        work()
        assert not any(account.state()[kind] for kind in ("functions", "mappings", "apis", "roles"))
        assert not account.events.rules
        assert adoption.read("prod") == {}


def test_what_was_killed_is_deployed_and_destroyed_by_the_commands(
    account: Account, chalice: Chalice
) -> None:
    keep_secrets()
    # Some functions and mappings are made by then, and no API.
    account.killed_at = 150, "after"
    with pytest.raises(Killed):
        ops("deploy", "--stage", "prod")
    account.killed_at = None
    assert account.functions.mappings
    assert not account.gateway.apis
    result = ops("deploy", "--stage", "prod")
    assert result.exit_code == 0, result.output
    assert f"{RECORD}: taken from AWS: " in result.stdout
    assert ops("destroy", "--stage", "prod", "--yes").exit_code == 0


# --- the record ---


def test_the_record_is_the_one_that_chalice_writes(account: Account, checked: Checked) -> None:
    deploy.deploy(checked, silent)
    of_chalice = adoption.read("prod")
    RECORD.unlink()
    changed = adoption.reconcile(checked.config, "prod")
    assert {*changed} == of_chalice.keys()
    assert adoption.read("prod") == of_chalice
    assert adoption.reconcile(checked.config, "prod") == []


def test_the_record_of_a_custom_domain_is_the_one_that_chalice_writes(
    account: Account, checked: Checked
) -> None:
    checked.config["stages"]["prod"]["api_gateway_custom_domain"] = {
        "domain_name": "sms.example.cn",
        "certificate_arn": "arn:aws:acm:us-east-1:000000000000:certificate/x",
    }
    deploy.deploy(checked, silent)
    of_chalice = adoption.read("prod")
    assert of_chalice["api_gateway_custom_domain"]["api_mapping"] == [{"key": "/"}]
    RECORD.unlink()
    adoption.reconcile(checked.config, "prod")
    assert adoption.read("prod") == of_chalice


def test_a_function_that_this_release_lacks_stays_recorded_and_is_deleted(
    account: Account, checked: Checked
) -> None:
    deploy.deploy(checked, silent)
    record = json.loads(RECORD.read_text())
    arn = account.functions.functions["qa-sms-bridge-prod-pull"].configuration["FunctionArn"]
    gone = "qa-sms-bridge-prod-gone"
    account.functions.functions[gone] = account.functions.functions["qa-sms-bridge-prod-pull"]
    record["resources"].append(
        {
            "name": "gone",
            "resource_type": "lambda_function",
            "lambda_arn": arn.replace("pull", "gone"),
        }
    )
    RECORD.write_text(json.dumps(record))
    deploy.deploy(checked, silent)
    assert gone not in account.functions.functions
    assert "gone" not in adoption.read("prod")


def test_a_stage_of_another_checkout_is_adopted_if_that_is_asked_for(
    account: Account, checked: Checked
) -> None:
    deploy.deploy(checked, silent)
    RECORD.unlink()
    result = ops("deploy", "--stage", "prod")
    assert result.exit_code == 1
    assert "python -m ops deploy --stage prod --adopt" in result.stderr
    result = ops("deploy", "--stage", "prod", "--adopt")
    assert result.exit_code == 0, result.output
    assert f"Give to Quick Audience  {PREFIX}\n" in result.stdout
    assert len(account.gateway.apis) == 1


def test_another_stages_api_of_the_same_name_is_not_taken(
    account: Account, checked: Checked
) -> None:
    document = {
        "info": {"title": "qa-sms-bridge"},
        "paths": {"/health": {"get": _calls("qa-sms-bridge-prod-of-others")}},
    }
    body = json.dumps(document).encode()
    account.gateway.import_rest_api(body, {"endpointConfigurationTypes": "REGIONAL"})
    assert deploy.deploy(checked, silent) != PREFIX
    assert len(account.gateway.apis) == 2


def test_two_apis_of_the_stage_are_named_and_none_is_chosen(
    account: Account, checked: Checked
) -> None:
    deploy.deploy(checked, silent)
    document = {
        "info": {"title": "qa-sms-bridge"},
        "paths": {"/health": {"get": _calls("qa-sms-bridge-prod")}},
    }
    body = json.dumps(document).encode()
    account.gateway.import_rest_api(body, {"endpointConfigurationTypes": "REGIONAL"})
    RECORD.unlink()
    # The second one has no address: nobody knows it.
    adoption.reconcile(checked.config, "prod")
    assert adoption.read("prod")["rest_api"]["rest_api_id"] == "abc123"
    account.gateway.create_deployment("abc123x1", "api")
    RECORD.unlink()
    result = ops("deploy", "--stage", "prod", "--adopt")
    assert result.exit_code == 1
    assert "2 APIs call the function qa-sms-bridge-prod: abc123, abc123x1" in result.stderr


def _calls(function: str) -> dict[str, Any]:
    arn = f"arn:aws:lambda:us-east-1:1:function:{function}"
    uri = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{arn}/invocations"
    return {"x-amazon-apigateway-integration": {"uri": uri}}


# --- changes that take their time ---


@pytest.fixture
def slow(account: Account, monkeypatch: pytest.MonkeyPatch) -> Account:
    """An AWS whose changes take some looks, and that refuses changes meanwhile."""
    account.functions.looks = 4
    monkeypatch.setattr("botocore.waiter.time.sleep", lambda _: None)
    return account


def test_destroying_and_deploying_right_afterwards_works(slow: Account, checked: Checked) -> None:
    for _ in range(2):
        deploy.deploy(checked, silent)
        destroy.destroy("prod", silent, with_table=False)
        assert slow.functions.mappings == {}


def test_the_names_of_queues_that_were_just_deleted_are_waited_for(
    checkout: Checkout, chalice: Chalice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue_names, "_SECONDS", 65)
    slept: list[float] = []
    monkeypatch.setattr("ops.queue_names.time.sleep", slept.append)
    said: list[str] = []
    queue_names.wait("prod", said.append)
    assert slept == []
    queue_names.note_deleted("prod")
    queue_names.wait("prod", said.append)
    assert 60 < slept[0] <= 65
    assert "until SQS releases the names" in said[0]
    queue_names.wait("prod", said.append)
    assert len(slept) == 1


def test_a_function_that_is_being_changed_is_waited_for(slow: Account, checked: Checked) -> None:
    deploy.deploy(checked, silent)
    slow.functions.update_function_code("qa-sms-bridge-prod-push")
    deploy.deploy(checked, silent)


def test_a_mapping_that_is_being_deleted_is_waited_for(slow: Account, checked: Checked) -> None:
    deploy.deploy(checked, silent)
    [uuid, *_] = slow.functions.mappings
    while slow.functions.get_event_source_mapping(uuid)["State"] != "Enabled":
        pass
    slow.functions.delete_event_source_mapping(uuid)
    deploy.deploy(checked, silent)
    assert len(slow.functions.mappings) == 4
    assert uuid not in slow.functions.mappings


def test_aws_that_never_finishes_is_said_so(
    slow: Account, checked: Checked, monkeypatch: pytest.MonkeyPatch
) -> None:
    deploy.deploy(checked, silent)
    monkeypatch.setattr("ops.cloud.lambdas._SETTLING_SECONDS", 0)
    slow.functions.looks = 10**9
    slow.functions.update_function_code("qa-sms-bridge-prod-push")
    with pytest.raises(OperatorError, match="not finished within 0 seconds"):
        deploy.deploy(checked, silent)
