"""`ops doctor --stage prod`: the findings of healthy and broken stages."""

import json
from datetime import date
from typing import Any

import boto3
import pytest
import requests
from botocore.client import BaseClient
from typer.testing import Result

from app import app
from chalicelib import aws
from chalicelib.store import waiting
from ops import doctor, runtimes, stack
from ops.resources.alarms import ALARMS
from tests.support.deployment.chalice_program import PREFIX
from tests.support.deployment.checkout import Checkout
from tests.support.deployment.commands import ops
from tests.support.deployment.fake_aws.account import Account
from tests.support.deployment.fake_aws.functions import Function


@pytest.fixture(autouse=True)
def functions(
    account: Account, deployed: Result, monkeypatch: pytest.MonkeyPatch
) -> dict[str, Function]:
    """Return the functions in Lambda; Tencent, and what ministack passes over, are well."""
    monkeypatch.setattr(doctor, "_tencent", lambda: "fine")
    monkeypatch.setattr(runtimes, "today", lambda: date(2026, 1, 1))
    aws.dynamodb().update_time_to_live(
        TableName="qa-sms-bridge-prod",
        TimeToLiveSpecification={"AttributeName": "expires", "Enabled": True},
    )
    aws.dynamodb().update_continuous_backups(
        TableName="qa-sms-bridge-prod",
        PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True},
    )
    topic = stack.of_stage("prod").outputs()["Alarms"]
    boto3.client("sns").subscribe(TopicArn=topic, Protocol="email", Endpoint="operator@example.com")
    return account.functions.functions


def findings(*options: str) -> tuple[int, dict[str, tuple[str, str]]]:
    result = ops("doctor", "--stage", "prod", "--json", *options)
    found = {one["check"]: (one["state"], one["found"]) for one in json.loads(result.stdout)}
    return result.exit_code, found


def test_a_deployed_stage_has_no_findings() -> None:
    code, found = findings()
    assert {state for state, _ in found.values()} == {"ok"}, found
    assert code == 0
    assert found["URL for Quick Audience"] == ("ok", PREFIX)
    state, url = found["URL for Tencent"]
    assert (state, url.split()[0]) == ("ok", f"{PREFIX}/tencent/<token>/callback")
    assert findings("--show-token")[1]["URL for Tencent"] == (
        "ok",
        f"{PREFIX}/tencent/t0ken-one-of-the-callback/callback",
    )
    assert found["alarms"][1] == f"{len(ALARMS)} alarms, none of them rings"
    assert f"{PREFIX}/health answers 200" in found["HTTP"][1]
    assert {name for name in found if name.startswith("function ")} == {
        f"function {name}" for name in {event.name for event in app.event_sources} | {"api_handler"}
    }


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"QA_AUTH": "off"}, "QA_SOURCE_ADDRESSES"),
        ({"QA_KEY": "k"}, "QA_KEY has a secret of 1 characters"),
        ({"TENCENT_CALLBACK_TOKENS": "a"}, "TENCENT_CALLBACK_TOKENS has a secret of 1 characters"),
        ({"QA_BASE_URL": "http://quicka.aliyun.com"}, "QA_BASE_URL is an http:// address"),
    ],
)
def test_a_stage_that_is_open_to_strangers_is_an_error(
    checkout: Checkout, settings: dict[str, str], said: str
) -> None:
    checkout.configure(**settings)
    code, found = findings()
    assert found["access"][0] == "error"
    assert said in found["access"][1]
    assert code == 1


def test_an_active_alarm_is_shown_with_its_meaning() -> None:
    boto3.client("cloudwatch").set_alarm_state(
        AlarmName="qa-sms-bridge-prod-breaker-open", StateValue="ALARM", StateReason="a test"
    )
    code, found = findings()
    assert found["alarms"][0] == "warning"
    assert "breaker-open: Either pushes wait" in found["alarms"][1]
    assert code == 0


def test_settings_that_were_changed_since_are_named(
    functions: dict[str, Function],
) -> None:
    variables = functions["qa-sms-bridge-prod-deliver"].configuration["Environment"]["Variables"]
    variables["QA_RECEIPTS"] = "poll"
    del variables["QA_KEY"]
    _, found = findings()
    state, text = found["function deliver"]
    assert state == "warning"
    assert text.endswith(": QA_KEY")


