"""`ops rehearse`: every step on an emulated AWS or the stand-in, what it reports, and that it removes what it made."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import boto3
import pytest
from typer.testing import Result

from chalicelib import aws
from ops import deploy, stages
from ops.cloud import identity, lambdas
from ops.errors import OperatorError
from ops.rehearsal import account as account_steps
from ops.rehearsal import chains, cold_starts, deployments, requests_as_given, run, trial
from ops.rehearsal.step import Answer, Context, Step
from tests.support.deployment.chalice_program import Chalice
from tests.support.deployment.checkout import Checkout
from tests.support.deployment.commands import ops
from tests.support.deployment.fake_aws.account import Account, Killed


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def context(emulated: str, checkout: Checkout, said: list[str]) -> Iterator[Context]:
    """A step's surroundings on ministack; afterwards nothing of the rehearsal is left."""
    stages.enter("prod")
    with ExitStack() as cleanup:
        yield Context("prod", checkout.config, identity.current(), cleanup, said.append)
    assert left() == []


def left() -> list[str]:
    """Return what the rehearsal has made and not removed."""
    found = [one["FunctionName"] for one in boto3.client("lambda").list_functions()["Functions"]]
    found += [one["RoleName"] for one in boto3.client("iam").list_roles()["Roles"]]
    found += boto3.client("sqs").list_queues().get("QueueUrls", [])
    found += [one["name"] for one in boto3.client("apigateway").get_rest_apis()["items"]]
    mappings = boto3.client("lambda").list_event_source_mappings()["EventSourceMappings"]
    found += [one["FunctionArn"] for one in mappings]
    return [one for one in found if "rehearsal" in one]


# --- the account ---


def test_the_quotas_are_read(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(account_steps, "_parameter_store", lambda: "false")
    answer = account_steps.quotas(context)
    assert "functions at once" in answer.text
    assert "requests a second" in answer.text
    assert "higher throughput: false" in answer.text


def test_a_failed_condition_shows_its_item(context: Context) -> None:
    name = stages.defaults("prod")["BRIDGE_TABLE"]
    schema = [
        {"AttributeName": "pk", "KeyType": "HASH"},
        {"AttributeName": "sk", "KeyType": "RANGE"},
    ]
    aws.dynamodb().create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "S"},
        ],
        KeySchema=schema,  # type: ignore[arg-type]
    )
    answer = account_steps.failed_condition(context)
    assert answer == Answer("Error.Code is ConditionalCheckFailed, Error.Item is there", True)
    context.cleanup.close()
    assert aws.dynamodb().scan(TableName=name)["Items"] == []


# --- chains ---


