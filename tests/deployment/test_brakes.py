"""What an operator has stopped stays stopped, and what messages wait in is not replaced."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from typer.testing import Result

from chalicelib import aws, settings
from chalicelib.store import waiting
from ops import api_limits, quota, waiting_counts
from ops.quota import Concurrency
from tests.support.deployment.checkout import Checkout
from tests.support.deployment.commands import keep_secrets, ops
from tests.support.deployment.fake_aws.account import Account
from tests.support.deployment.fake_aws.functions import Function, Lambda


def function(account: Account, name: str) -> Function:
    return account.functions.functions[f"qa-sms-bridge-prod{name and '-' + name}"]


def mapping(account: Account, queue: str) -> dict[str, Any]:
    [found] = [
        one.properties
        for one in account.functions.mappings.values()
        if one.properties["EventSourceArn"].endswith(f":qa-sms-bridge-prod-{queue}")
    ]
    return found


def deploy(*options: str) -> Result:
    return ops("deploy", "--stage", "prod", *options)


def said(check: str) -> tuple[str, str]:
    found = json.loads(ops("doctor", "--stage", "prod", "--json").stdout)
    [one] = [finding for finding in found if finding["check"] == check]
    return one["state"], one["found"]


# --- pausing a queue ---


@pytest.mark.parametrize("queue", ["sends", "callbacks", "receipts", "files"])
def test_a_queue_is_paused_and_resumed(deployed: Result, account: Account, queue: str) -> None:
    result = ops("pause", queue, "--stage", "prod", "--json")
    assert json.loads(result.stdout)["state"] == "paused"
    assert mapping(account, queue)["State"] == "Disabled"
    state, text = said(f"polling of {queue}")
    assert state == "warning"
    assert f"ops resume {queue}" in text
    result = ops("resume", queue, "--stage", "prod", "--json")
    assert json.loads(result.stdout)["state"] == "polled"
    assert mapping(account, queue)["State"] == "Enabled"


def test_a_paused_queue_stays_paused_through_a_deployment(
    deployed: Result, account: Account
) -> None:
    ops("pause", "sends", "--stage", "prod")
    assert deploy().exit_code == 0
    assert mapping(account, "sends")["State"] == "Disabled"
    assert mapping(account, "sends")["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_pausing_waits_until_aws_has_done_it(deployed: Result, account: Account) -> None:
    account.functions.looks = 5
    ops("pause", "sends", "--stage", "prod")
    assert mapping(account, "sends")["State"] == "Disabled"


def test_a_queue_that_does_not_exist_is_refused(deployed: Result) -> None:
    result = ops("pause", "send", "--stage", "prod")
    assert result.exit_code == 1
    assert "sends, callbacks, receipts, files" in result.stderr


def test_a_queue_that_nothing_polls_is_named(deployed: Result, account: Account) -> None:
    account.functions.mappings.clear()
    result = ops("pause", "sends", "--stage", "prod")
    assert result.exit_code == 1
    assert "nothing polls the queue sends" in result.stderr


def test_the_local_stack_has_no_mappings(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "stack.json").write_text(json.dumps({"environment": {}}))
    monkeypatch.setenv("BRIDGE_STATE", str(tmp_path))
    result = ops("pause", "sends")
    assert result.exit_code == 1
    assert "has no event source mappings" in result.stderr


# --- reserved concurrency ---


def test_a_function_that_was_stopped_stays_stopped(
    deployed: Result, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    function(account, "deliver").reserved = 0
    function(account, "push").reserved = 3
    seen: list[int | None] = []
    before = Lambda._change

    def change(self: Lambda, name: str, changes: Any) -> Any:
        seen.append(function(account, "deliver").reserved)
        return before(self, name, changes)

    monkeypatch.setattr(Lambda, "_change", change)
    result = deploy()
    assert result.exit_code == 0, result.output
    assert "stopped by a reserved concurrency of 0, and kept so: deliver" in result.stdout
    assert function(account, "push").reserved == 3
    # Not even for the moment in which Chalice changes the functions.
    assert {*seen} == {0}
    assert said("function deliver") == ("warning", "stopped by a reserved concurrency of 0")


def test_what_is_configured_wins_over_all_but_a_stop(
    deployed: Result, account: Account, checkout: Checkout
) -> None:
    config = checkout.config
    own = config["stages"]["prod"].setdefault("lambda_functions", {})
    own["push"] = {"reserved_concurrency": 7}
    own["deliver"] = {"reserved_concurrency": 7}
    checkout.write(config)
    function(account, "push").reserved = 3
    function(account, "deliver").reserved = 0
    assert deploy().exit_code == 0
    assert function(account, "push").reserved == 7
    assert function(account, "deliver").reserved == 0


def test_the_http_function_gets_its_share(deployed: Result, account: Account) -> None:
    assert function(account, "").reserved == 100
    assert {
        one.reserved for name, one in account.functions.functions.items() if "prod-" in name
    } == {None}


@pytest.mark.parametrize(
    ("unreserved", "share"), [(1000, 100), (200, 100), (160, 60), (149, None), (25, None)]
)
def test_the_share_leaves_what_lambda_wants_unreserved(unreserved: int, share: int | None) -> None:
    assert quota.http_share(Concurrency(1000, unreserved)) == share


# --- small accounts ---


def test_an_account_that_is_too_small_is_refused_with_the_sentence_to_send(
    account: Account, chalice: Any
) -> None:
    account.functions.limit = 10
    keep_secrets()
    result = deploy()
    assert result.exit_code == 1
    assert "may run 10 functions at once" in result.stderr
    assert "Service Quotas" in result.stderr
    assert not account.functions.functions


def test_a_small_account_reserves_nothing(account: Account, chalice: Any) -> None:
    account.functions.limit = 25
    keep_secrets()
    assert deploy().exit_code == 0
    assert function(account, "").reserved is None


def test_doctor_tells_a_small_account(deployed: Result, account: Account) -> None:
    assert said("concurrency")[0] == "ok"
    account.functions.limit = 24
    assert said("concurrency")[0] == "error"


def test_who_may_not_read_the_limit_is_warned(
    account: Account, chalice: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied() -> Concurrency:
        error: Any = {"Code": "AccessDeniedException", "Message": "no"}
        raise ClientError({"Error": error}, "GetAccountSettings")

    monkeypatch.setattr(quota, "read", denied)
    keep_secrets()
    result = deploy()
    assert result.exit_code == 0, result.output
    assert "lambda:GetAccountSettings" in result.stderr


# --- schedules and requests ---


def test_failed_and_late_runs_of_schedules_are_not_repeated(
    deployed: Result, account: Account
) -> None:
    found = {
        name.rpartition("-")[2]: one.invoke_config
        for name, one in account.functions.functions.items()
        if one.invoke_config
    }
    assert found == {
        name: {"MaximumRetryAttempts": 0, "MaximumEventAgeInSeconds": seconds}
        for name, seconds in (("pull", 60), ("release", 60), ("sweep", 3600), ("inquire", 3600))
    }
    assert said("schedules")[0] == "ok"
    function(account, "pull").invoke_config = None
    assert said("schedules")[0] == "warning"
    assert "schedules without retries: pull\n" in deploy().stdout


def test_the_api_is_throttled(deployed: Result, account: Account, checkout: Checkout) -> None:
    settings = account.gateway.apis["abc123"].stages["api"]["methodSettings"]
    assert settings == {"*/*": {"throttlingRateLimit": 1000.0, "throttlingBurstLimit": 2000}}
    assert said("throttle of the API") == ("ok", "1000 requests a second, 2000 at once")
    config = checkout.config
    config["stages"]["prod"]["stack"] |= {"ApiRate": 50, "ApiBurst": 75}
    checkout.write(config)
    assert said("throttle of the API")[0] == "warning"
    assert "throttle of the API: 50 requests a second, 75 at once" in deploy().stdout
    assert settings["*/*"] == {"throttlingRateLimit": 50.0, "throttlingBurstLimit": 75}


@pytest.mark.parametrize("value", ["0", "many", "-1", "1.5"])
def test_a_throttle_that_is_no_number_is_refused(
    checkout: Checkout, chalice: Any, value: str
) -> None:
    config = checkout.config
    config["stages"]["prod"]["stack"]["ApiRate"] = value
    checkout.write(config)
    result = deploy()
    assert result.exit_code == 1
    assert "ApiRate" in result.stderr
    assert {*api_limits.DEFAULTS} == {"ApiRate", "ApiBurst"}


# --- replacing what messages wait in ---


def send(queue: str) -> None:
    url = aws.sqs().get_queue_url(QueueName=f"qa-sms-bridge-prod-{queue}")["QueueUrl"]
    aws.sqs().send_message(QueueUrl=url, MessageBody="{}")


@pytest.mark.parametrize("place", ["sends", "receipts-dead", "the table at time"])
def test_queues_are_not_replaced_while_messages_wait(
    deployed: Result, checkout: Checkout, place: str
) -> None:
    if place == "the table at time":
        waiting.put(waiting.TIME, "sends", {"one": "{}"}, due=10**10)
    else:
        send(place)
    checkout.configure(BRIDGE_QUEUE_PREFIX="another-")
    settings.load.cache_clear()
    result = deploy()
    assert result.exit_code == 1
    assert "BRIDGE_QUEUE_PREFIX from qa-sms-bridge-prod- to another-" in result.stderr
    assert f"{place}: 1" in result.stderr
    assert "--replace" in result.stderr


def test_a_count_that_ended_early_is_shown_so(
    deployed: Result, checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting_counts, "MAX_COUNT", 1)
    waiting.put(waiting.TIME, "sends", {"one": "{}", "two": "{}"}, due=10**10)
    checkout.configure(BRIDGE_QUEUE_PREFIX="another-")
    settings.load.cache_clear()
    assert "the table at time: 1+" in deploy().stderr


def test_a_table_is_not_replaced_while_messages_wait(deployed: Result, checkout: Checkout) -> None:
    send("sends")
    checkout.configure(BRIDGE_TABLE="another")
    settings.load.cache_clear()
    result = deploy()
    assert result.exit_code == 1
    assert "BRIDGE_TABLE from qa-sms-bridge-prod to another" in result.stderr


def test_empty_queues_are_replaced_and_the_old_ones_stay(
    deployed: Result, checkout: Checkout, account: Account
) -> None:
    checkout.configure(BRIDGE_QUEUE_PREFIX="another-")
    settings.load.cache_clear()
    result = deploy()
    assert result.exit_code == 0, result.output
    names = [url.rpartition("/")[2] for url in aws.sqs().list_queues()["QueueUrls"]]
    assert "another-sends" in names
    template = json.loads((checkout.folder / ".chalice" / "resources.json").read_text())
    queues = [one for one in template["Resources"].values() if one["Type"] == "AWS::SQS::Queue"]
    assert {(one["DeletionPolicy"], one["UpdateReplacePolicy"]) for one in queues} == {
        ("Delete", "Retain")
    }