@pytest.mark.parametrize("state", [("Failed", "Successful"), ("Active", "Failed")])
def test_a_function_that_cannot_run_is_an_error(
    functions: dict[str, Function], state: tuple[str, str]
) -> None:
    one = functions["qa-sms-bridge-prod-deliver"].configuration
    one["State"], one["LastUpdateStatus"] = state
    code, found = findings()
    assert found["function deliver"][0] == "error"
    assert code == 1


def test_a_function_whose_loops_lambda_stops_is_an_error(functions: dict[str, Function]) -> None:
    functions["qa-sms-bridge-prod-push"].recursive_loop = "Terminate"
    code, found = findings()
    state, text = found["recursive loops"]
    assert state == "error"
    assert "qa-sms-bridge-prod-push after about 16 rounds" in text
    assert code == 1


@pytest.mark.parametrize(
    ("subscriptions", "text"),
    [
        (
            [("operator@example.com", "PendingConfirmation")],
            "operator@example.com has not confirmed",
        ),
        ([], "nobody receives them: set AlarmEmail"),
    ],
)
def test_alarms_that_nobody_receives_are_a_warning(
    monkeypatch: pytest.MonkeyPatch, subscriptions: list[tuple[str, str]], text: str
) -> None:
    page = [{"Endpoint": endpoint, "SubscriptionArn": arn} for endpoint, arn in subscriptions]
    call: Any = BaseClient._make_api_call  # type: ignore[attr-defined]

    def answer(client: Any, operation: str, params: Any) -> Any:
        if operation == "ListSubscriptionsByTopic":
            return {"Subscriptions": page}
        return call(client, operation, params)

    monkeypatch.setattr(BaseClient, "_make_api_call", answer)
    state, found = findings()[1]["alarms' receivers"]
    assert state == "warning"
    assert text in found


def test_what_waits_in_the_table_is_counted() -> None:
    assert findings()[1]["waiting in the table"] == (
        "ok",
        "0 for quickaudience's breaker, 0 for tencent's breaker, 0 until a time",
    )
    waiting.put("tencent", "sends", {"one": "{}", "two": "{}"})
    waiting.put_until(10**10, "files", ["{}"])
    assert findings()[1]["waiting in the table"][1] == (
        "0 for quickaudience's breaker, 2 for tencent's breaker, 1 until a time"
    )


def test_an_api_that_does_not_answer_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> requests.Response:
        raise requests.ConnectionError("nobody there")

    monkeypatch.setattr(requests, "get", fail)
    code, found = findings()
    assert found["HTTP"][0] == "error"
    assert code == 1


def test_a_missing_secret_is_an_error_and_the_rest_is_checked() -> None:
    boto3.client("ssm").delete_parameter(Name="/qa-sms-bridge/prod/qa-key")
    code, found = findings()
    assert found["secrets"][0] == "error"
    assert "/qa-sms-bridge/prod/qa-key" in found["secrets"][1]
    assert found["table"][0] == "ok"
    assert code == 1


def test_a_table_without_its_protections_causes_a_warning() -> None:
    aws.dynamodb().update_table(TableName="qa-sms-bridge-prod", DeletionProtectionEnabled=False)
    _, found = findings()
    assert found["table's safety"] == ("warning", "off: deletion protection")


def test_a_stage_without_alarms_was_not_deployed_to_its_end() -> None:
    client = boto3.client("cloudwatch")
    names = [one["AlarmName"] for one in client.describe_alarms()["MetricAlarms"]]
    client.delete_alarms(AlarmNames=names)
    code, found = findings()
    assert found["alarms"] == ("error", "there are none: `make deploy` creates them")
    assert code == 1


def test_a_destroyed_stage_is_reported_in_words() -> None:
    assert ops("destroy", "--stage", "prod", "--yes").exit_code == 0
    code, found = findings()
    assert code == 1
    assert {check for check, (state, _) in found.items() if state == "error"} == {
        "queues",
        "alarms",
        "functions",
        "HTTP",
    }
    assert found["queues"][1] == (
        "none of the stage's queues exists: the stage is not deployed, or it was destroyed. "
        "`make deploy STAGE=prod` creates them"
    )
    assert found["functions"][1].startswith(
        f"none of the {len(app.event_sources) + 1} functions is deployed"
    )