def test_a_loop_that_nobody_stops_is_reported(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ministack does not count chains that go through SQS."""
    monkeypatch.setattr(chains, "_MAX_ROUNDS", 3)
    assert chains.loop_limit(context) == Answer("not stopped within 3 rounds", False)


@pytest.mark.parametrize(
    ("number", "expected"), [(17, True), (18, True), (16, True), (12, False), (25, False)]
)
def test_a_loop_that_lambda_stops_is_reported_with_its_header(
    context: Context, monkeypatch: pytest.MonkeyPatch, number: int, *, expected: bool
) -> None:
    message = {
        "Body": json.dumps({"round": number}),
        "Attributes": {"AWSTraceHeader": "Root=1-2-3;Lineage=1:abc:16"},
    }
    for name in ("function", "feed"):
        monkeypatch.setattr(trial, name, lambda *_: None)
    monkeypatch.setattr(trial, "receive", lambda *_: message)
    answer = chains.loop_limit(context)
    assert answer.text == f"stopped after {number - 1} runs; header: Root=1-2-3;Lineage=1:abc:16"
    assert answer.as_expected is expected


def test_a_batch_of_two_chains_is_one_invocation(context: Context) -> None:
    answer = chains.mixed_batch(context)
    assert answer.text.startswith("one invocation, header: ")


@pytest.mark.parametrize("step", [chains.loop_limit, chains.mixed_batch])
def test_a_function_that_is_not_called_is_reported(
    context: Context, monkeypatch: pytest.MonkeyPatch, step: Any
) -> None:
    for name in ("function", "feed"):
        monkeypatch.setattr(trial, name, lambda *_: None)
    monkeypatch.setattr(chains, "_SECONDS", 0)
    assert step(context).as_expected is False


# --- requests ---


def test_what_is_sent_is_reported_as_the_function_gets_it(
    emulated: str, checkout: Checkout, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # A request without credentials reaches the APIs of ministack's own account only.
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "local")
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    stages.enter("prod")
    with ExitStack() as cleanup:
        context = Context("prod", checkout.config, identity.current(), cleanup, said.append)
        found = json.loads(requests_as_given.run(context).text)
    assert left() == []
    assert found.keys() == {"path parameter", "UTF-8 body", "GBK body", "gzip body"}
    assert found["UTF-8 body"] == "你好"
    assert "你好" in str(found["path parameter"]) or "%E4%BD%A0" in str(found["path parameter"])


# --- cold starts ---


def test_starts_are_measured_from_the_log(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    import base64

    log = base64.b64encode(
        b"REPORT RequestId: 1 Duration: 25.5 ms Billed Duration: 26 ms Init Duration: 612.3 ms"
    )
    variables = {
        "Environment": {"Variables": {"A": "1"}},
        "Runtime": "python3.13",
        "MemorySize": 1024,
    }
    changed: list[Any] = []

    class Client:
        def invoke(self, **_: Any) -> Any:
            return {"LogResult": log.decode()}

        def update_function_configuration(self, **given: Any) -> None:
            changed.append(given["Environment"]["Variables"])

    monkeypatch.setattr(lambdas, "settled", lambda _: variables)
    monkeypatch.setattr(lambdas, "set_variable", lambda *_: True)
    monkeypatch.setattr(lambdas, "client", Client)
    answer = cold_starts.run(context)
    assert answer == Answer(
        "python3.13, 1024 MB: INIT 612 ms, first request 26 ms (medians of 5)", True
    )
    context.cleanup.close()
    assert changed == [{"A": "1"}]


# --- deployments ---


@pytest.fixture
def staged(
    deployed: Result, account: Account, checkout: Checkout, said: list[str]
) -> Iterator[Context]:
    with ExitStack() as cleanup:
        yield Context("prod", checkout.config, identity.current(), cleanup, said.append)


def test_what_survives_a_second_chalice_is_read(staged: Context) -> None:
    assert deployments.settings_survive(staged) == Answer("all 8 survived", True)


def test_what_a_second_chalice_takes_away_is_named_and_set_again(
    staged: Context, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = deploy.run_chalice

    def run_chalice(*given: Any) -> None:
        before(*given)
        account.functions.functions["qa-sms-bridge-prod-push"].recursive_loop = "Terminate"

    monkeypatch.setattr(deploy, "run_chalice", run_chalice)
    assert deployments.settings_survive(staged) == Answer("lost: loops of push", False)
    staged.cleanup.close()
    push = account.functions.functions["qa-sms-bridge-prod-push"]
    assert push.recursive_loop == "Allow"
    assert push.configuration["Environment"]["Variables"]["BRIDGE_PARTIAL_BATCHES"] == "on"


def test_a_killed_deployment_is_finished(
    staged: Context, account: Account, chalice: Chalice, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = chalice._work

    def kill(stage: str, folder: Path) -> None:
        account.killed_at = len(account.calls) + 60, "after"
        with pytest.raises(Killed):
            work.run("deploy", stage, folder)
        account.killed_at = None

    monkeypatch.setattr(deployments, "_kill_chalice", kill)
    answer = deployments.interrupted(staged)
    assert answer.as_expected, answer
    assert "functions made: " in answer.text
    assert len(account.gateway.apis) == 1


# --- the command ---


def step(name: str, work: Any) -> Step:
    return Step(name, "Why?", "This", "nothing", work)


def test_a_step_that_fails_stops_no_other_and_what_is_left_is_named(
    emulated: str, checkout: Checkout, said: list[str]
) -> None:
    def fail(_: Context) -> Answer:
        raise OperatorError("AWS says no")

    def leave(context: Context) -> Answer:
        context.cleanup.callback(fail, context)
        return Answer("42")

    stages.enter("prod")
    results = run.rehearse("prod", [step("one", fail), step("two", leave)], said.append)
    text = run.report("prod", results)
    assert "- Answered: OperatorError: AWS says no" in text
    assert "**Not as expected**" in text
    assert "- Answered: 42" in text
    assert "**Not removed**: OperatorError: AWS says no" in text
    assert len([line for line in said if line.startswith("two")]) == 2


def test_the_report_is_written_and_the_exit_code_says_whether_it_is_good(
    deployed: Result, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "_FORBIDDEN", ())
    monkeypatch.setattr(run, "STEPS", (step("good", lambda _: Answer("yes", True)),))
    result = ops("rehearse", "--stage", "prod", "--yes", "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)[0]["asExpected"] is True
    assert "# Rehearsal of the stage prod" in Path("rehearsal.md").read_text()
    monkeypatch.setattr(run, "STEPS", (step("bad", lambda _: Answer("no", False)),))
    assert ops("rehearse", "--stage", "prod", "--yes", "--output", "bad.md").exit_code == 1
    assert "bad" in Path("bad.md").read_text()


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--stage", "prod"], "not prod"),
        (["--stage", "nope"], "no stage nope"),
        (["--stage", "test", "--only", "loops"], "no step loops: there are quotas"),
    ],
)
def test_what_may_do_harm_is_refused(
    emulated: str, checkout: Checkout, arguments: list[str], text: str
) -> None:
    checkout.configure("test", QA_PLATFORM_NAME="demo", TENCENT_SDK_APP_ID="1400000001")
    result = ops("rehearse", *arguments, "--yes")
    assert result.exit_code == 1
    assert text in result.stderr


def test_a_stage_with_messages_is_refused(
    deployed: Result, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "_FORBIDDEN", ())
    url = aws.sqs().get_queue_url(QueueName="qa-sms-bridge-prod-sends")["QueueUrl"]
    aws.sqs().send_message(QueueUrl=url, MessageBody="{}")
    result = ops("rehearse", "--stage", "prod", "--yes")
    assert result.exit_code == 1
    assert "sends: 1" in result.stderr


def test_every_step_states_what_it_expects_and_costs() -> None:
    assert len({one.name for one in run.STEPS}) == len(run.STEPS) == 8
    for one in run.STEPS:
        assert one.question.endswith("?")
        assert one.expectation
        assert one.cost
