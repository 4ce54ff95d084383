"""The audit log of a deployed stage: changes of the deployment itself, with or without a table."""

import json
from typing import Any

import boto3
import pytest
from typer.testing import Result

from chalicelib import settings
from ops.rehearsal import run
from ops.rehearsal.step import Answer, Step
from tests.support.deployment.checkout import Checkout
from tests.support.deployment.commands import SECRETS, ops
from tests.support.deployment.fake_aws.account import Account


def entries() -> list[dict[str, Any]]:
    result = ops("audit", "list", "--stage", "prod", "--json")
    assert result.exit_code == 0, result.stderr
    found: list[dict[str, Any]] = json.loads(result.stdout)
    return found


def commands() -> list[tuple[str, str]]:
    return [(entry["command"], entry["result"]) for entry in entries()]


def set_secrets() -> None:
    for name, value in SECRETS.items():
        assert ops("secret", "set", name, "--stage", "prod", typed=value + "\n").exit_code == 0


def test_secrets_are_set_before_there_is_a_table(emulated: str) -> None:
    set_secrets()


def test_a_deployment_is_recorded_although_it_made_the_table(deployed: Result) -> None:
    [entry] = entries()
    assert (entry["command"], entry["result"]) == ("deploy", "done")
    assert entry["arguments"] == {"stage": "prod"}
    assert entry["who"].startswith("arn:aws:")
    assert entry["outcome"].startswith("https://")


def test_a_secret_is_recorded_without_its_value(deployed: Result) -> None:
    set_secrets()
    found = [entry for entry in entries() if entry["command"] == "secret set"]
    assert {entry["arguments"]["name"] for entry in found} == SECRETS.keys()
    assert {entry["result"] for entry in found} == {"done"}
    stored = json.dumps(
        boto3.client("dynamodb").scan(TableName=settings.load().table)["Items"], default=str
    )
    assert [value for value in SECRETS.values() if value in stored] == []


def test_pausing_and_resuming_are_recorded(deployed: Result, account: Account) -> None:
    ops("pause", "sends", "--stage", "prod")
    ops("resume", "sends", "--stage", "prod")
    assert set(commands()) == {("deploy", "done"), ("pause", "done"), ("resume", "done")}
    [paused] = [entry for entry in entries() if entry["command"] == "pause"]
    assert paused["arguments"] == {"queue": "sends"}
    assert paused["outcome"]["state"] == "paused"


def test_deleting_a_stage_is_recorded_in_the_table_that_stays(deployed: Result) -> None:
    assert ops("destroy", "--stage", "prod", "--yes").exit_code == 0
    assert ("destroy", "done") in commands()


def test_deleting_the_table_deletes_its_record(deployed: Result) -> None:
    result = ops("destroy", "--stage", "prod", "--with-table", "--yes")
    assert result.exit_code == 0, result.stderr


def test_a_rehearsal_is_recorded(
    deployed: Result, checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    step = Step("nothing", "what?", "nothing", "nothing", lambda _: Answer("done"))
    run.rehearse("prod", [step], lambda _: None)
    [entry] = [entry for entry in entries() if entry["command"] == "rehearse"]
    assert entry["arguments"] == {"stage": "prod", "steps": ["nothing"]}
    assert entry["outcome"] == {"nothing": "nothing is left"}
